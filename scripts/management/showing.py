"""``show``: one row with all that the API says about it."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent
from typing import Any

import click
from peewee import DoesNotExist
from pydantic import BaseModel

from core.errors import InputError
from scripts.terminal import wants_json

LONGEST_LINE = 100
"""Characters from which a value gets lines of its own."""


def show(kind: str, row_id: int, detail: Callable[[int], BaseModel]) -> None:
    """Print the row, as lines for a person or as JSON.

    Raises:
        InputError: there is no such row.
    """
    try:
        found = detail(row_id)
    except DoesNotExist:
        raise InputError(f"There is no {kind} {row_id}.") from None
    if wants_json():
        click.echo(found.model_dump_json(indent=2))
        return
    for name, value in found.model_dump(mode="json").items():
        _print(name.replace("_", " "), value)


def _print(name: str, value: Any, depth: str = "") -> None:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        for number, row in enumerate(value, 1):
            click.echo(f"{depth}{name} {number}:")
            for key, inner in row.items():
                _print(key.replace("_", " "), inner, f"{depth}  ")
        return
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    text = "" if value is None else str(value)
    if "\n" in text or len(text) > LONGEST_LINE:
        click.echo(f"{depth}{name}:\n{indent(text.strip(), depth + '  ')}")
    else:
        click.echo(f"{depth}{name}: {text}".rstrip())

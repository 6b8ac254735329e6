"""How commands show tables, and how they end: with a sentence for a person and an exit code."""

from __future__ import annotations

import json
import re
import sys

import click
from rich.console import Console
from rich.table import Table

from core.errors import StorymillError
from core.log import scrub

_PIPED_COLUMNS = 500
_NUMBERS = frozenset({"attempts", "id", "job", "parts", "row", "sessions", "words"})
"""Headings of columns whose cells are whole numbers, or empty."""
_CHOSEN = "storymill.json"


def _remember(context: click.Context, _option: click.Parameter, chosen: bool) -> None:
    context.meta[_CHOSEN] = chosen


AS_JSON = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    callback=_remember,
    help="Print JSON for programs instead of a table.",
)


def wants_json() -> bool:
    """Whether the running command was given ``--json``."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_CHOSEN))


def say(sentence: str) -> None:
    """Print a sentence beside a table; with ``--json`` it goes to standard error."""
    click.echo(sentence, err=wants_json())


def print_table(*tables: Table) -> None:
    """Print to the terminal's width. Piped, nothing is wrapped or cut: each row is one line.

    With ``--json`` the rows are a list of objects, whose keys are the headings in snake case; of
    several tables, an object with a list for each title.
    """
    if wants_json():
        lists = {_key(table.title or "rows"): _objects(table) for table in tables}
        shown = lists if len(tables) > 1 else next(iter(lists.values()))
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    for table in tables:
        _print(table)


def _print(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else _PIPED_COLUMNS).print(table)


def _objects(table: Table) -> list[dict[str, str | int | None]]:
    keys = [_key(column.header) for column in table.columns]
    cells = [list(column.cells) for column in table.columns]
    return [
        {key: _value(key, str(cell)) for key, cell in zip(keys, row, strict=True)}
        for row in zip(*cells, strict=True)
    ]


def _key(heading: object) -> str:
    return re.sub(r"\W+", "_", str(heading)).strip("_").lower()


def _value(key: str, cell: str) -> str | int | None:
    if key not in _NUMBERS:
        return cell
    return int(cell) if cell.isdecimal() else None


def run(command: click.Command, name: str) -> None:
    """Run ``command``; ``name`` is what a person types to start it.

    Exit code 2 if it can't be done, 130 if the person stopped it.
    """
    try:
        command(prog_name=name, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except StorymillError as error:
        click.echo(scrub(str(error)), err=True)
        sys.exit(2)

"""The configuration reference, written from the settings themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from core.settings import ROOT, Settings

HEAD = """# Configuration

Every setting is an environment variable. Any of them may also come from a file:
`NAME_FILE=/run/secrets/name`. A process with wrong settings lists every problem and does not
start; `scripts/manage check` only lists them.

If their addresses and keys are not set, `scripts/demo`, `scripts/manage` and `scripts/bench` start
the embedded PostgreSQL and Redis and create keys under `var/`. `scripts/manage configuration`
writes this page.

| variable | what it is | kind | default |
|---|---|---|---|
"""


def markdown() -> str:
    rows = [_row(name, field) for name, field in Settings.model_fields.items()]
    return HEAD + "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo) -> str:
    cells = (f"`{name.upper()}`", field.description, _kind(field.annotation), _default(field))
    return f"| {' | '.join(map(str, cells))} |"


def _kind(annotation: Any) -> str:
    is_optional = type(None) in get_args(annotation)
    kind = get_args(annotation)[0] if is_optional else annotation
    if get_origin(kind) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(kind))
    names = {
        SecretStr: "secret",
        str: "text",
        int: "number",
        float: "number",
        bool: "`true` or `false`",
    }
    return names.get(kind, "path")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.default
    if isinstance(value, SecretStr) or value in {None, ""}:
        return ""
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"

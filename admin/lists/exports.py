"""Exports as CSV: whole and streamed at any size, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from flask import Response

from core import db

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Prefixes that a spreadsheet runs as a formula (OWASP, "CSV Injection")."""
BATCH = 1000
"""Rows that are read, held and sent at a time."""


def csv_file(
    name: str, columns: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]]
) -> Response:
    """The rows as a download, sent while they are read.

    Args:
        name: the file's name.
        columns: its first line.
        batches: some rows at a time, read without the request, which has ended by then. Between
            two of them no query and no connection is open, so a slow reader holds nothing up.
    """
    return Response(
        _lines(columns, batches),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def cell(value: Any) -> Any:
    """The value in a form that a spreadsheet shows but never runs."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA):
        return f"'{value}"
    return value


def _lines(columns: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]]) -> Iterator[str]:
    yield "\ufeff" + _text([columns])  # byte order mark: tells spreadsheets it is UTF-8
    reader = iter(batches)
    while True:
        with db.session():
            rows = next(reader, None)
        if rows is None:
            return
        yield _text(rows)


def _text(rows: Iterable[Sequence[Any]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows([cell(value) for value in row] for row in rows)
    return written.getvalue()

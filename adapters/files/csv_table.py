"""Reads stories from a CSV table, as spreadsheets and archives save it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from adapters.files.cells import flag, number
from adapters.files.columns import NAMES, Columns
from adapters.files.plain_text import text_of, unusable
from adapters.files.text_folder import story, unreadable
from adapters.ports import NOTE, FetchedStory, StoryQuery, StorySource
from adapters.reddit.post import GONE, NAME_LENGTH
from core.files.intake_folder import IntakeFolder

LARGEST_FILE = 64 * 1024 * 1024
SEPARATORS = ",;\t|"
NEEDED = "a first row with the columns title and text (optional: url, author, place, score, nsfw)"
SHOWN = 40
"""Characters that are shown of a cell that can't be read."""

_SEP_LINE = re.compile(r'"?sep=(.)"?;*\n', re.IGNORECASE)
"""Optional first line in which Excel names the separator."""
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


class CsvSource(StorySource):
    """StorySource for a table; ``query.place`` is its place in the folder.

    Row order counts as best first. Columns may be separated by commas, semicolons, tabs or bars.
    ``query.memory[NOTE]`` names the columns that are not read.

    Args:
        folder: where tables are read from.
    """

    def __init__(self, folder: IntakeFolder) -> None:
        self._folder = folder

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Return at most ``query.limit`` stories, one per row.

        Rows that can't be read are returned as ``UnreadableRow``.

        Raises:
            Permanent: the file is missing, outside the folder, not text, or lacks the columns; the
                message says what to do.
        """
        name = f"“{query.place}”"
        text = text_of(name, self._folder.read(query.place, LARGEST_FILE))
        sep_line = _SEP_LINE.match(text)
        if sep_line:
            text = text[sep_line.end() :]
        separator = sep_line[1] if sep_line else _separator(text)
        rows = _rows(name, text, separator, 1 if sep_line else 0)
        _, head = next(rows, (0, []))
        columns = Columns.of(head)
        if columns.missing:
            raise _not_a_table(name, columns, head)
        query.memory.clear()
        if columns.note:
            query.memory[NOTE] = columns.note
        stories = (_story(number, row, columns, len(head)) for number, row in rows)
        return islice(stories, query.limit)


def _rows(name: str, text: str, separator: str, above: int) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the line on which it begins.

    A malformed row ends the table, because the start of the next row is unknown.
    """
    csv.field_size_limit(LARGEST_FILE)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    began = above + 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield began, row
            began = above + reader.line_num + 1
    except csv.Error:
        raise unusable(
            f'{name} is not valid CSV from line {began} on: put text that contains " in quotation '
            'marks, and double each one inside ("").'
        ) from None


def _separator(text: str) -> str:
    """The separator that splits the first row into a title and a text column."""
    head = next((line for line in text.split("\n") if line.strip()), "")

    def parts(separator: str) -> tuple[bool, int]:
        names = [name.strip(' "') for name in head.split(separator)]
        return not Columns.of(names).missing, len(names)

    return max(SEPARATORS, key=parts)


def _not_a_table(name: str, columns: Columns, head: list[str]) -> Exception:
    """Names the columns that are missing.

    The first row is shown only if it names some column: otherwise it is not a table's, and may be
    anything.
    """
    known = any(column in columns.at for column in NAMES)
    there = f" (it has {', '.join(filter(None, map(str.strip, head)))[:120]})" if known else ""
    missing = " and ".join(columns.missing)
    return unusable(f"{name} has no column {missing}{there}: it needs {NEEDED}.")


def _story(line: int, row: list[str], columns: Columns, width: int) -> FetchedStory:
    def cells(column: str) -> list[str]:
        return [row[at].strip() for at in columns.at.get(column, ()) if at < len(row)]

    def cell(column: str) -> str:
        return next(iter(cells(column)), "")

    title, body = cell("title"), cell("text")
    if any(extra.strip() for extra in row[width:]):
        why = (
            f"Line {line} has {len(row)} cells but the first row has {width}: put text that "
            "contains the separator in quotation marks."
        )
        return unreadable(title or f"Line {line}", why, " ".join(row))
    link = cell("url")
    return story(
        title,
        body,
        removed=GONE.fullmatch(body) is not None or GONE.fullmatch(title) is not None,
        url=link if _ADDRESS.fullmatch(link) else "",
        author=cell("author")[:NAME_LENGTH],
        place=cell("place").removeprefix("r/")[:NAME_LENGTH],
        **_nsfw(cells("nsfw")),
        **_score(cell("score")),
    )


def _nsfw(cells: list[str]) -> dict[str, Any]:
    flags = {cell: flag(cell) for cell in cells}
    unclear = [cell for cell, meant in flags.items() if meant is None]
    if any(flags.values()) or not unclear:
        return {"nsfw": any(flags.values())}
    shown = " ".join(unclear[0].split())[:SHOWN]
    return {"doubt": f"Its NSFW mark is “{shown}”, which is neither yes nor no."}


def _score(cell: str) -> dict[str, Any]:
    return {"score": number(cell), "score_as_written": " ".join(cell.split())[:SHOWN]}

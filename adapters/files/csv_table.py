"""Reads stories from a CSV table, as spreadsheets and archives save it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from adapters.files.plain_text import read, unusable
from adapters.files.text_folder import story, unreadable
from adapters.ports import FetchedStory, StoryQuery, StorySource
from adapters.reddit.post import GONE, NAME_LENGTH, score

LARGEST_FILE = 64 * 1024 * 1024
SEPARATORS = ",;\t|"

TITLES = ("title", "headline", "subject")
BODIES = ("text", "body", "story", "selftext", "content")
COLUMNS = {
    "url": ("url", "link"),
    "author": ("author",),
    "place": ("place", "subreddit"),
    "score": ("score", "ups", "upvotes"),
    "nsfw": ("nsfw", "over_18"),
}
NEEDED = "a first row with the columns title and text (optional: url, author, place, score, nsfw)"

_SEP_LINE = re.compile(r'"?sep=(.)"?;*\n', re.IGNORECASE)
"""Optional first line in which Excel names the separator."""
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)

Columns = dict[str, int]


class CsvSource(StorySource):
    """StorySource for a table; ``query.place`` is its path. Row order counts as best first.

    Columns may be separated by commas, semicolons, tabs or bars.
    """

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Return at most ``query.limit`` stories, one per row.

        Rows that can't be read are returned as ``UnreadableRow``.

        Raises:
            Permanent: the file is missing, not text, or lacks the columns; the message says what
                to do.
        """
        path = Path(query.place).expanduser()
        text = read(path, LARGEST_FILE)
        sep_line = _SEP_LINE.match(text)
        if sep_line:
            text = text[sep_line.end() :]
        separator = sep_line[1] if sep_line else _separator(text)
        rows = _rows(path, text, separator, 1 if sep_line else 0)
        names = [name.strip().lower() for name in next(rows, [])]
        columns = _columns(path, names)
        return islice((_story(row, columns, len(names)) for row in rows), query.limit)


def _rows(path: Path, text: str, separator: str, above: int) -> Iterator[list[str]]:
    """The rows that are not empty.

    A malformed row ends the table, because the start of the next row is unknown.
    """
    csv.field_size_limit(LARGEST_FILE)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    began = above + 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield row
            began = above + reader.line_num + 1
    except csv.Error:
        raise unusable(
            f'{path} is not valid CSV from line {began} on: put text that contains " in quotation '
            'marks, and double each one inside ("").'
        ) from None


def _separator(text: str) -> str:
    """The separator that splits the first row into a title and a text column."""
    head = next((line for line in text.split("\n") if line.strip()), "")

    def parts(separator: str) -> tuple[bool, int]:
        names = [name.strip(' "').lower() for name in head.split(separator)]
        known = any(name in TITLES for name in names) and any(name in BODIES for name in names)
        return known, len(names)

    return max(SEPARATORS, key=parts)


def _columns(path: Path, names: list[str]) -> Columns:
    wanted = {"title": TITLES, "text": BODIES} | COLUMNS
    found = {
        field: names.index(name)
        for field, known in wanted.items()
        if (name := next((name for name in known if name in names), None))
    }
    missing = [field for field in ("title", "text") if field not in found]
    if missing:
        there = f" (it has {', '.join(filter(None, names))[:120]})" if any(names) else ""
        raise unusable(f"{path} has no column {' and '.join(missing)}{there}: it needs {NEEDED}.")
    return found


def _story(row: list[str], columns: Columns, width: int) -> FetchedStory:
    cells = {field: row[at].strip() for field, at in columns.items() if at < len(row)}
    title, body = cells.pop("title", ""), cells.pop("text", "")
    if any(cell.strip() for cell in row[width:]):
        why = (
            f"The row has {len(row)} cells but the first row has {width}: put text that contains "
            "the separator in quotation marks."
        )
        return unreadable(title, why, " ".join(row))
    gone = GONE.fullmatch(body) is not None or GONE.fullmatch(title) is not None
    return story(title, body, removed=gone, **_facts(cells))


def _facts(cells: dict[str, str]) -> dict[str, Any]:
    link = cells.get("url", "")
    return {
        "url": link if _ADDRESS.fullmatch(link) else "",
        "author": cells.get("author", "")[:NAME_LENGTH],
        "place": cells.get("place", "").removeprefix("r/")[:NAME_LENGTH],
        "score": score(cells.get("score")),
        "nsfw": cells.get("nsfw", "").lower() in {"1", "true", "yes", "wahr", "vrai"},
    }

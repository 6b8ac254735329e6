"""Stories from files of one's own: a CSV table, or a folder of texts."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from adapters.ports import FetchedStory, StoryQuery, StorySource
from core.errors import Permanent

LARGEST_FILE = 64 * 1024 * 1024
LARGEST_TEXT = 1024 * 1024
LONGEST_TITLE = 300
TEXTS = frozenset({".txt", ".md"})

TITLES = ("title", "headline", "subject")
BODIES = ("text", "body", "story", "selftext", "content")
COLUMNS = {
    "url": ("url", "link"),
    "author": ("author",),
    "place": ("place", "subreddit"),
}
NEEDED = "a first row with the columns title and text (url, author and place if you like)"


class CsvSource(StorySource):
    """StorySource over a table; ``query.place`` is its path, its order counts as best first.

    Commas, semicolons and tabs are all taken between columns.
    """

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Give at most ``query.limit`` stories, one a row.

        Raises:
            Permanent: the file is missing, no text or no such table; the sentence says what to do.
        """
        path = Path(query.place).expanduser()
        text = _read(path, LARGEST_FILE)
        try:
            rows = list(csv.reader(io.StringIO(text), _dialect(text), strict=True))
        except csv.Error as error:
            raise _unusable(f"{path} is no CSV table ({error}): it needs {NEEDED}.") from None
        names = [name.strip().lower() for name in rows[0]] if rows else []
        title, body = _column(names, TITLES), _column(names, BODIES)
        if title is None or body is None:
            raise _unusable(f"{path} lacks a column: it needs {NEEDED}.")
        others = {field: _column(names, known) for field, known in COLUMNS.items()}
        filled = (row for row in rows[1:] if any(cell.strip() for cell in row))
        return islice(
            (
                _story(
                    _cell(row, title),
                    _cell(row, body),
                    **{field: _cell(row, at) for field, at in others.items()},
                )
                for row in filled
            ),
            query.limit,
        )


class FolderSource(StorySource):
    """StorySource over a folder of .txt and .md files, by name; ``query.place`` is its path.

    A file's first line is the title; where it holds a single paragraph, its name is.
    """

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Give at most ``query.limit`` stories, one a file.

        Raises:
            Permanent: the folder is missing or holds no text, or a text can't be read.
        """
        folder = Path(query.place).expanduser()
        if not folder.is_dir():
            raise _unusable(f"There is no folder {folder}: correct the source's place.")
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in TEXTS)
        if not files:
            raise _unusable(f"The folder {folder} holds no .txt or .md file: put one in.")
        return islice((_of_file(path) for path in files), query.limit)


def _of_file(path: Path) -> FetchedStory:
    text = _read(path, LARGEST_TEXT).strip()
    first, _, rest = text.partition("\n")
    title = first.strip().lstrip("#").strip()
    if not rest.strip() or len(title) > LONGEST_TITLE:
        title, rest = path.stem.replace("_", " ").replace("-", " "), text
    return _story(title, rest.strip())


def _story(title: str, body: str, **fields: str) -> FetchedStory:
    told = " ".join(f"{title} {body}".split())
    digest = hashlib.sha256(told.encode()).hexdigest()[:32]
    fields = {name: value[:500] for name, value in fields.items()}
    return FetchedStory(external_id=f"text:{digest}", title=title, body=body, **fields)  # type: ignore[arg-type]


def _read(path: Path, largest: int) -> str:
    try:
        if path.stat().st_size > largest:
            raise _unusable(f"{path} is larger than {largest // 1024**2} MB: split it.")
        return path.read_bytes().decode("utf-8-sig").replace("\x00", "")
    except FileNotFoundError:
        raise _unusable(f"There is no file {path}: correct the source's place.") from None
    except UnicodeDecodeError as error:
        raise _unusable(
            f"{path} is no UTF-8 text at byte {error.start}: save it as UTF-8."
        ) from None
    except OSError as error:
        raise _unusable(f"{path} can't be read ({error.strerror}): correct it.") from None


def _dialect(text: str) -> type[csv.Dialect]:
    head = text.partition("\n")[0]

    class Table(csv.excel):
        delimiter = max(",;\t", key=head.count)

    return Table


def _column(names: list[str], known: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _cell(row: list[str], at: int | None) -> str:
    return row[at].strip() if at is not None and at < len(row) else ""


def _unusable(sentence: str) -> Permanent:
    return Permanent(sentence, code="text_file")

"""Reads stories from a folder of text files."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from adapters.files.plain_text import read, unusable
from adapters.ports import FetchedStory, StoryQuery, StorySource, UnreadableRow
from core.errors import Permanent

LARGEST_TEXT = 1024 * 1024
LONGEST_TITLE = 300
TEXTS = frozenset({".txt", ".md"})

_FRONT = re.compile(r"---\n(?P<fields>.*?)\n(?:---|\.\.\.)\n", re.DOTALL)
"""Front matter, as Obsidian, Jekyll and Hugo write it above a text."""
_FRONT_TITLE = re.compile(
    r"^title:[ \t]*(?P<quote>[\"']?)(?P<title>.+?)(?P=quote)[ \t]*$", re.MULTILINE
)
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*(?:\n|$)")
"""A Markdown underline below a title."""


class FolderSource(StorySource):
    """StorySource for a folder's .txt and .md files, by name; ``query.place`` is its path.

    Subfolders are included, except hidden ones and links. A story's title is the file's heading
    or first line; if the first sentence continues on the next line, it is the file name.
    """

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Return at most ``query.limit`` stories, one per file.

        Files that can't be read are returned as ``UnreadableRow``.

        Raises:
            Permanent: the folder is missing, can't be read, or has no text files.
        """
        folder = Path(query.place).expanduser()
        if not folder.is_dir():
            raise unusable(f"There is no folder {folder}: correct the source's place.")
        closed: list[OSError] = []
        files = sorted(_files(folder, closed))
        if not files and not closed:
            raise unusable(f"The folder {folder} has no .txt or .md file: add one.")
        return islice(_stories(folder, files, closed), query.limit)


def _files(folder: Path, closed: list[OSError]) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(place, name) for name in names if not name.startswith("."))
        yield from (path for path in paths if path.suffix.lower() in TEXTS)


def _stories(folder: Path, files: list[Path], closed: list[OSError]) -> Iterator[FetchedStory]:
    for error in closed:
        place = Path(error.filename)
        if place == folder:
            raise unusable(
                f"{folder} can't be read ({error.strerror}): check the path and its permissions."
            )
        yield unreadable(_shown(place.name), f"Its folder can't be read ({error.strerror}).")
    for path in files:
        try:
            text = read(path, LARGEST_TEXT)
        except Permanent as error:
            yield unreadable(_shown(path.relative_to(folder)), str(error), _version(path))
        else:
            yield _story_of(path, text.strip())


def _story_of(path: Path, text: str) -> FetchedStory:
    front = _FRONT.match(text)
    titled = _FRONT_TITLE.search(front["fields"]) if front else None
    if front:
        text = text[front.end() :].strip()
    first, _, rest = text.partition("\n")
    title = first.strip().strip("#").strip()
    underline = _UNDERLINE.match(rest)
    if titled:
        again = title == titled["title"]
        return story(titled["title"], rest.strip() if again else text)
    if underline:
        return story(title, rest[underline.end() :].strip())
    if not rest.strip() or len(title) > LONGEST_TITLE or _runs_on(first, rest):
        return story(_shown(path.stem).replace("_", " ").replace("-", " ").strip(), text)
    return story(title, rest.strip())


def _runs_on(first: str, rest: str) -> bool:
    """Whether the first sentence continues on the second line."""
    return not first.startswith("#") and rest[:1].islower()


def story(title: str, body: str, **fields: Any) -> FetchedStory:
    """A story whose id is a hash of its words."""
    return FetchedStory(external_id=_id(f"{title} {body}"), title=title, body=body, **fields)


def unreadable(title: str, why: str, version: str = "") -> UnreadableRow:
    return UnreadableRow(external_id=_id(f"{title} {why} {version}"), title=title, body="", why=why)


def _id(text: str) -> str:
    words = " ".join(text.split())
    return f"text:{hashlib.sha256(words.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _shown(name: Path | str) -> str:
    """A file name as text, whatever bytes it has."""
    return os.fsencode(name).decode("utf-8", "replace")


def _version(path: Path) -> str:
    """A version mark that changes with the file, so a changed file is read again."""
    try:
        about = path.lstat()
    except OSError:
        return ""
    return f"{about.st_size} {about.st_mtime_ns}"

"""Reads stories from a folder of text files."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from adapters.files.plain_text import text_of, unusable
from adapters.ports import FetchedStory, StoryQuery, StorySource, UnreadableRow
from core.errors import Permanent
from core.files.intake_folder import Found, IntakeFolder

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
    """StorySource for a folder's .txt and .md files, by name; ``query.place`` is its place.

    Subfolders are included, except hidden ones and links. A story's title is the file's heading
    or first line; if the first sentence continues on the next line, it is the file name.

    Args:
        folder: the intake folder, which the folder of texts is in.
    """

    def __init__(self, folder: IntakeFolder) -> None:
        self._folder = folder

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Return at most ``query.limit`` stories, one per file.

        Files that can't be read are returned as ``UnreadableRow``.

        Raises:
            Permanent: the folder is missing, outside the intake folder, can't be read, or has no
                text files.
        """
        closed: dict[str, OSError] = {}
        found = self._folder.walk(query.place, closed)
        files = sorted(
            (file for file in found if Path(file.place).suffix.lower() in TEXTS),
            key=lambda file: Path(file.place),
        )
        if not files and not closed:
            raise unusable(f"The folder “{query.place}” has no .txt or .md file: add one.")
        return islice(self._stories(query.place, files, closed), query.limit)

    def _stories(
        self, top: str, files: list[Found], closed: dict[str, OSError]
    ) -> Iterator[FetchedStory]:
        for name, error in closed.items():
            yield unreadable(_shown(name), f"Its folder can't be read ({error.strerror}).")
        for file in files:
            name = _shown(os.path.relpath(file.place, top))
            try:
                text = text_of(f"“{name}”", self._folder.read(file.place, LARGEST_TEXT))
            except Permanent as error:
                yield unreadable(name, str(error), file.version)
            else:
                yield _story_of(Path(file.place), text.strip())


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


def _shown(name: str) -> str:
    """A file name as text on one line, whatever bytes it has."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)

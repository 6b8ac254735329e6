"""Turns Reddit's Markdown into paragraphs of plain text, using markdown-it (CommonMark)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipelines.stories.text.rules.rule import words
from pipelines.stories.text.rules.sentences import closed

_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])

_ADDRESS = re.compile(r"\s*(?:https?://|www\.)\S+\s*$|\s*$", re.IGNORECASE)
_TAG = re.compile(r"<!--.*?-->|</?([A-Za-z][A-Za-z0-9]*)\b[^<>]*>", re.DOTALL)
_HTML_TAGS = words(
    "a abbr b blockquote br center code del details div em font h1 h2 h3 h4 h5 h6 hr i iframe img "
    "ins kbd li mark ol p pre q s script small span strike strong style sub summary sup table "
    "tbody td th thead tr tt u ul video"
)
_MOST_ROWS = 6
"""Longer tables are mentioned, not read out: listeners can't follow more."""
_PROSE_WORDS = 5
_PROSE_SHARE = 0.97


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases for content that can't be read out; empty means it is dropped."""

    link: str = ""
    table: str = ""
    """A sentence with the placeholder ``{rows}``."""


@dataclass(slots=True)
class _Reader:
    phrases: Phrases
    blocks: list[str] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)
    """For each open list item, the number spoken before its text, or nothing."""
    lists: list[int] = field(default_factory=list)
    """For each open list, the index of its first block."""
    rows: list[list[str]] = field(default_factory=list)

    def read(self, tokens: Sequence[Token]) -> list[str]:  # noqa: C901  (one case per token)
        in_table = False
        for token in tokens:
            match token.type:
                case "inline" if in_table:
                    self.rows[-1].append(self._inline(token.children or []))
                case "inline":
                    self._say(self._inline(token.children or []))
                case "html_block":
                    self._say(_without_tags(token.content))
                case "fence" | "code_block" if _is_prose(token.content):
                    self._say(token.content)
                case "list_item_open":
                    self.markers.append(f"{token.info}. " if token.info else "")
                case "list_item_close":
                    self.markers.pop()
                case "bullet_list_open" | "ordered_list_open":
                    self.lists.append(len(self.blocks))
                case "bullet_list_close" | "ordered_list_close":
                    self._join_list(self.lists.pop())
                case "table_open" | "table_close":
                    in_table = token.type == "table_open"
                    self._read_out_table()
                case "tr_open":
                    self.rows.append([])
        return self.blocks

    def _say(self, text: str) -> None:
        text = text.strip()
        if text and self.markers:
            text = self.markers[-1] + closed(text)
            self.markers[-1] = ""
        if text:
            self.blocks.append(text)

    def _join_list(self, first: int) -> None:
        """Join a list into one paragraph; a nested list belongs to its outer list."""
        if not self.lists and self.blocks[first:]:
            self.blocks[first:] = ["\n".join(self.blocks[first:])]

    def _read_out_table(self) -> None:
        header, *rows = self.rows or [[]]
        self.rows = []
        if len(rows) > _MOST_ROWS:
            self._say(self.phrases.table.format(rows=len(rows)))
            return
        spoken = [_row(header, row) for row in rows]
        self._say("\n".join(closed(row) for row in spoken if row))

    def _inline(self, children: Sequence[Token]) -> str:  # noqa: C901  (one case per token)
        said: list[str] = []
        struck = 0
        link_starts: list[int] = []
        for token in children:
            match token.type:
                case "s_open":
                    struck += 1
                case "s_close":
                    struck -= 1
                case _ if struck:
                    pass
                case "text" | "code_inline":
                    said.append(token.content)
                case "softbreak" | "hardbreak":
                    said.append("\n")
                case "html_inline":
                    said.append(_without_tags(token.content))
                case "link_open":
                    link_starts.append(len(said))
                case "link_close" if link_starts:
                    start = link_starts.pop()
                    if _ADDRESS.match("".join(said[start:])):
                        said[start:] = [self.phrases.link]
        return "".join(said)


def paragraphs(text: str, phrases: Phrases) -> list[str]:
    """The paragraphs of ``text`` in order, as plain text.

    Links are replaced by their text; images and struck-out text are dropped. List items and table
    rows get a full stop, because they are spoken as sentences. Code is dropped unless it is prose:
    four leading spaces make a paragraph code on Reddit, often by accident. Line breaks inside a
    paragraph stay; whether they end a sentence is decided later.
    """
    return _Reader(phrases).read(_MARKDOWN.parse(_common_markdown(text)))


def _common_markdown(text: str) -> str:
    """Convert Reddit's own syntax, which CommonMark does not know or parses differently."""
    text = re.sub(r">!\s*(.+?)\s*!<", r"\1", text, flags=re.DOTALL)
    text = re.sub(r"^(#{2,6})(?=[^#\s])", r"\1 ", text, flags=re.MULTILINE)
    return re.sub(
        r"(?<![\w^])\^+\(([^()\n]+)\)|(?<!\^)\^+(?=[^\W\d]|[*(])|(?<![\w^])\^+(?=\d)", r"\1", text
    )


def _row(header: Sequence[str], row: Sequence[str]) -> str:
    names = [*header, *[""] * len(row)]
    pairs = zip(names, row, strict=False)
    return ", ".join(f"{name}: {cell}".strip(": ") for name, cell in pairs if cell.strip())


def _without_tags(markup: str) -> str:
    """Drop HTML tags; ``<some placeholder>`` keeps its words."""

    def words(match: re.Match[str]) -> str:
        name = (match[1] or "").lower()
        if name == "br":
            return "\n"
        return "" if not name or name in _HTML_TAGS else match[0].strip("</>")

    return _TAG.sub(words, markup)


def _is_prose(code: str) -> bool:
    plain = sum(char.isalpha() or char in " \n,.!?'\"-" for char in code)
    return len(code.split()) >= _PROSE_WORDS and plain >= _PROSE_SHARE * len(code)

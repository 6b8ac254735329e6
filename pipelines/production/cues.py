"""Cut spoken words into cues (what is on screen together) and lay a cue out in rows.

Words keep their order, and each is in exactly one cue.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Literal, TypeVar

from adapters.ports import WordTiming
from pipelines.production import fonts
from pipelines.production.safe_area import COLUMN, Box

T = TypeVar("T")

Style = Literal["karaoke", "pop", "block"]

AREA = Box(left=COLUMN.left, top=930, right=COLUMN.right, bottom=1370)
"""Captions are centred in here: just under the middle, and clear of the title card."""

FONT_SIZE = 84.0
OUTLINE = 8.0

_WORDS_AT_ONCE: dict[Style, int] = {"karaoke": 4, "pop": 1, "block": 3}
_PAUSE = 0.35  # seconds of silence that a reader takes for a break
_HOLD = 0.6  # seconds that a cue stays after its last word, unless the next one comes
_TWO_FRAMES = 2 / 30  # shorter than this, a cue would flash by unseen
_SENTENCE_END = re.compile(r"[.!?…。！？؟।]['\"”’»)\]]*$")  # noqa: RUF001 (they are meant)
_ROWS = 2


@dataclass(frozen=True, slots=True)
class Cue:
    """Words shown together, and from when to when; seconds."""

    words: tuple[WordTiming, ...]
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, or a part of a word too long for a row."""

    text: str
    word: int
    """Index of the word in its cue."""
    row: int


@dataclass(frozen=True, slots=True)
class Layout:
    pieces: tuple[Piece, ...]
    size: float
    """Pixels of an em."""


def sentences(words: Sequence[WordTiming]) -> Iterator[tuple[WordTiming, ...]]:
    """Group words up to each sentence end."""
    yield from _groups(words, pause=float("inf"))


def cut(words: Sequence[WordTiming], style: Style, seconds: float) -> list[Cue]:
    """Cut ``words`` into cues of up to four words (karaoke), one (pop) or three (block).

    No cue runs over a sentence end or a pause. ``seconds`` is the length of the video: no cue
    stays longer.
    """
    lines = [
        line
        for phrase in _groups(words, pause=_PAUSE)
        for line in evenly(phrase, _WORDS_AT_ONCE[style])
    ]
    lines = _join_flashes(lines)
    ends = [*(line[0].start for line in lines[1:]), seconds]
    return [
        Cue(line, line[0].start, min(next_start, line[-1].end + _HOLD))
        for line, next_start in zip(lines, ends, strict=False)
    ]


def evenly(items: Sequence[T], most: int) -> Iterator[tuple[T, ...]]:
    """Split into the fewest groups of at most ``most``, as equal as can be, larger ones first."""
    count = ceil(len(items) / most)
    first = 0
    for index in range(count):
        last = first + ceil((len(items) - first) / (count - index))
        yield tuple(items[first:last])
        first = last


def lay_out(words: Sequence[str], area: Box = AREA) -> Layout:
    """Find the largest size at which ``words`` fit into ``area``.

    Words stay whole in at most two rows down to 60 % of the full size; below that they are broken
    over rows, as scripts without spaces need it.
    """
    whole = [(word, index) for index, word in enumerate(words)]
    for share in (1.0, 0.9, 0.8, 0.7, 0.6):
        layout = _fit(whole, FONT_SIZE * share, area, rows=_ROWS)
        if layout:
            return layout
    broken = [(part, index) for index, word in enumerate(words) for part in _letters(word)]
    size = FONT_SIZE * 0.8
    while not (layout := _fit(broken, size, area, rows=None)):
        size *= 0.85
    return layout


def wrap(widths: Sequence[float], gaps: Sequence[float], limit: float) -> list[int]:
    """Give each item its row, filling rows from the first; an item over ``limit`` gets its own.

    ``gaps[i]`` is the space before item ``i`` when it does not begin a row.
    """
    rows: list[int] = []
    row, used = 0, 0.0
    for width, gap in zip(widths, gaps, strict=True):
        if rows and used + gap + width > limit:
            row, used = row + 1, width
        else:
            used += gap + width if rows else width
        rows.append(row)
    return rows


def wrap_evenly(widths: Sequence[float], gaps: Sequence[float], limit: float) -> list[int]:
    """As ``wrap``, with rows of about the same length."""
    best = wrap(widths, gaps, limit)
    for share in (0.9, 0.8, 0.7, 0.6, 0.5):
        if limit * share < max(widths):
            break
        narrower = wrap(widths, gaps, limit * share)
        if narrower[-1] > best[-1]:
            break
        best = narrower
    return best


def _groups(words: Sequence[WordTiming], *, pause: float) -> Iterator[tuple[WordTiming, ...]]:
    group: list[WordTiming] = []
    for word in words:
        if group and (_SENTENCE_END.search(group[-1].word) or word.start - group[-1].end >= pause):
            yield tuple(group)
            group = []
        group.append(word)
    if group:
        yield tuple(group)


def _join_flashes(lines: list[tuple[WordTiming, ...]]) -> list[tuple[WordTiming, ...]]:
    joined: list[tuple[WordTiming, ...]] = []
    for line in lines:
        if joined and line[0].start - joined[-1][0].start < _TWO_FRAMES:
            joined[-1] += line
        else:
            joined.append(line)
    return joined


def _fit(parts: list[tuple[str, int]], size: float, area: Box, rows: int | None) -> Layout | None:
    widths = [fonts.width(text, size) for text, _ in parts]
    limit = area.width - 2 * OUTLINE
    if max(widths) > limit:
        return None
    space = fonts.MAIN.width(" ", size)
    gaps = [0.0] + [space if a != b else 0.0 for (_, a), (_, b) in pairwise(parts)]
    placed = wrap_evenly(widths, gaps, limit)
    line_height = max(fonts.row_height(text, size) for text, _ in parts)
    count = placed[-1] + 1
    if (rows and count > rows) or count * line_height > area.height:
        return None
    pieces = tuple(Piece(text, word, row) for (text, word), row in zip(parts, placed, strict=True))
    return Layout(pieces, size)


def _letters(word: str) -> Iterator[str]:
    """Split a word where it may be broken: before each letter that is not a combining mark."""
    letter = ""
    for character in word:
        if letter and not unicodedata.category(character).startswith("M"):
            yield letter
            letter = ""
        letter += character
    if letter:
        yield letter

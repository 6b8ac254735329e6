"""Cut spoken words into cues (what is on screen together) and lay a cue out in rows.

Words keep their order, and each is in exactly one cue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import TypeVar

from adapters.ports import WordTiming
from pipelines.production import fonts, letters
from pipelines.production.look import Look

T = TypeVar("T")

LEAST_SIZE = 40.0
"""A word that fits a row at this size (pixels of an em) is shown smaller rather than broken."""

_PAUSE = 0.35  # seconds of silence that a reader takes for a break
_HOLD = 0.6  # seconds that a cue stays after its last word, unless the next one comes
_TWO_FRAMES = 2 / 30  # shorter than this, a cue would flash by unseen
_SENTENCE_END = re.compile(r"[.!?…。！？؟।]['\"”’»)\]]*$")  # noqa: RUF001 (they are meant)
_ROWS = 2
_WORDS_A_ROW = 2  # more words may take a third row
_OVERHANG = 0.05  # of the size: as far as a letter may reach beyond its own width
_SHRUNK = 0.6  # of the full size: below it, more rows are better than still smaller letters


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


def cut(words: Sequence[WordTiming], look: Look, seconds: float) -> list[Cue]:
    """Cut ``words`` into cues of as many words as ``look`` shows at once, or fewer.

    No cue runs over a sentence end or a pause. ``seconds`` is the length of the video: no cue
    stays longer.
    """
    lines = [
        line for phrase in _groups(words, pause=_PAUSE) for line in evenly(phrase, look.most_words)
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


def lay_out(words: Sequence[str], look: Look) -> Layout:
    """Find the largest size at which ``words`` fit into the look's area.

    Words stay whole down to 60 % of the full size in scripts without spaces, else down to
    ``LEAST_SIZE``; below that they are broken over rows.
    """
    whole = [(word, index) for index, word in enumerate(words)]
    least = LEAST_SIZE
    if any(map(letters.has_no_spaces, words)):
        least = look.size * _SHRUNK
    size = float(look.size)
    while size >= least:
        rows = _ROWS if size >= look.size * _SHRUNK else len(words)
        if layout := _fit(whole, size, look, max(rows, -(-len(words) // _WORDS_A_ROW))):
            return layout
        size -= look.size * 0.1
    broken = [(part, index) for index, word in enumerate(words) for part in letters.breakable(word)]
    size = look.size * 0.8
    while not (layout := _fit(broken, size, look, rows=None)):
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


def _fit(parts: list[tuple[str, int]], size: float, look: Look, rows: int | None) -> Layout | None:
    widths = [fonts.width(text, size, look.face) for text, _ in parts]
    limit = look.area.width - 2 * (look.outline + size * _OVERHANG)
    if max(widths) > limit:
        return None
    space = look.face.width(" ", size)
    gaps = [0.0] + [space if a != b else 0.0 for (_, a), (_, b) in pairwise(parts)]
    placed = wrap_evenly(widths, gaps, limit)
    line_height = max(fonts.row_height(text, size, look.face) for text, _ in parts)
    count = placed[-1] + 1
    if (rows and count > rows) or count * line_height + 2 * look.outline > look.area.height:
        return None
    pieces = tuple(Piece(text, word, row) for (text, word), row in zip(parts, placed, strict=True))
    return Layout(pieces, size)

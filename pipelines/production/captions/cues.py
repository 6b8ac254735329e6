"""Splits spoken words into cues (words on screen together) and lays out a cue in rows.

In a script without spaces, a whole sentence is one "word"; it is shown phrase by phrase. Phrases
keep their order, and each is in exactly one cue.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise, takewhile
from math import ceil
from operator import itemgetter
from typing import TypeVar

from adapters.ports import WordTiming
from pipelines.production.captions import fonts
from pipelines.production.captions.caption_style import CaptionStyle
from pipelines.stories.text import letters
from pipelines.stories.text.rules.sentences import NEVER_LAST

T = TypeVar("T")

LEAST_SIZE = 40.0
"""A word that fits a row at this size (pixels per em) is made smaller, not broken."""

_PAUSE = 0.35  # seconds of silence that a reader notices as a break
_HOLD = 0.6  # seconds that a cue stays after its last word before a long pause
_BLINK = 0.5  # a shorter gap without captions would flicker: the cue stays instead
_TWO_FRAMES = 2 / 30  # a shorter cue would not be seen
_CLAUSE_END = re.compile(r"[,;:—–،؛、，；：]['\"”’»)\]」』）]*$")  # noqa: RUF001 (they are meant)
_SENTENCE_END = re.compile(r"[.!?…。！？؟।۔။។]['\"”’»)\]」』）]*$")  # noqa: RUF001 (they are meant)
_ROWS = 2
_WORDS_A_ROW = 2  # more words may take a third row
_OVERHANG = 0.05  # of the size: how far a letter may reach beyond its width
_QUOTES = '"“„«「『'  # before a word, they open a quotation
_LITTLE_WORD = re.compile(r"\W*[^\W\d]{1,3}")
_HASTY = 0.5  # seconds; too short to read a cue comfortably
_SHRUNK = 0.6  # of the full size: below it, add rows instead of shrinking further


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a viewer reads at a time: a word, or a piece of a text without spaces; seconds."""

    text: str
    start: float
    end: float
    opens: bool = True
    """Whether it starts a word; if not, there is no space before it."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Phrases shown together, and their start and end; seconds."""

    phrases: tuple[Phrase, ...]
    start: float
    end: float
    ends_word: bool = True
    """False if its last word continues in the next cue."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A phrase, or a piece of a phrase too long for a row."""

    text: str
    phrase: int
    """Index of the phrase in its cue."""
    opens: bool
    """Whether it starts a word."""
    row: int


@dataclass(frozen=True, slots=True)
class Layout:
    pieces: tuple[Piece, ...]
    size: float
    """Pixels per em."""


def phrased(words: Iterable[WordTiming]) -> list[Phrase]:
    """Split words of scripts without spaces into phrases.

    A phrase begins at the time the voice reports for it. Between reported times, the phrases share
    the time by their lengths.
    """
    return [phrase for word in words for phrase in _phrased(word)]


def sentences(phrases: Sequence[Phrase]) -> Iterator[tuple[Phrase, ...]]:
    """Group phrases into sentences."""
    yield from _groups(phrases, pause=float("inf"))


def cut(phrases: Sequence[Phrase], caption_style: CaptionStyle, seconds: float) -> list[Cue]:
    """Split ``phrases`` into cues of at most ``caption_style.most_words``.

    No cue crosses a sentence end or a pause. ``seconds`` is the length of the video: no cue stays
    longer.
    """
    lines = [
        line
        for breath in _groups(phrases, pause=_PAUSE)
        for line in _read_together(breath, caption_style.most_words)
    ]
    lines = _join_flashes(lines)
    begun = [*(line[0] for line in lines), Phrase("", seconds, seconds)]
    return [
        Cue(line, line[0].start, _shown_until(line[-1], after), after.opens)
        for line, after in zip(lines, begun[1:], strict=True)
    ]


def ends_sentence(word: str) -> bool:
    """Whether ``word`` ends a sentence; "Mr." does not."""
    bare = word.lstrip("\"'“‘([").removesuffix(".").lower()  # noqa: RUF001 (they are meant)
    return bool(_SENTENCE_END.search(word)) and bare not in NEVER_LAST


def evenly(items: Sequence[T], most: int) -> Iterator[tuple[T, ...]]:
    """Split into the fewest groups of at most ``most``, as equal as possible, larger ones first."""
    count = ceil(len(items) / most)
    first = 0
    for index in range(count):
        last = first + ceil((len(items) - first) / (count - index))
        yield tuple(items[first:last])
        first = last


def lay_out(phrases: Sequence[Phrase], caption_style: CaptionStyle) -> Layout:
    """Find the largest size at which ``phrases`` fit into the style's area.

    Phrases stay whole down to ``LEAST_SIZE``. If they still don't fit, they are broken over rows
    where their script allows it, or else between any two letters.
    """
    whole = _parts(phrases, lambda text: [text])
    size = float(caption_style.size)
    while size >= LEAST_SIZE:
        rows = _ROWS if size >= caption_style.size * _SHRUNK else len(phrases)
        if layout := _fit(whole, size, caption_style, max(rows, -(-len(phrases) // _WORDS_A_ROW))):
            return layout
        size -= caption_style.size * 0.1
    for split in (letters.breakable, letters.clusters):
        broken = _parts(phrases, split)
        size = caption_style.size * 0.8
        while size >= LEAST_SIZE or split is letters.clusters:
            if layout := _fit(broken, size, caption_style, rows=None):
                return layout
            size *= 0.85
    raise AssertionError("Single letters fit at some size.")


def wrap_evenly(widths: Sequence[float], gaps: Sequence[float], limit: float) -> list[int]:
    """Return each item's row: as few rows as possible, of about the same length.

    ``gaps[i]`` is the space before item ``i`` if it does not start a row. An item wider than
    ``limit`` gets its own row.
    """
    # For the items before each index: rows, sum of squared lengths, start of the last row.
    best: list[tuple[int, float, int]] = [(0, 0.0, 0)]
    for end in range(1, len(widths) + 1):
        length = 0.0
        options: list[tuple[int, float, int]] = []
        for start in range(end - 1, -1, -1):
            length += widths[start] + (gaps[start + 1] if options else 0.0)
            if length > limit and options:
                break
            rows, unevenness, _ = best[start]
            options.append((rows + 1, unevenness + length**2, start))
        best.append(min(options))
    placed, end = [0] * len(widths), len(widths)
    while end:
        rows, _, start = best[end]
        placed[start:end] = [rows - 1] * (end - start)
        end = start
    return placed


def _phrased(word: WordTiming) -> Iterator[Phrase]:
    texts = letters.phrases(word.word)
    offsets = accumulate(map(len, texts[:-1]))
    begun = [
        _moment(word, offset + _opening(text))
        for offset, text in zip(offsets, texts[1:], strict=True)
    ]
    for index, (text, (start, end)) in enumerate(
        zip(texts, pairwise([word.start, *begun, word.end]), strict=True)
    ):
        yield Phrase(text, start, end, opens=not index)


def _opening(text: str) -> int:
    """How many characters come before the first spoken one: a bracket, an emoji."""
    silent = takewhile(lambda cluster: not letters.is_text(cluster), letters.clusters(text))
    return sum(map(len, silent))


def _moment(word: WordTiming, at: int) -> float:
    """Return the second at which the letter at offset ``at`` is spoken."""
    known = [(0, word.start), *word.inside, (len(word.word), word.end)]
    behind = bisect_right(known, at, key=itemgetter(0))
    (first, start), (last, end) = known[behind - 1 : behind + 1]
    if first == at:
        return start
    unit = (end - start) / letters.spoken_length(word.word[first:last])
    return start + unit * letters.spoken_length(word.word[first:at])


def _groups(phrases: Sequence[Phrase], *, pause: float) -> Iterator[tuple[Phrase, ...]]:
    group: list[Phrase] = []
    for phrase in phrases:
        if group and (ends_sentence(group[-1].text) or phrase.start - group[-1].end >= pause):
            yield tuple(group)
            group = []
        group.append(phrase)
    if group:
        yield tuple(group)


def _shown_until(last: Phrase, after: Phrase) -> float:
    hold_end = last.end + _HOLD
    return after.start if after.start < hold_end + _BLINK else hold_end


def _read_together(phrases: Sequence[Phrase], most: int) -> Iterator[tuple[Phrase, ...]]:
    """Split into groups of at most ``most`` that end where a reader would pause, if possible."""
    # For the phrases before each index: cost of their best groups, start of the last group.
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(phrases) + 1):
        starts = range(max(0, end - most), end)
        best.append(
            min(
                (best[start][0] + _awkwardness(phrases[start:end], most, end < len(phrases)), start)
                for start in starts
            )
        )
    starts_back, end = [], len(phrases)
    while end:
        starts_back.append((best[end][1], end))
        end = best[end][1]
    for start, end in reversed(starts_back):
        yield tuple(phrases[start:end])


def _awkwardness(group: Sequence[Phrase], most: int, goes_on: bool) -> float:
    """The cost of showing ``group`` together: few words, a clause end inside, a bad end, haste."""
    *inner, last = (phrase.text for phrase in group)
    cost = 2.0 + (most - len(group)) ** 2 / 2
    cost += 3.0 * sum(bool(_CLAUSE_END.search(text)) for text in inner)
    cost += 3.0 * sum(phrase.text.startswith(tuple(_QUOTES)) for phrase in group[1:])
    if goes_on and not _CLAUSE_END.search(last):
        # "the", "of", "I" belong to the next word
        cost += 3.5 if _LITTLE_WORD.fullmatch(last) else 1.0
    return cost + 12.0 * max(0.0, _HASTY - (group[-1].end - group[0].start))


def _join_flashes(lines: list[tuple[Phrase, ...]]) -> list[tuple[Phrase, ...]]:
    joined: list[tuple[Phrase, ...]] = []
    for line in lines:
        if joined and line[0].start - joined[-1][0].start < _TWO_FRAMES:
            joined[-1] += line
        else:
            joined.append(line)
    return joined


def _parts(phrases: Sequence[Phrase], split: Callable[[str], list[str]]) -> list[Piece]:
    return [
        Piece(text, index, phrase.opens and not number, row=0)
        for index, phrase in enumerate(phrases)
        for number, text in enumerate(split(phrase.text))
    ]


def _fit(
    parts: Sequence[Piece], size: float, caption_style: CaptionStyle, rows: int | None
) -> Layout | None:
    widths = [fonts.width(part.text, size, caption_style.face) for part in parts]
    limit = caption_style.area.width - 2 * (caption_style.outline + size * _OVERHANG)
    if max(widths) > limit:
        return None
    space = caption_style.face.width(" ", size)
    placed = wrap_evenly(widths, [space * part.opens for part in parts], limit)
    line_height = max(fonts.row_height(part.text, size, caption_style.face) for part in parts)
    count = placed[-1] + 1
    if (
        rows and count > rows
    ) or count * line_height + 2 * caption_style.outline > caption_style.area.height:
        return None
    pieces = tuple(replace(part, row=row) for part, row in zip(parts, placed, strict=True))
    return Layout(pieces, size)

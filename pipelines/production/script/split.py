"""Splits a story into parts of about the same length, at sentence ends."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from models import SplitBy
from pipelines.stories.text.rules.sentences import break_long, spoken_length

SHORTEST_SECONDS = 20.0
"""No part is shorter, unless the whole story is."""
DEFAULT_OVERHEAD = 25
"""About how many words the hook, the part line and the call to action add to each part."""

_SECONDS = 60.0
_PARAGRAPH_END = 1.0
_SUGGESTED = 2.0
_TOLERANCE = 10.0
"""Seconds off the even length that count as much as a paragraph end."""
_SHORT_TOLERANCE = 5.0

_BY_PARAGRAPH = 9.0
"""Value of a paragraph end if stories are split by paragraph: equal to 30 s off."""

_TENSION = (
    (re.compile(r"\.\.\.[\"')]*$"), 1.2),
    (re.compile(r"\?[\"')]*$"), 1.0),
    (re.compile(r"![\"')]*$"), 0.5),
    (
        re.compile(
            r"\b(?:but then|and then|until|suddenly|that'?s when|that is when|what happened next"
            r"|little did|i was wrong|or so i thought|everything changed|i froze|went (?:cold|pale"
            r"|white|silent|quiet)|my heart|couldn'?t believe|had no idea)\b",
            re.IGNORECASE,
        ),
        0.9,
    ),
    (re.compile(r"[,;:][\"')]*$"), -3.0),
)
_TURN = re.compile(
    r"^[\"']?(?:but|then|suddenly|that'?s when|until|however|turns out|it turned out|the next"
    r"|a (?:few|couple)|(?:two|three|\d+) (?:days|weeks|months|years|hours) later|fast forward)\b",
    re.IGNORECASE,
)
_TURN_TENSION = 0.7


@dataclass(frozen=True, slots=True)
class PartText:
    """The story's own words in one part, without hook and call to action."""

    paragraphs: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    """For each of them, the index of its paragraph in the story."""
    seconds: float
    """Estimated length when spoken, overhead included."""

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(sentence for paragraph in self.paragraphs for sentence in paragraph)

    @property
    def text(self) -> str:
        return "\n\n".join(" ".join(paragraph) for paragraph in self.paragraphs)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or a piece of one that is longer than half a part."""

    text: str
    seconds: float
    paragraph: int
    worth: float
    """How good it is to end a part after it."""


Cost = tuple[int, int, int, float]
"""The cost of a split, compared in this order: parts that are too long, parts that are too short
(20 s), number of parts, and a soft cost. The soft cost adds for each part the squared distance
from the even length (in units of 10 s) and the squared shortfall from the target (in units of
5 s), minus the worth of its end."""
_NOTHING: Cost = (0, 0, 0, 0.0)


def tension(sentence: str, following: str = "") -> float:
    """How much a listener wants to hear more after ``sentence``.

    About 0 for a plain sentence; 1 or more for a question, an ellipsis or a twist; below 0 if a
    break would sound wrong.
    """
    score = sum(weight for pattern, weight in _TENSION if pattern.search(sentence))
    return score + (_TURN_TENSION if _TURN.match(following) else 0.0)


def split(
    paragraphs: Sequence[Sequence[str]],
    *,
    words_per_minute: float,
    target_seconds: tuple[float, float] = (60.0, 90.0),
    overhead_words: int = DEFAULT_OVERHEAD,
    split_after: Collection[int] = (),
    by: str = SplitBy.CLIFFHANGER,
) -> tuple[PartText, ...]:
    """Split a story into as few parts as possible, none longer than the target.

    Every sentence is in exactly one part, in order. If there are several parts, a sentence longer
    than half a part is first broken at its clauses. Parts have about the same length.

    Args:
        paragraphs: sentences by paragraph, as in ``Narratable.paragraphs``.
        words_per_minute: speed of the voice.
        target_seconds: shortest and longest length of a part.
        overhead_words: words spoken in each part besides the story's own.
        split_after: indexes of sentences, counted over the whole story, after which the writer
            suggests a new part.
        by: where parts preferably end (``SplitBy``): at the sentence that makes them most even;
            at a paragraph end; or where the listener wants to know more, the writer suggests it,
            or a paragraph ends.

    Returns:
        The parts; one if the story fits into one; none for a story without words, which the
        caller refuses.

    Raises:
        ValueError: the overhead leaves no room in a part.
    """
    least, most = target_seconds
    overhead = overhead_words / words_per_minute * _SECONDS
    if words_per_minute <= 0 or not 0 <= least <= most or most <= overhead:
        msg = (
            f"A part of {least:g} to {most:g} s is too short for the {overhead_words} words around "
            "the story."
        )
        raise ValueError(msg)
    longest = (most - overhead) * words_per_minute / _SECONDS
    worths = _worths(paragraphs, set(split_after), by)
    units = list(_units(paragraphs, worths, longest, words_per_minute))
    if not units:
        return ()
    ends = _cheapest_ends(units, least, most, overhead)
    return tuple(
        _part(units[start:end], overhead) for start, end in zip([0, *ends], ends, strict=False)
    )


def _worths(paragraphs: Sequence[Sequence[str]], suggested: set[int], by: str) -> list[float]:
    """How good it is to end a part after each sentence of the story."""
    flat = [(n, sentence) for n, sentences in enumerate(paragraphs) for sentence in sentences]
    worths = []
    for index, (paragraph, sentence) in enumerate(flat):
        following_paragraph, following = flat[index + 1] if index + 1 < len(flat) else (-1, "")
        ends = following_paragraph != paragraph
        match by:
            case SplitBy.SENTENCE:
                worth = 0.0
            case SplitBy.PARAGRAPH:
                worth = _BY_PARAGRAPH * ends
            case _:
                worth = tension(sentence, following) + _PARAGRAPH_END * ends
                worth += _SUGGESTED * (index in suggested)
        worths.append(worth)
    return worths


def _units(
    paragraphs: Sequence[Sequence[str]],
    worths: Sequence[float],
    longest: float,
    words_per_minute: float,
) -> Iterator[_Unit]:
    flat = [(n, sentence) for n, sentences in enumerate(paragraphs) for sentence in sentences]
    one_part = sum(spoken_length(sentence) for _, sentence in flat) <= longest
    limit = longest if one_part else longest / 2  # larger ones would leave no choice
    for (paragraph, sentence), worth in zip(flat, worths, strict=True):
        pieces = list(break_long(sentence, limit))
        for number, piece in enumerate(pieces, 1):
            seconds = spoken_length(piece) / words_per_minute * _SECONDS
            yield _Unit(piece, seconds, paragraph, worth if number == len(pieces) else -1.0)


def _cheapest_ends(units: Sequence[_Unit], least: float, most: float, overhead: float) -> list[int]:
    """The index after the last unit of each part, by dynamic programming over all ends.

    Time grows with the number of units times the units per part.
    """
    upto = [0.0, *accumulate(unit.seconds for unit in units)]
    even = upto[-1] / _fewest(units, most - overhead) + overhead
    best: list[Cost] = [_NOTHING] * (len(units) + 1)
    previous = [0] * (len(units) + 1)
    for end in range(1, len(units) + 1):
        worth = units[end - 1].worth if end < len(units) else 0.0
        options = []
        for start in range(end - 1, -1, -1):
            seconds = upto[end] - upto[start] + overhead
            soft = ((seconds - even) / _TOLERANCE) ** 2 - worth
            soft += (max(0.0, min(least, even) - seconds) / _SHORT_TOLERANCE) ** 2
            over, under = seconds > most, seconds < SHORTEST_SECONDS
            long, short, parts, before = best[start]
            options.append(((long + over, short + under, parts + 1, before + soft), start))
            if over:
                break  # a longer part is even worse
        best[end], previous[end] = min(options)
    ends = [len(units)]
    while previous[ends[0]]:
        ends.insert(0, previous[ends[0]])
    return ends


def _fewest(units: Sequence[_Unit], room: float) -> int:
    parts, filled = 1, 0.0
    for unit in units:
        if filled and filled + unit.seconds > room:
            parts, filled = parts + 1, 0.0
        filled += unit.seconds
    return parts


def _part(units: Sequence[_Unit], overhead: float) -> PartText:
    numbers = dict.fromkeys(unit.paragraph for unit in units)
    return PartText(
        paragraphs=tuple(
            tuple(unit.text for unit in units if unit.paragraph == number) for number in numbers
        ),
        numbers=tuple(numbers),
        seconds=round(sum(unit.seconds for unit in units) + overhead, 1),
    )

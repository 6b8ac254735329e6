"""Aligns a recogniser's words and times with the words of the script.

The words come from the script and the times from the recogniser. Words are paired by similarity,
in order (Needleman-Wunsch alignment). A misheard word takes the time of the word that was heard;
a word that was not heard is placed between its neighbours.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import JaroWinkler

from adapters.ports import WordTiming

_GAP = -0.45
"""Score of a word without a partner; a pair of dissimilar words scores -0.6."""
_DIFFERENT = -0.6
_SIMILAR = 0.75
"""Similarity from which two words count as the same word, heard imperfectly."""


@dataclass(frozen=True, slots=True)
class Fit:
    words: tuple[WordTiming, ...]
    """The script's words, each with a time; starts never decrease."""
    heard: float
    """Share of them that the recogniser heard, 0 to 1."""
    sure: Mapping[int, WordTiming]
    """What the recogniser heard, by the index of the script's word that it is surely."""


def fit(known: Sequence[str], heard: Sequence[WordTiming], seconds: float) -> Fit:
    """Assign a time to each of ``known``.

    Args:
        known: the words of the script, in order.
        heard: the recogniser's words, in order.
        seconds: length of the sound; no word is placed after its end.
    """
    pairs = _pairs([_plain(word) for word in known], [_plain(word.word) for word in heard])
    sure = {index: heard[other] for index, other, score in pairs if score >= _SIMILAR}
    anchors = [(index, heard[other]) for index, other, _ in pairs]
    share = len(sure) / len(known) if known else 0.0
    return Fit(_placed(known, anchors, seconds), share, sure)


def _pairs(known: list[str], heard: list[str]) -> list[tuple[int, int, float]]:
    """Indexes of paired words, with their similarity."""
    rows, columns = len(known) + 1, len(heard) + 1
    best = [[_GAP * (row + column) for column in range(columns)] for row in range(rows)]
    similarity = [[JaroWinkler.similarity(a, b) for b in heard] for a in known]
    for row in range(1, rows):
        for column in range(1, columns):
            best[row][column] = max(
                best[row - 1][column - 1] + _score(similarity[row - 1][column - 1]),
                best[row - 1][column] + _GAP,
                best[row][column - 1] + _GAP,
            )
    pairs = []
    row, column = rows - 1, columns - 1
    while row and column:
        score = similarity[row - 1][column - 1]
        if best[row][column] == best[row - 1][column - 1] + _score(score):
            row, column = row - 1, column - 1
            pairs.append((row, column, score))
        elif best[row][column] == best[row - 1][column] + _GAP:
            row -= 1
        else:
            column -= 1
    return pairs[::-1]


def _score(similarity: float) -> float:
    return similarity if similarity >= _SIMILAR else _DIFFERENT


def _placed(
    known: Sequence[str], anchors: list[tuple[int, WordTiming]], seconds: float
) -> tuple[WordTiming, ...]:
    placed: list[WordTiming] = []
    bounds = [(-1, 0.0, 0.0), *((i, w.start, w.end) for i, w in anchors)]
    bounds.append((len(known), seconds, seconds))
    for (before, _, begin), (after, end, last) in pairwise(bounds):
        placed += _spread(known[before + 1 : after], begin, max(begin, end))
        if after < len(known):
            placed.append(WordTiming(known[after], end, last))
    reached, ordered = 0.0, []
    for word in placed:
        start = min(max(word.start, reached), seconds)
        ordered.append(WordTiming(word.word, start, min(max(word.end, start), seconds)))
        reached = start
    return tuple(ordered)


def _spread(words: Sequence[str], begin: float, end: float) -> list[WordTiming]:
    """Place words that were not heard between two times, by their lengths."""
    letters = [len(word) + 1 for word in words]
    a_letter = (end - begin) / sum(letters) if words else 0.0
    placed, at = [], begin
    for word, length in zip(words, letters, strict=True):
        placed.append(WordTiming(word, at, at + length * a_letter))
        at += length * a_letter
    return placed


def _plain(word: str) -> str:
    """The word without case and punctuation, for comparison."""
    folded = unicodedata.normalize("NFKD", word).casefold()
    return "".join(character for character in folded if character.isalnum()) or folded

"""Lays two texts side by side, sentence by sentence, with the words that differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, zip_longest

from rapidfuzz import fuzz

ALIKE = 45.0
"""Likeness (0 to 100) from which two sentences are one that was changed."""
MOST_PAIRED = 60
"""Sentences in a changed passage that are paired by likeness; longer ones are paired in order."""
MOST_SENTENCES = 2_000
"""Of each text; the rest is left out."""

Piece = tuple[str, bool]
"""Some words, and whether the other text lacks them."""


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence of each text; empty where a text has none there."""

    one: tuple[Piece, ...]
    other: tuple[Piece, ...]

    @property
    def is_same(self) -> bool:
        return not any(differs for _, differs in (*self.one, *self.other))


def compare(one: Sequence[str], other: Sequence[str]) -> list[tuple[bool, list[Row]]]:
    """Passages of two texts, in order: each is the same in both, or differs.

    Args:
        one: the sentences of a text.
        other: those of the other.
    """
    rows = _rows(one[:MOST_SENTENCES], other[:MOST_SENTENCES])
    return [(same, list(run)) for same, run in groupby(rows, lambda row: row.is_same)]


def _rows(one: Sequence[str], other: Sequence[str]) -> Iterator[Row]:
    matcher = _matcher(one, other)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind == "equal":
            for left, right in zip(one[first:last], other[start:end], strict=True):
                yield Row(((left, False),), ((right, False),))
        else:
            for pair in _paired(one[first:last], other[start:end]):
                yield _row(*pair)


def _paired(one: Sequence[str], other: Sequence[str]) -> list[tuple[str, str]]:
    """Sentences that are alike together, in the order of both texts; the others alone."""
    if max(len(one), len(other)) > MOST_PAIRED:
        return list(zip_longest(one, other, fillvalue=""))
    # For the sentences before each pair of indexes: the likeness of the best pairing.
    best = [[0.0] * (len(other) + 1) for _ in range(len(one) + 1)]
    likeness = [[fuzz.ratio(_bare(left), _bare(right)) for right in other] for left in one]
    for i, row in enumerate(likeness, 1):
        for j, alike in enumerate(row, 1):
            together = best[i - 1][j - 1] + alike if alike >= ALIKE else 0.0
            best[i][j] = max(best[i - 1][j], best[i][j - 1], together)
    pairs, i, j = list[tuple[str, str]](), len(one), len(other)
    while i or j:
        if i and best[i][j] == best[i - 1][j]:
            i -= 1
            pairs.append((one[i], ""))
        elif j and best[i][j] == best[i][j - 1]:
            j -= 1
            pairs.append(("", other[j]))
        else:
            i, j = i - 1, j - 1
            pairs.append((one[i], other[j]))
    return pairs[::-1]


def _row(one: str, other: str) -> Row:
    left, right = one.split(), other.split()
    if not (left and right):
        return Row(_pieces(left, [True] * len(left)), _pieces(right, [True] * len(right)))
    differs = [[True] * len(left), [True] * len(right)]
    for first, start, size in _matcher(left, right).get_matching_blocks():
        for step in range(size):
            differs[0][first + step] = differs[1][start + step] = False
    return Row(_pieces(left, differs[0]), _pieces(right, differs[1]))


def _pieces(words: Sequence[str], differs: Sequence[bool]) -> tuple[Piece, ...]:
    runs = groupby(zip(words, differs, strict=True), lambda pair: pair[1])
    return tuple((" ".join(word for word, _ in run), differs) for differs, run in runs)


def _matcher(one: Sequence[str], other: Sequence[str]) -> SequenceMatcher[str]:
    return SequenceMatcher(a=[*map(_bare, one)], b=[*map(_bare, other)], autojunk=False)


def _bare(text: str) -> str:
    """Without case and marks, which don't count as differences."""
    return re.sub(r"[^\w\s]", "", text).casefold()

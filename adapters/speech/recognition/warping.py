"""Dynamic time warping: which moment of one sound is which moment of another.

Both sounds say the same, at different paces and in different voices (Sakoe and Chiba, 1978).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adapters.speech.recognition.sound_features import Features

Rows = NDArray[np.float64]

_BOTH, _OURS, _THEIRS = 0, 1, 2
"""Steps of the path: in both sounds, in ours alone, in theirs alone."""
_FAR = 1e9
_RIDGE = 10.0  # keeps the map between two voices tame when there are few rows to learn it from


def warped(ours: Features, theirs: Features, around: NDArray[np.float64], reach: int) -> Rows:
    """Find the row of ``theirs`` for each row of ``ours``.

    The two are compared twice. The first path shows how our voice's sounds are in theirs; our rows
    are turned into that voice (by an affine map), and the second path is between like and like.

    Args:
        ours: features of a sound.
        theirs: features of the other sound.
        around: for each of our rows, where its partner is expected; first and last are known.
        reach: how many rows before and after that it is looked for.

    Returns:
        Rows of ``theirs``, never decreasing: the middle one, where one of ours has several.
    """
    first = _path(ours, theirs, around, reach)
    return _path(_in_their_voice(ours, theirs, first), theirs, around, reach)


def _in_their_voice(ours: Features, theirs: Features, path: Rows) -> Features:
    known = np.hstack([ours, np.ones((len(ours), 1), np.float32)]).astype(np.float64)
    square = known.T @ known + _RIDGE * np.eye(known.shape[1])
    mapped = known @ np.linalg.solve(square, known.T @ theirs[path.astype(int)])
    return mapped.astype(np.float32)


def _path(ours: Features, theirs: Features, around: NDArray[np.float64], reach: int) -> Rows:
    """The cheapest path from the first rows to the last, by the distance of the features."""
    width = min(2 * reach + 1, len(theirs))
    offsets = np.clip(np.rint(around).astype(int) - reach, 0, len(theirs) - width)
    offsets = np.maximum.accumulate(offsets)
    steps = np.empty((len(ours), width), np.int8)
    squares = (theirs**2).sum(axis=1)
    cost = np.full(width, _FAR)
    for row, (mine, offset) in enumerate(zip(ours, offsets, strict=True)):
        there = slice(offset, offset + width)
        distance = np.sqrt(np.maximum(mine @ mine + squares[there] - 2 * theirs[there] @ mine, 0))
        if row:
            before = np.full(width + 2, _FAR)  # the row above, from one column to the left
            moved = offset - offsets[row - 1]
            kept = cost[max(0, moved - 1) :]
            before[1 - min(moved, 1) :][: len(kept)] = kept
            both, mine_only = before[:width], before[1 : width + 1]
        else:
            both, mine_only = np.full(width, _FAR), np.full(width, _FAR)
            both[0] = 0.0
        entered = np.minimum(both, mine_only) + distance
        # A step along the row costs the distance of the column it reaches.
        along = np.cumsum(distance)
        cheapest = np.minimum.accumulate(entered - along)
        cost = cheapest + along
        steps[row] = np.where(cheapest < entered - along, _THEIRS, mine_only < both)
    return _traced(steps, offsets)


def _traced(steps: NDArray[np.int8], offsets: NDArray[np.intp]) -> Rows:
    rows = np.empty(len(steps))
    column = steps.shape[1] - 1
    for row in range(len(steps) - 1, -1, -1):
        last = column
        while column and steps[row, column] == _THEIRS:
            column -= 1
        rows[row] = offsets[row] + (column + last) / 2
        if row:
            column += offsets[row] - offsets[row - 1] - (steps[row, column] == _BOTH)
            column = min(max(column, 0), steps.shape[1] - 1)
    return rows

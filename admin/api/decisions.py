"""Decisions that can be undone: kept like those made on the pages."""

from __future__ import annotations

from collections.abc import Callable

from admin.api.caller import caller
from pipelines import undo


def undoable(action: str, row_id: int, act: Callable[[int], object]) -> int:
    """Call ``act`` for the row; returns the number by which ``POST /undo`` undoes it.

    Args:
        action: of ``undo_actions.ACTIONS``.
        row_id: the row.
        act: the decision.
    """
    return undo.remember(caller().name, action, [undo.noted(action, row_id, act)])

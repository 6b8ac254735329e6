"""Decisions that can be undone: kept like those made on the pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import Field

from admin.api.caller import caller
from admin.api.models import Answer, Id
from pipelines import undo

MOST_ROWS = 500
"""Rows of one decision."""
Ids = Annotated[list[Id], Field(min_length=1, max_length=MOST_ROWS)]


class RefusedRow(Answer):
    """A row that was left as it is."""

    id: Id
    why: str


class Decided(Answer):
    """What a decision about several rows did. One that is refused stops no other."""

    done: list[Id]
    refused: list[RefusedRow]
    undo: Annotated[
        Id | None, Field(description="Undo all of it for a day: POST /undo/{id}. null: none done.")
    ]


def undoable(action: str, row_id: int, act: Callable[[int], object]) -> int:
    """Call ``act`` for the row; returns the number by which ``POST /undo`` undoes it.

    Args:
        action: of ``undo_actions.ACTIONS``.
        row_id: the row.
        act: the decision.
    """
    return undo.decide_one(caller().name, action, row_id, act)


def decided(action: str, ids: Sequence[int], act: Callable[[int], object]) -> Decided:
    """Call ``act`` for each row, once each; as ``undoable``."""
    result = undo.decide(caller().name, action, list(dict.fromkeys(ids)), act)
    why = result.refused + [(error.row_id, error) for error in result.overtaken]
    refused = [RefusedRow(id=row_id, why=str(error)) for row_id, error in why]
    return Decided(done=result.ids, refused=refused, undo=result.undo_id)

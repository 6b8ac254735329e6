"""Undoes what a person has decided, if nobody has changed it since.

A decision is stored with the facts before and after it (``undo_actions``); it is undone only where
the facts are still those after.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from core.db import transaction
from core.errors import InputError, StorymillError
from models import StaleStateError, Undo, now
from pipelines.overtaken import OvertakenError
from pipelines.undo_actions import ACTIONS, Facts

KEPT = timedelta(days=1)

Change = tuple[int, Facts, Facts]
"""A row's id, its facts before, and after."""


class Decided(NamedTuple):
    ids: list[int]
    refused: list[tuple[int, StorymillError]]
    """Ids of rows that stay, each with why."""
    overtaken: list[OvertakenError]
    """What somebody else has decided already."""
    undo_id: int | None
    """For ``undo``; None if nothing was decided."""


class Undone(NamedTuple):
    action: str
    ids: list[int]
    refused: list[tuple[int, str]]
    """Ids of rows that stay, each with a sentence that says why."""


def decide(by: str, action: str, ids: Sequence[int], act: Callable[[int], object]) -> Decided:
    """Apply a decision to each row, so that ``by`` can undo all of it at once.

    Args:
        by: who decides.
        action: of ``undo_actions.ACTIONS``.
        ids: the rows; one that is refused stops no other.
        act: the decision.
    """
    changes, refused, late = (
        list[Change](),
        list[tuple[int, StorymillError]](),
        list[OvertakenError](),
    )
    for row_id in ids:
        try:
            changes.append(noted(action, row_id, act))
        except OvertakenError as error:
            late.append(error)
        except StorymillError as error:
            refused.append((row_id, error))
    undo_id = remember(by, action, changes) if changes else None
    return Decided([row_id for row_id, *_ in changes], refused, late, undo_id)


def facts(action: str, row_id: int) -> Facts:
    """What ``action`` changes in a row; empty if there is no such row."""
    return ACTIONS[action].facts(row_id)


def noted(action: str, row_id: int, act: Callable[[int], object]) -> Change:
    """Call ``act`` for the row; what to ``remember`` of it, to undo it."""
    with transaction():
        before = facts(action, row_id) | ACTIONS[action].more(row_id)
        act(row_id)
        return row_id, before, facts(action, row_id)


def remember(by: str, action: str, changes: list[Change]) -> int:
    """Store what ``by`` has just done; returns the id for ``undo``."""
    Undo.delete().where(Undo.created_at < now() - KEPT).execute()
    return int(Undo.create(by=by, action=action, changes=changes).id)


def of_person(by: str | None, most: int) -> list[Undo]:
    """The newest decisions that ``by`` may undo, or of everybody; at most so many."""
    kept = Undo.select().where(Undo.created_at >= now() - KEPT)
    own = kept.where(Undo.by == by) if by is not None else kept
    return list(own.order_by(Undo.id.desc()).limit(most))


def undo(undo_id: int, by: str, *, of_anybody: bool = False) -> Undone:
    """Undo a person's own decision, row by row; a row that can't be undone stops no other.

    Args:
        undo_id: the decision.
        by: who undoes it.
        of_anybody: also a decision of somebody else.

    Raises:
        InputError: it was undone already, is more than a day old, or is somebody else's.
    """
    with transaction():
        kept = (Undo.id == undo_id, Undo.created_at >= now() - KEPT)
        stored = Undo.get_or_none(*kept)
        theirs = stored is not None and not of_anybody and stored.by != by
        if stored is None or theirs or not stored.delete_instance():
            raise InputError(
                "This can't be undone: it was undone already, or is more than a day old."
            )
    done, refused = [], []
    for row_id, before, after in stored.changes:
        try:
            with transaction():
                if facts(stored.action, row_id) != after:
                    raise StaleStateError("Somebody has changed it since.")
                ACTIONS[stored.action].inverse(row_id, before, by)
        except StorymillError as error:
            refused.append((row_id, str(error)))
        else:
            done.append(row_id)
    return Undone(stored.action, done, refused)

"""Undoes what a person has decided, if nobody has changed it since.

A decision is stored with the facts before and after it (``undo_actions``); it is undone only where
the facts are still those after. Each row is changed, and what undoes it is stored, in one
transaction: whatever breaks half way, exactly what was done can be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from operator import itemgetter
from typing import NamedTuple

import structlog

from core.db import database, transaction
from core.db import errors as db_errors
from core.db.errors import Meaning
from core.errors import InputError, StorymillError
from models import StaleStateError, Undo, locked, now
from pipelines import overtaken
from pipelines.overtaken import OvertakenError
from pipelines.undo_actions import ACTIONS, Facts

log = structlog.get_logger(__name__)

KEPT = timedelta(days=1)
BUSY = "The database was away or busy, so this stays as it was. Try again."

ENTRY = "entry"
"""Among the facts after: the decision's number in the audit log, where that has its name."""

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
    """Ids of rows that stay, or of which something stays, each with a sentence that says why."""


def decide(by: str, action: str, ids: Sequence[int], act: Callable[[int], object]) -> Decided:
    """Apply a decision to each row, so that ``by`` can undo all of it at once.

    If the database fails half way, the rows that are left are refused. If it fails at once, or the
    caller's transaction ends with it, nothing is decided. The rows come in the order of their ids,
    so that two callers, each in a transaction of its own, don't wait for each other for ever.

    Args:
        by: who decides.
        action: of ``undo_actions.ACTIONS``.
        ids: the rows; one that is refused stops no other.
        act: the decision.
    """
    done, late, undo_id = list[int](), list[OvertakenError](), None
    refused = list[tuple[int, StorymillError]]()
    in_order = sorted(ids)
    for place, row_id in enumerate(in_order):
        try:
            undo_id = decide_one(by, action, row_id, act, with_id=undo_id)
        except OvertakenError as error:
            late.append(error)
        except StorymillError as error:
            refused.append((row_id, error))
        except Exception as error:
            if not done or not _is_busy(error):
                raise
            log.warning("decided_half_way", action=action, done=len(done), error=str(error).strip())
            refused += [(left, InputError(BUSY)) for left in in_order[place:]]
            break
        else:
            done.append(row_id)
    return Decided(done, refused, late, undo_id)


def decide_one(
    by: str,
    action: str,
    row_id: int,
    act: Callable[[int], object],
    *,
    with_id: int | None = None,
) -> int:
    """Apply a decision to one row, all or nothing; returns the id for ``undo``.

    Args:
        by: who decides.
        action: of ``undo_actions.ACTIONS``.
        row_id: the row.
        act: the decision.
        with_id: a decision of before that it belongs to, and is undone with.
    """
    with transaction():
        stored = _locked(with_id) if with_id is not None else None
        change = noted(action, row_id, act)
        if stored is None:
            return remember(by, action, [change])
        _keep(stored, [*stored.changes, change])
        return int(stored.id)


def _is_busy(error: Exception) -> bool:
    """Whether the database is away or busy, and nothing of before is rolled back with it."""
    about_work = {None, Meaning.FAULT}
    return not database.in_transaction() and db_errors.meaning(error) not in about_work


def facts(action: str, row_id: int) -> Facts:
    """What ``action`` changes in a row; empty if there is no such row."""
    return ACTIONS[action].facts(row_id)


def noted(action: str, row_id: int, act: Callable[[int], object]) -> Change:
    """Call ``act`` for the row; what to ``remember`` of it, to undo it."""
    with transaction():
        before = facts(action, row_id) | ACTIONS[action].more(row_id)
        act(row_id)
        entry = overtaken.newest((action,), row_id)
        return row_id, before, facts(action, row_id) | {ENTRY: entry.id if entry else None}


def remember(by: str, action: str, changes: list[Change]) -> int:
    """Store what ``by`` has just done; returns the id for ``undo``."""
    old = Undo.select(Undo.id).where(Undo.created_at < now() - KEPT)
    Undo.delete().where(Undo.id.in_(locked(old, skip_locked=True))).execute()
    return int(Undo.create(by=by, action=action, changes=changes).id)


def of_person(by: str | None, most: int) -> list[Undo]:
    """The newest decisions that ``by`` may undo, or of everybody; at most so many."""
    kept = Undo.select().where(Undo.created_at >= now() - KEPT)
    own = kept.where(Undo.by == by) if by is not None else kept
    return list(own.order_by(Undo.id.desc()).limit(most))


def undo(undo_id: int, by: str, *, of_anybody: bool = False) -> Undone:
    """Undo a person's own decision, row by row; a row that can't be undone stops no other.

    If the database fails half way, the rows that are left can still be undone. They come in the
    order of their ids, as in ``decide``.

    Args:
        undo_id: the decision.
        by: who undoes it.
        of_anybody: also a decision of somebody else.

    Raises:
        InputError: it was undone already, is more than a day old, or is somebody else's.
    """
    stored = Undo.get_or_none(Undo.id == undo_id, Undo.created_at >= now() - KEPT)
    if stored is None or not (of_anybody or stored.by == by):
        raise _undone_already()
    done, refused = list[int](), list[tuple[int, str]]()
    in_order: list[Change] = sorted(stored.changes, key=itemgetter(0))
    for place, change in enumerate(in_order):
        row_id = change[0]
        try:
            taken_back = _take_back(undo_id, change, by)
        except Exception as error:
            if not (done or refused) or not _is_busy(error):
                raise
            log.warning("undone_half_way", action=stored.action, done=len(done), error=str(error))
            refused += [(left, BUSY) for left, *_ in in_order[place:]]
            break
        if taken_back is None:
            continue
        if taken_back.done:
            done.append(row_id)
        if taken_back.stays:
            refused.append((row_id, taken_back.stays))
    if not done and not refused:
        raise _undone_already()
    return Undone(stored.action, done, refused)


class _TakenBack(NamedTuple):
    done: bool
    stays: str
    """What stays as it is, and why; empty if nothing does."""


def _take_back(undo_id: int, change: Change, by: str) -> _TakenBack | None:
    """Undo one change, which then can't be undone again; None if somebody has just undone it."""
    with transaction():
        stored = _locked(undo_id)
        if stored is None or change not in stored.changes:
            return None
        _keep(stored, [other for other in stored.changes if other != change])
        row_id, before, after = change
        try:
            with transaction():
                _check_unchanged(stored.action, row_id, after, by)
                stays = ACTIONS[stored.action].inverse(row_id, before, by)
        except StorymillError as error:
            return _TakenBack(done=False, stays=str(error))
        return _TakenBack(done=True, stays=stays if isinstance(stays, str) else "")


def _check_unchanged(action: str, row_id: int, after: Facts, by: str) -> None:
    """Raises StaleStateError if the facts are others, or somebody else has decided the same again.

    The latter leaves the same facts: a video is put back, and rejected for another reason.
    """
    last = overtaken.newest((action,), row_id) if ENTRY in after else None
    again = last is not None and last.id != after[ENTRY] and last.actor != by
    if again or facts(action, row_id) != {name: after[name] for name in after if name != ENTRY}:
        raise StaleStateError("Somebody has changed it since.")


def _locked(undo_id: int) -> Undo | None:
    """Lock it before the rows that it is about: docs/architecture.md, "Locks"."""
    stored: Undo | None = locked(Undo.select().where(Undo.id == undo_id)).first()
    return stored


def _keep(stored: Undo, changes: list[Change]) -> None:
    if changes:
        Undo.update(changes=changes).where(Undo.id == stored.id).execute()
    else:
        stored.delete_instance()


def _undone_already() -> InputError:
    return InputError("This can't be undone: it was undone already, or is more than a day old.")

"""Two people decide the same thing at once: the second one is told what the first one did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from models import AuditEntry, StaleStateError, now
from pipelines.undo_words import WORDS, named

DECISIONS = ("approve", "reject")


class OvertakenError(StaleStateError):
    """Somebody has decided already.

    Attributes:
        who: decided; ``You`` if it is the same person.
        action: the decision, of ``undo_actions.ACTIONS``.
        row_id: what was decided.
        at: when.
    """

    def __init__(self, by: str, who: str, action: str, row_id: int, at: datetime) -> None:
        self.who = "You" if who == by else who
        self.action, self.row_id, self.at = action, row_id, at
        thing = action.partition(".")[0]
        super().__init__(f"{self.who} {_verb(action)} this {thing} {ago(at)}.")


def check(kind: str, row_id: int, by: str) -> None:
    """Raise OvertakenError with the newest decision about a row, if a person has made one.

    Call it for a row that no longer waits for a decision.

    Args:
        kind: ``story`` or ``video``.
        row_id: the row.
        by: who wants to decide it.
    """
    last = newest([f"{kind}.{decision}" for decision in DECISIONS], row_id)
    if last is not None:
        raise OvertakenError(by, last.actor, last.action, row_id, last.created_at)


def newest(actions: Sequence[str], row_id: int) -> AuditEntry | None:
    """The newest of these decisions about a row in the audit log; their kind of row is the same."""
    kind = actions[0].partition(".")[0]
    entries = AuditEntry.select().where(
        AuditEntry.subject == f"{kind} {row_id}", AuditEntry.action.in_(actions)
    )
    last: AuditEntry | None = entries.order_by(AuditEntry.id.desc()).first()
    return last


def sentences(errors: Iterable[OvertakenError]) -> list[str]:
    """What others did to which rows: a sentence for each person and kind of decision."""
    told = []
    ordered = sorted(errors, key=lambda error: (error.who, error.action))
    for (who, action), group in groupby(ordered, lambda error: (error.who, error.action)):
        same = list(group)
        rows = named(action, [error.row_id for error in same])
        newest = ago(max(error.at for error in same))
        told.append(
            f"{who} {_verb(action)} {rows} {newest}."
            if len(same) == 1
            else f"{who} {_verb(action)} {rows}. The last was {newest}."
        )
    return told


def ago(moment: datetime) -> str:
    """``4 seconds ago``, ``1 minute ago``, ``3 hours ago``, ``2 days ago``."""
    seconds = max(0, int((now() - moment).total_seconds()))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            number = seconds // size
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"


def _verb(action: str) -> str:
    return WORDS[action].verb.lower()

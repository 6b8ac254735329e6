"""What a person decides about a job, and how it is undone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from core.db import transaction
from models import AuditEntry, DeadLetter
from pipelines import failures, ledger


class Decision(NamedTuple):
    action: str
    """Of ``undo_actions.ACTIONS``."""
    row_id: int
    act: Callable[[int], object]
    """Called with ``row_id``."""


def retry(job_id: int, by: str, *, seconds: int = 0) -> Decision:
    """Start a job again; one that has failed is retried like its failure.

    Args:
        job_id: the job.
        by: who decides.
        seconds: how long it waits first, so that this can be undone before it begins.
    """
    letters = DeadLetter.select(DeadLetter.id).where(
        DeadLetter.job == job_id, DeadLetter.resolved_at.is_null()
    )
    letter_id = letters.order_by(DeadLetter.id.desc()).scalar()
    if letter_id is not None:
        act = partial(failures.requeue, by=by, seconds=seconds)
        return Decision("failure.requeue", letter_id, act)
    return Decision("job.requeue", job_id, partial(_requeue, by=by, seconds=seconds))


def cancel(job_id: int, by: str) -> Decision:
    """Cancel a job; a worker that is doing it stops within seconds."""
    return Decision("job.cancel", job_id, partial(_cancel, by=by))


def _requeue(job_id: int, by: str, seconds: int) -> None:
    with transaction():
        ledger.requeue(job_id, seconds=seconds)
        AuditEntry.create(actor=by, action="job.requeue", subject=f"job {job_id}")


def _cancel(job_id: int, by: str) -> None:
    with transaction():
        ledger.cancel(job_id)
        AuditEntry.create(actor=by, action="job.cancel", subject=f"job {job_id}")

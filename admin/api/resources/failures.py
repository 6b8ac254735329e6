"""Failures: jobs that failed, why, and what a person decides."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from admin.api.caller import caller
from admin.api.decisions import undoable
from admin.api.listing import get, rows
from admin.api.models import Answer, Id, Line, ListQuery, Moment, Page
from admin.api.operation import operation
from core.db import transaction
from core.errors import InputError
from core.log import scrub
from models import AuditEntry, DeadLetter, StaleStateError, shown
from pipelines import ledger
from pipelines.people.api_tokens import Scope


class FailureItem(Answer):
    """A failure in a list."""

    id: Id
    job_id: Id | None
    stage: str
    subject_id: Annotated[int | None, Field(description="The row that the job worked on.")]
    attempts: int
    error: str
    error_code: str
    resolution: Annotated[str, Field(description="How it ended; empty while it is open.")]
    resolved_at: Moment | None
    created_at: Moment


class FailureDetail(FailureItem):
    """A failure with its trace."""

    trace: str


class FailurePage(Page[FailureItem]):
    """One page of failures, newest first."""


class FailureDecided(Answer):
    """A decision, and the number by which it can be undone."""

    failure: FailureDetail
    undo: Annotated[Id, Field(description="Undo it for a day: POST /undo/{id}.")]


class FailureQuery(ListQuery):
    stage: Line = ""
    resolved: Annotated[bool, Field(description="Those that were retried or discarded.")] = False


@operation("GET", "/failures", Scope.READ)
def listed(query: FailureQuery) -> FailurePage:
    """List failures."""
    found = DeadLetter.select().where(DeadLetter.resolved_at.is_null(not query.resolved))
    if query.stage:
        found = found.where(DeadLetter.stage == query.stage)
    page, following = rows(found, DeadLetter.id, query)
    return FailurePage(items=[FailureItem(**_facts(row)) for row in page], next=following)


@operation("GET", "/failures/<int:failure_id>", Scope.READ)
def show(failure_id: int) -> FailureDetail:
    """Read a failure and its trace."""
    return detail(failure_id)


@operation("POST", "/failures/<int:failure_id>/retry", Scope.JOBS)
def retry(failure_id: int) -> FailureDetail:
    """Start the failed work again."""
    with transaction():
        letter = _open(failure_id)
        if letter.job is None:
            raise InputError("Its job was deleted, so it can't be retried. Discard the failure.")
        ledger.requeue(letter.job.id)
        _audit("failure.requeue", failure_id)
    return detail(failure_id)


@operation("POST", "/failures/<int:failure_id>/discard", Scope.JOBS)
def discard(failure_id: int) -> FailureDecided:
    """Close a failure without doing its work."""
    get(DeadLetter, failure_id)
    undo_id = undoable("failure.discard", failure_id, _discard)
    return FailureDecided(failure=detail(failure_id), undo=undo_id)


def _discard(failure_id: int) -> None:
    _open(failure_id)
    ledger.discard(failure_id)
    _audit("failure.discard", failure_id)


def _open(failure_id: int) -> DeadLetter:
    letter = get(DeadLetter, failure_id)
    if letter.resolved_at is not None:
        raise StaleStateError(f"This failure was already {shown(letter.resolution)}.")
    return letter


def _facts(letter: Any) -> dict[str, Any]:
    names = FailureItem.model_fields.keys() - {"job_id"}
    return {name: getattr(letter, name) for name in names} | {"job_id": letter.job_id}


def detail(failure_id: int) -> FailureDetail:
    """All about a failure. Raises DoesNotExist."""
    letter = get(DeadLetter, failure_id)
    return FailureDetail(**_facts(letter), trace=scrub(letter.trace))


def _audit(action: str, failure_id: int) -> None:
    AuditEntry.create(actor=caller().name, action=action, subject=f"failure {failure_id}")

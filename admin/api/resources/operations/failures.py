"""Failures: jobs that failed, why, and what a person decides."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from pydantic import Field

from admin.api.caller import caller
from admin.api.decisions import undoable
from admin.api.listing import check, get, rows
from admin.api.models import Answer, Id, Line, ListQuery, Moment, Page, Undoable
from admin.api.operation import operation
from admin.configured import settings
from core.log import scrub
from models import DeadLetter
from pipelines import failures
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


class FailureDecided(Undoable):
    """A decision on a failure."""

    failure: FailureDetail


class FailureQuery(ListQuery):
    stage: Line = ""
    account: Annotated[Id | None, Field(description="Only about this account.")] = None
    cause: Annotated[Line, Field(description="An `error_code`.")] = ""
    resolved: Annotated[bool, Field(description="Those that were retried or discarded.")] = False


@operation("GET", "/failures", Scope.READ)
def listed(query: FailureQuery) -> FailurePage:
    """List failures."""
    found = DeadLetter.select().where(DeadLetter.resolved_at.is_null(not query.resolved))
    if query.stage:
        found = found.where(DeadLetter.stage == query.stage)
    if query.account is not None:
        found = found.where(DeadLetter.account == query.account)
    if query.cause:
        found = found.where(DeadLetter.error_code == query.cause)
    page, following = rows(found, DeadLetter.id, query)
    return FailurePage(items=[FailureItem(**_facts(row)) for row in page], next=following)


@operation("GET", "/failures/<int:failure_id>", Scope.READ)
def show(failure_id: int) -> FailureDetail:
    """Read a failure and its trace."""
    return detail(failure_id)


@operation("POST", "/failures/<int:failure_id>/retry", Scope.JOBS)
def retry(failure_id: int) -> FailureDecided:
    """Do the failed work again."""
    seconds = settings().approval_seconds
    act = partial(failures.requeue, by=caller().name, seconds=seconds)
    return _decided("failure.requeue", failure_id, act)


@operation("POST", "/failures/<int:failure_id>/discard", Scope.JOBS)
def discard(failure_id: int) -> FailureDecided:
    """Close a failure without doing its work; a post that has stopped is cancelled."""
    act = partial(failures.discard, by=caller().name)
    return _decided("failure.discard", failure_id, act)


def _decided(action: str, failure_id: int, act: partial[None]) -> FailureDecided:
    check(DeadLetter, failure_id)
    undo_id = undoable(action, failure_id, act)
    return FailureDecided(failure=detail(failure_id), undo=undo_id)


def _facts(letter: Any) -> dict[str, Any]:
    names = FailureItem.model_fields.keys() - {"job_id"}
    return {name: getattr(letter, name) for name in names} | {"job_id": letter.job_id}


def detail(failure_id: int) -> FailureDetail:
    """All about a failure. Raises DoesNotExist."""
    letter = get(DeadLetter, failure_id)
    return FailureDetail(**_facts(letter), trace=scrub(letter.trace))

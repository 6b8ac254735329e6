"""Jobs: each is one stage for one row."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from admin.api.caller import caller
from admin.api.decisions import undoable
from admin.api.listing import get, rows
from admin.api.models import Answer, Id, Line, ListQuery, Moment, Page, Undoable
from admin.api.operation import operation
from admin.configured import settings
from admin.lists import job_list
from models import Job, JobState
from pipelines import job_decisions, ledger
from pipelines.people.api_tokens import Scope


class JobItem(Answer):
    """A job."""

    id: Id
    stage: str
    subject_id: Annotated[int, Field(description="The row that it works on.")]
    queue: str
    state: JobState
    explanation: Annotated[str, Field(description="Its state, since when, what it waits for.")]
    attempts: int
    crashes: int
    progress: Annotated[float, Field(description="From 0 to 1.")]
    error: str
    error_code: str
    request_id: Annotated[str, Field(description="Finds its lines in the logs.")]
    due_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    created_at: Moment


class JobDecided(Undoable):
    """A decision on a job."""

    job: JobItem


class JobPage(Page[JobItem]):
    """One page of jobs, newest first."""


class JobQuery(ListQuery):
    state: Annotated[JobState | None, Field(description="Without it, unfinished ones.")] = None
    stage: Line = ""


@operation("GET", "/jobs", Scope.READ)
def listed(query: JobQuery) -> JobPage:
    """List jobs."""
    found = job_list.listed(query.state or "", query.stage)
    page, following = rows(found.query, Job.id, query, each=found.each)
    return JobPage(items=[_item(row) for row in page], next=following)


@operation("GET", "/jobs/<int:job_id>", Scope.READ)
def show(job_id: int) -> JobItem:
    """Read a job."""
    return detail(job_id)


@operation("POST", "/jobs/<int:job_id>/retry", Scope.JOBS)
def retry(job_id: int) -> JobDecided:
    """Start a job again that failed, needs attention or was cancelled."""
    get(Job, job_id)
    seconds = settings().approval_seconds
    return _decided(job_id, job_decisions.retry(job_id, caller().name, seconds=seconds))


@operation("POST", "/jobs/<int:job_id>/cancel", Scope.JOBS)
def cancel(job_id: int) -> JobDecided:
    """Cancel a job. A worker that does it stops within seconds."""
    get(Job, job_id)
    return _decided(job_id, job_decisions.cancel(job_id, caller().name))


def _decided(job_id: int, decision: job_decisions.Decision) -> JobDecided:
    undo_id = undoable(decision.action, decision.row_id, decision.act)
    return JobDecided(job=detail(job_id), undo=undo_id)


def detail(job_id: int) -> JobItem:
    """All about a job. Raises DoesNotExist."""
    return _item(get(Job, job_id))


def _item(job: Any) -> JobItem:
    names = JobItem.model_fields.keys() - {"explanation"}
    return JobItem(**{name: getattr(job, name) for name in names}, explanation=ledger.explain(job))

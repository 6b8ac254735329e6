"""Periodic tasks: their last and next runs; run now, pause and resume."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from werkzeug.exceptions import NotFound

from admin.api.caller import caller
from admin.api.decisions import undoable
from admin.api.models import Answer, Body, Line, Moment, Undoable
from admin.api.operation import operation
from core.errors import InputError
from models import RunOutcome, ScheduledTask
from pipelines.people.api_tokens import Scope
from pipelines.schedules import TASKS, decisions


class ScheduleItem(Answer):
    """A periodic task."""

    name: str
    does: str
    every: Annotated[str, Field(description="How often, as `6 hours` or `day at 04:30 UTC`.")]
    state: Annotated[str, Field(description="waiting, running, asked for, paused or late.")]
    next_at: Annotated[Moment | None, Field(description="null while it is paused.")]
    last_started_at: Moment | None
    last_ended_at: Moment | None
    last_outcome: RunOutcome
    last_sentence: Annotated[str, Field(description="What it did, or why it failed.")]
    paused_at: Moment | None
    paused_by: str
    paused_reason: str


class ScheduleList(Answer):
    """All periodic tasks."""

    items: list[ScheduleItem]


class ScheduleDecided(Undoable):
    """A decision on a periodic task."""

    schedule: ScheduleItem


class PauseReason(Body):
    reason: Annotated[Line, Field(max_length=decisions.LONGEST_REASON)] = ""


@operation("GET", "/schedules", Scope.READ)
def listed() -> ScheduleList:
    """List all periodic tasks."""
    return ScheduleList(items=[_item(each) for each in decisions.listed()])


@operation("GET", "/schedules/<name>", Scope.READ)
def show(name: str) -> ScheduleItem:
    """Read a periodic task."""
    return _show(name)


@operation("POST", "/schedules/<name>/run", Scope.JOBS)
def run(name: str) -> ScheduleItem:
    """Run a periodic task as soon as a worker is free, beside its plan."""
    decisions.run_now(_row(name).id, caller().name)
    return _show(name)


@operation(
    "POST",
    "/schedules/<name>/pause",
    Scope.JOBS,
    examples={"with a reason": {"reason": "The mail server is moved."}},
)
def pause(name: str, body: PauseReason) -> ScheduleDecided:
    """Pause a periodic task. Planned times that pass meanwhile are left out."""

    def act(task_id: int) -> None:
        if not decisions.pause(task_id, caller().name, body.reason):
            raise InputError("It is paused already.")

    undo_id = undoable("schedule.pause", _row(name).id, act)
    return ScheduleDecided(schedule=_show(name), undo=undo_id)


@operation("POST", "/schedules/<name>/resume", Scope.JOBS)
def resume(name: str) -> ScheduleDecided:
    """Resume a periodic task: it runs at its next planned time."""

    def act(task_id: int) -> None:
        if not decisions.resume(task_id, caller().name):
            raise InputError("It is not paused.")

    undo_id = undoable("schedule.resume", _row(name).id, act)
    return ScheduleDecided(schedule=_show(name), undo=undo_id)


def _row(name: str) -> ScheduledTask:
    if name not in TASKS:
        raise NotFound
    return decisions.find(name)


def _show(name: str) -> ScheduleItem:
    if name not in TASKS:
        raise NotFound
    return next(_item(each) for each in decisions.listed() if each.task.name == name)


def _item(each: decisions.Listed) -> ScheduleItem:
    row = each.row
    return ScheduleItem(
        name=each.task.name,
        does=each.task.does,
        every=str(each.task.plan),
        state=each.state,
        next_at=each.next_at,
        last_started_at=row.last_started_at,
        last_ended_at=row.last_ended_at,
        last_outcome=RunOutcome(row.last_outcome),
        last_sentence=row.last_sentence,
        paused_at=row.paused_at,
        paused_by=row.paused_by,
        paused_reason=row.paused_reason,
    )

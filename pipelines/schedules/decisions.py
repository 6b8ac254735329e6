"""What people decide about periodic tasks: run one now, pause it, resume it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from core import queue
from core.db import on_commit, transaction
from core.errors import InputError
from models import AuditEntry, ScheduledTask, locked, now
from pipelines.schedules import runs
from pipelines.schedules.tasks import QUEUE, TASKS, Task

log = structlog.get_logger(__name__)

LONGEST_REASON = 200
OVERDUE = timedelta(minutes=5)
"""A task that should have begun longer ago needs a person: no worker for it is up."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A task and its row."""

    task: Task
    row: ScheduledTask

    @property
    def next_at(self) -> datetime | None:
        """When it runs next; None while it is paused."""
        return None if self.row.paused_at else self.row.due_at

    @property
    def state(self) -> str:
        """``running``, ``asked for``, ``paused``, ``late`` or ``waiting``."""
        states = {
            "running": self.row.started_at is not None,
            "asked for": self.row.asked_at is not None,
            "paused": self.row.paused_at is not None,
            "late": self.overdue,
        }
        return next((state for state, holds in states.items() if holds), "waiting")

    @property
    def overdue(self) -> bool:
        """Whether it should have begun some minutes ago."""
        waits = self.row.started_at is None and self.row.paused_at is None
        return waits and self.row.due_at < now() - OVERDUE


def listed() -> list[Listed]:
    """All tasks, in their order; one that no worker has added yet is due at its next time."""
    rows = {row.name: row for row in ScheduledTask.select()}
    return [Listed(task, rows.get(name) or _new(task)) for name, task in TASKS.items()]


def is_overdue() -> Any:
    """The rows of tasks that should have begun some minutes ago."""
    waits = ScheduledTask.started_at.is_null() & ScheduledTask.paused_at.is_null()
    return waits & (ScheduledTask.due_at < now() - OVERDUE)


def find(name: str) -> ScheduledTask:
    """The row of a task; it is added if no worker has done so yet.

    Raises:
        InputError: there is no such task.
    """
    if name not in TASKS:
        raise InputError(f"There is no periodic task “{name}”. There are: {', '.join(TASKS)}.")
    row = ScheduledTask.get_or_none(ScheduledTask.name == name)
    if row is None:
        runs.ensure(TASKS)
        row = ScheduledTask.get(ScheduledTask.name == name)
    found: ScheduledTask = row
    return found


def run_now(task_id: int, by: str) -> None:
    """Have a worker run the task at once, also while it is paused. Its plan stays as it is.

    If it is due anyway, one run is enough for both.

    Raises:
        InputError: it is running now, or somebody has asked for a run already.
    """
    with transaction():
        row = _locked(task_id)
        if row.started_at is not None:
            raise InputError("It is running now. Wait until it has ended.")
        if row.asked_at is not None:
            raise InputError(f"{row.asked_by} has asked for it already, and it waits for a worker.")
        _change(row, asked_at=now(), asked_by=by, sent_at=now())
        _audit("schedule.run", row, by)
        on_commit(partial(queue.tick, QUEUE, row.name))


def pause(task_id: int, by: str, reason: str = "", *, since: datetime | None = None) -> bool:
    """Let the task pass its planned times until it is resumed; False if it is paused already.

    A run that goes on is not stopped.

    Args:
        task_id: the task.
        by: who decides.
        reason: shown beside it.
        since: now if not given; an earlier time puts an ended pause back.
    """
    with transaction():
        row = _locked(task_id)
        if row.paused_at is not None:
            return False
        _change(row, paused_at=since or now(), paused_by=by, paused_reason=reason)
        _audit("schedule.pause", row, by, reason)
    log.warning("task_paused", task=row.name, by=by)
    return True


def resume(task_id: int, by: str) -> bool:
    """Let the task run by its plan again; False if it isn't paused.

    It runs at its next planned time: those that passed during the pause are left out.
    """
    with transaction():
        row = _locked(task_id)
        if row.paused_at is None:
            return False
        task = TASKS.get(row.name)
        due_at = max(row.due_at, task.plan.next_after(now())) if task else row.due_at
        _change(row, paused_at=None, paused_by="", paused_reason="", sent_at=None, due_at=due_at)
        _audit("schedule.resume", row, by)
    log.info("task_resumed", task=row.name, by=by)
    return True


def _new(task: Task) -> ScheduledTask:
    return ScheduledTask(name=task.name, due_at=task.plan.next_after(now()))


def _locked(task_id: int) -> ScheduledTask:
    found = locked(ScheduledTask.select().where(ScheduledTask.id == task_id)).first()
    if found is None:
        raise InputError("There is no such periodic task any more. Reload the page.")
    row: ScheduledTask = found
    return row


def _change(row: ScheduledTask, **changes: object) -> None:
    ScheduledTask.update(**changes).where(ScheduledTask.id == row.id).execute()


def _audit(action: str, row: ScheduledTask, by: str, reason: str = "") -> None:
    AuditEntry.create(actor=by, action=action, subject=f"schedule {row.name}", reason=reason)

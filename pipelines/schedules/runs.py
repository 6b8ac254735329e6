"""Runs of periodic tasks: each planned time is claimed once, whatever message brings it.

A message only says that a task may be due; the task's row decides. It may come twice, late, or not
at all. A claim moves ``due_at`` on, under a lock on the row, so a planned time is claimed once. All
times are PostgreSQL's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from core import queue
from core.db import database, on_commit, transaction
from core.log import storable
from models import DeadLetter, RunOutcome, ScheduledTask, locked
from pipelines.schedules.tasks import QUEUE, Task

log = structlog.get_logger(__name__)

LEASE_SECONDS = 15.0
"""Until the task of a dead worker runs again."""
MOST_CRASHES = 3
"""Times that a worker may die over one run before the run has failed."""
EARLY_SECONDS = 5.0
"""How far the clock of a scheduler may be ahead of PostgreSQL's."""
LATE_SECONDS = 10.0
"""After which workers send the message of a planned time that no scheduler has sent."""
RESEND_SECONDS = 60.0
"""Until a message that nobody took is sent again."""

CRASHED = "poison"
"""Code of the failure of a task over which workers died."""


@dataclass(frozen=True, slots=True)
class Run:
    """The right to run a task now, as long as the lease is renewed."""

    task_id: int
    name: str
    fence: int
    planned_at: datetime | None
    """None if a person asked for it besides the plan."""
    missed: int
    """Planned times before it that it stands for too."""


def ensure(tasks: Mapping[str, Task], *, at: datetime | None = None) -> None:
    """Add rows of new tasks, due at their next planned time, and delete those of former tasks.

    A task that now runs more often is due earlier.
    """
    moment = at or _now()
    with transaction():
        # The names are sorted, so that two processes don't wait for each other.
        for name in sorted(tasks):
            database.execute_sql(
                "INSERT INTO scheduled_task (created_at, name, due_at, missed, fence, crashes, "
                "last_outcome, last_sentence, asked_by, paused_by, paused_reason) "
                "VALUES (now(), %s, %s, 0, 0, 0, '', '', '', '', '') ON CONFLICT (name) "
                "DO UPDATE SET due_at = EXCLUDED.due_at "
                "WHERE scheduled_task.due_at > EXCLUDED.due_at",
                (name, tasks[name].plan.next_after(moment)),
            )
        ScheduledTask.delete().where(ScheduledTask.name.not_in(list(tasks))).execute()


def claim(
    task: Task, *, sent_for: datetime | None = None, at: datetime | None = None
) -> Run | None:
    """Claim the task's planned time if it is due, or the run that a person asked for.

    None if a message came twice, too early, or while the task runs or is paused.

    Args:
        task: of which a message came.
        sent_for: the planned time in the message, by the clock of its scheduler.
        at: now, if it is not PostgreSQL's time.
    """
    with transaction():
        row = locked(ScheduledTask.select().where(ScheduledTask.name == task.name)).first()
        if row is None or row.started_at is not None:
            return None
        moment = now = at or _now()
        if sent_for is not None:
            moment = max(now, min(sent_for, now + timedelta(seconds=EARLY_SECONDS)))
        due = row.paused_at is None and row.due_at <= moment
        if not due and row.asked_at is None:
            return None
        changes: dict[str, Any] = {"planned_at": None, "missed": 0}
        if due:
            stands_for = row.due_at if task.makes_up_for_each else moment
            following = task.plan.next_after(stands_for)
            missed = (following - row.due_at) // task.plan.period - 1
            changes = {"planned_at": row.due_at, "missed": max(0, missed), "due_at": following}
        _write(
            row.id,
            started_at=now,
            lease_until=now + timedelta(seconds=LEASE_SECONDS),
            fence=row.fence + 1,
            sent_at=None,
            **changes,
        )
    return Run(row.id, task.name, row.fence + 1, changes["planned_at"], changes["missed"])


def renew(runs: Iterable[Run]) -> None:
    """Renew the leases of runs that go on."""
    for run in runs:
        database.execute_sql(
            "UPDATE scheduled_task SET lease_until = now() + %s * interval '1 second' "
            "WHERE id = %s AND fence = %s AND started_at IS NOT NULL",
            (LEASE_SECONDS, run.task_id, run.fence),
        )


def end(run: Run, outcome: RunOutcome, sentence: str = "", *, at: datetime | None = None) -> bool:
    """Record how the run ended; False if its lease was lost and another run began."""
    with transaction():
        row = _current(run)
        if row is not None:
            _end(row, outcome, sentence, at or _now())
    if row is None:
        log.warning("late_run_ended", task=run.name, outcome=str(outcome))
    return row is not None


def give_back(run: Run, why: str, *, at: datetime | None = None) -> None:
    """Something outside has stopped the run: it is due again, a bounded number of times."""
    with transaction():
        row = _current(run)
        if row is not None:
            _give_back(row, why, at or _now())


def sweep(tasks: Mapping[str, Task], *, free: bool = True, at: datetime | None = None) -> list[str]:
    """Free the runs of dead workers, and name the tasks for which a message has to be sent.

    Any number of processes may call this at any time; one at a time does the work. The messages
    are sent after the commit.

    Args:
        tasks: those that this process knows.
        free: False while leases may have run out only because PostgreSQL was away.
        at: now, if it is not PostgreSQL's time; then no message is sent.
    """
    with transaction():
        cursor = database.execute_sql("SELECT pg_try_advisory_xact_lock(%s)", (0x5708,))
        if not cursor.fetchone()[0]:
            return []
        now = at or _now()
        if free:
            lost = ScheduledTask.select().where(ScheduledTask.lease_until < now)
            for row in locked(lost, skip_locked=True):
                _give_back(row, "Its worker ended while it ran", now)
        cursor = database.execute_sql(
            "UPDATE scheduled_task SET sent_at = %(now)s WHERE name = ANY(%(names)s) "
            "AND started_at IS NULL "
            "AND (asked_at IS NOT NULL OR paused_at IS NULL "
            "AND due_at < %(now)s - %(late)s * interval '1 second') "
            "AND (sent_at IS NULL OR sent_at < %(now)s - %(resend)s * interval '1 second') "
            "RETURNING name",
            {"now": now, "names": list(tasks), "late": LATE_SECONDS, "resend": RESEND_SECONDS},
        )
        overdue = [name for (name,) in cursor.fetchall()]
        if at is None and overdue:
            on_commit(partial(_send, overdue))
    return overdue


def _send(names: list[str]) -> None:
    for place, name in enumerate(names):
        if not queue.tick(QUEUE, name):
            left = names[place:]
            ScheduledTask.update(sent_at=None).where(ScheduledTask.name.in_(left)).execute()
            return


def _give_back(row: ScheduledTask, why: str, now: datetime) -> None:
    crashes = row.crashes + 1
    log.warning("run_given_back", task=row.name, crashes=crashes, why=why)
    if crashes >= MOST_CRASHES:
        sentence = f"{why}, {crashes} times in a row; it runs at its next planned time."
        _end(row, RunOutcome.FAILED, sentence, now)
        letter(row.name, CRASHED, sentence)
        return
    again = {} if row.planned_at is None else {"due_at": row.planned_at}
    _write(row.id, started_at=None, lease_until=None, sent_at=None, crashes=crashes, **again)


def _end(row: ScheduledTask, outcome: RunOutcome, sentence: str, now: datetime) -> None:
    _write(
        row.id,
        started_at=None,
        lease_until=None,
        sent_at=None,
        crashes=0,
        last_started_at=row.started_at,
        last_ended_at=now,
        last_outcome=outcome,
        last_sentence=storable(sentence),
        asked_at=None,
        asked_by="",
    )


def letter(name: str, code: str, error: str, trace: str = "") -> None:
    """A task that keeps failing the same way has one failure, which counts the times."""
    same = (
        DeadLetter.job.is_null(),
        DeadLetter.stage == name,
        DeadLetter.error_code == code,
        DeadLetter.resolved_at.is_null(),
    )
    news = {"error": storable(error), "trace": trace}
    if not DeadLetter.update(attempts=DeadLetter.attempts + 1, **news).where(*same).execute():
        DeadLetter.create(stage=name, error_code=code, attempts=1, **news)


def _current(run: Run) -> ScheduledTask | None:
    """The row, locked, if the run is still the newest."""
    same = (
        ScheduledTask.id == run.task_id,
        ScheduledTask.fence == run.fence,
        ScheduledTask.started_at.is_null(False),
    )
    found: ScheduledTask | None = locked(ScheduledTask.select().where(*same)).first()
    return found


def _write(task_id: int, **changes: Any) -> None:
    ScheduledTask.update(**changes).where(ScheduledTask.id == task_id).execute()


def _now() -> datetime:
    """PostgreSQL's time, also within a transaction that has waited for a lock."""
    now: datetime = database.execute_sql("SELECT clock_timestamp()").fetchone()[0]
    return now

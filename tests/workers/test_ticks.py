"""Periodic tasks on a worker as in production: their messages, their ends, their sentences."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from dramatiq import Worker
from psycopg2.errors import AdminShutdown

from core import db, queue
from models import DeadLetter, RunOutcome, ScheduledTask, now
from pipelines import schedules
from pipelines.schedules import QUEUE, Task, by_name
from pipelines.schedules.plan import hours
from tests.waiting import until
from workers.main import broker
from workers.periodic_task import Ticking, ticking

pytestmark = pytest.mark.usefixtures("record")

TIDY = Task("tidy", "Tidy up", hours())
TASKS = by_name(TIDY)


@pytest.fixture(autouse=True)
def due(record: None) -> None:
    """The task has been due for a second: too short for a worker to send the message itself."""
    schedules.ensure(TASKS)
    ScheduledTask.update(due_at=now() - timedelta(seconds=1)).execute()


@contextmanager
def working(redis_url: str, tidy: Callable[[], Any], *, threads: int = 2) -> Iterator[Worker]:
    connected = broker(redis_url, tasks=TASKS)
    tidy.__name__ = TIDY.name
    ticking(TIDY.plan)(tidy)
    worker = Worker(connected, queues={QUEUE}, worker_threads=threads, worker_timeout=20)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
        connected.close()


def row() -> Any:
    return ScheduledTask.get(ScheduledTask.name == TIDY.name)


def _has_ended(before: datetime | None) -> bool:
    return bool(row().last_ended_at != before)


def test_messages_of_several_schedulers_run_the_task_once(redis_url: str) -> None:
    # Given a task that takes until all messages have come
    ran, came = list[int](), threading.Event()

    def tidy() -> str:
        ran.append(1)
        came.wait(60)
        return "Deleted 3 rows."

    # When five messages come, some while it runs
    with working(redis_url, tidy, threads=3) as worker:
        for _ in range(5):
            queue.tick(QUEUE, TIDY.name)
        until(lambda: queue.depths(worker.broker, [QUEUE])[QUEUE] == 1)  # type: ignore[arg-type]
        came.set()
        until(lambda: row().last_outcome)

    # Then it ran once, and its row says what it did
    assert ran == [1]
    assert (row().last_outcome, row().last_sentence) == (RunOutcome.DONE, "Deleted 3 rows.")
    assert row().started_at is None
    assert row().due_at > now()


def test_a_task_that_fails_says_why_and_counts_as_one_failure(redis_url: str) -> None:
    def tidy() -> None:
        raise ValueError("no such folder, password=canary-7")

    with working(redis_url, tidy):
        for _ in range(2):
            ended_at = row().last_ended_at
            queue.tick(QUEUE, TIDY.name)
            until(partial(_has_ended, ended_at))
            ScheduledTask.update(due_at=now() - timedelta(seconds=1)).execute()

    assert row().last_outcome == RunOutcome.FAILED
    assert row().last_sentence.startswith("ValueError: no such folder")
    [letter] = DeadLetter.select()
    assert (letter.stage, letter.error_code, letter.attempts) == ("tidy", "ValueError", 2)
    assert "canary-7" not in row().last_sentence + letter.error + letter.trace


def test_a_task_that_meets_an_outage_runs_again_without_a_failure(redis_url: str) -> None:
    # Given a task during which PostgreSQL stops once
    times = list[int]()

    def tidy() -> None:
        times.append(1)
        if len(times) == 1:
            raise db.Unavailable[0]("stopped") from AdminShutdown("stopped")

    with working(redis_url, tidy):
        queue.tick(QUEUE, TIDY.name)
        until(lambda: row().fence == 1 and row().started_at is None)
        assert row().last_outcome == RunOutcome.NONE
        queue.tick(QUEUE, TIDY.name)
        until(lambda: row().last_outcome == RunOutcome.DONE)

    assert len(times) == 2
    assert DeadLetter.select().count() == 0


@pytest.mark.slow
def test_a_long_run_keeps_its_lease_and_a_forgotten_time_is_found(redis_url: str) -> None:
    # Given a task whose message was lost a while ago
    ScheduledTask.update(due_at=now() - timedelta(minutes=1)).execute()
    ended = threading.Event()

    def tidy() -> None:
        ended.wait(120)

    # When a worker starts, then it runs the task, for as long as it takes
    with working(redis_url, tidy):
        until(lambda: row().started_at is not None)
        first = row().lease_until
        until(lambda: row().lease_until > first)
        assert row().crashes == 0
        ended.set()
        until(lambda: row().last_outcome == RunOutcome.DONE)
    assert row().fence == 1


def test_a_scheduler_that_starts_sends_all_and_then_what_is_due() -> None:
    plan = Ticking(hours())
    noon = now().replace(hour=12, minute=0, second=0, microsecond=0)

    # The first look sends a message, the next ones when an hour has passed, late or not
    looks = [0.5, 59, 61, 62, 121.5, 300]
    sent = [plan.validate(noon + timedelta(minutes=minutes)) for minutes in looks]
    assert sent == [True, False, True, False, True, True]
    assert plan.next_valid_date(noon) == noon + timedelta(hours=1)

"""Schedulers and workers of a test: real processes, with tasks that are due every few seconds.

``periodiq tests.workers.ticking:setup`` and ``dramatiq tests.workers.ticking:setup``, as the
``Procfile`` starts those of production.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

from redis import Redis

from core import db, log
from pipelines.schedules import Every, Task, by_name
from workers.main import broker
from workers.middleware.ticks import Ticks
from workers.periodic_task import ticking

ONE, EACH = "one_for_all", "one_for_each"
TASKS = by_name(
    Task(ONE, "Runs once for all that it has missed", Every(timedelta(seconds=2))),
    Task(EACH, "Runs for each", Every(timedelta(seconds=3)), makes_up_for_each=True),
)
RAN = "test:ran:"
"""A list in Redis for each task: the planned time of each run, and how many it stands for."""


def setup() -> None:
    redis_url = os.environ["REDIS_URL"]
    log.configure("ticking", "INFO")
    db.configure(os.environ["DATABASE_URL"])
    connected = broker(redis_url, tasks=TASKS)
    ticks = next(each for each in connected.middleware if isinstance(each, Ticks))
    notes = Redis.from_url(redis_url)

    for task in TASKS.values():
        ticking(task.plan)(_noting(task.name, ticks, notes))


def _noting(name: str, ticks: Ticks, notes: Redis) -> Callable[[], None]:
    def note() -> None:
        run = ticks.run()
        assert run is not None
        assert run.planned_at is not None
        notes.rpush(f"{RAN}{name}", f"{run.planned_at.isoformat()} {1 + run.missed}")

    note.__name__ = name
    return note

"""Two real schedulers, one of which is killed by turns: every planned time is run for once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis

from core import crypto
from models import ScheduledTask
from pipelines import schedules
from pipelines.schedules import QUEUE
from tests.waiting import until
from tests.workers.ticking import EACH, ONE, RAN, TASKS

ROOT = Path(__file__).resolve().parent.parent.parent
TURNS = 6
SECONDS = 4.0
"""For which one scheduler is down before it is the other's turn."""

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("record")]


@contextmanager
def process(environment: dict[str, str], program: str, *arguments: str) -> Iterator[None]:
    """A process that is killed at the end of the block, with those that it started."""
    started = subprocess.Popen(
        [Path(sys.executable).with_name(program), *arguments],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def runs(redis: Redis, name: str) -> list[tuple[datetime, int]]:
    """The planned time of each run, and how many planned times it stands for."""
    lines = [str(line).split() for line in redis.lrange(f"{RAN}{name}", 0, -1)]
    return [(datetime.fromisoformat(planned), int(count)) for planned, count in lines]


def test_every_planned_time_runs_once_while_schedulers_are_killed(
    database_url: str, redis_url: str
) -> None:
    environment = os.environ | {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    scheduler = ("periodiq", "tests.workers.ticking:setup")
    worker = ("dramatiq", "tests.workers.ticking:setup", "-p", "1", "-t", "2")
    with Redis.from_url(redis_url, decode_responses=True) as redis, ExitStack() as stack:
        # Given a worker and two schedulers, all real processes
        stack.enter_context(process(environment, *worker))
        up = [stack.enter_context(ExitStack()) for _ in range(2)]
        for each in up:
            each.enter_context(process(environment, *scheduler))
        until(lambda: runs(redis, ONE) and runs(redis, EACH))

        # When they are killed by turns and started again
        for turn in range(TURNS):
            up[turn % 2].close()
            time.sleep(SECONDS)
            up[turn % 2].enter_context(process(environment, *scheduler))
        for each in up:
            each.close()
        by_turns = [count for _, count in runs(redis, ONE)]
        # And both were down for a while
        time.sleep(SECONDS)
        up[0].enter_context(process(environment, *scheduler))
        last = ScheduledTask.get(ScheduledTask.name == EACH).due_at + timedelta(seconds=9)
        until(lambda: all(runs(redis, name)[-1][0] >= last for name in TASKS))
        ran = {name: runs(redis, name) for name in TASKS}

    for name, task in TASKS.items():
        # Then no planned time has run twice
        times = [planned for planned, _ in ran[name]]
        assert times == sorted(set(times)), name
        # And none is missing: each run goes on where the one before it has ended
        for (planned, stands_for), (following, _) in zip(ran[name], ran[name][1:], strict=False):
            assert planned + stands_for * task.plan.period == following, name
    # And it was the schedulers' work: alone, workers are ten seconds late, and so five times
    assert by_turns.count(1) > len(by_turns) / 2
    # And the task that says so has made up for each
    assert {count for _, count in ran[EACH]} == {1}


def test_the_scheduler_of_production_sends_every_task_when_it_starts(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CRYPTOGRAPHY_KEY": crypto.new_key(),
        "SECRET_KEY": "a key of the test alone",
        "MEDIA_DIR": str(tmp_path),
    }

    def sent() -> set[str]:
        messages: dict[str, str] = redis.hgetall(f"dramatiq:{QUEUE}.msgs")
        return {json.loads(message)["actor_name"] for message in messages.values()}

    with (
        Redis.from_url(redis_url, decode_responses=True) as redis,
        process(environment, "periodiq", "workers.scheduler:setup"),
    ):
        until(lambda: sent() == set(schedules.TASKS))

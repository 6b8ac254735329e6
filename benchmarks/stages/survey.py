"""Statements of the stages, ticks and keepers that read a large table whole, or far too much.

A worker with all its middleware runs in a process of its own, over a database as years of work
leave it, with statistics as at the full size. A story goes through every stage and every method of
posting; each tick runs once; each statement is explained in the state that it meets.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

import click
import dramatiq
from dramatiq import Worker

from benchmarks.admin import filled
from benchmarks.admin.filled import Sizes
from benchmarks.stages import journey, past
from benchmarks.stages.judged import KEEPERS, Judged, judged
from benchmarks.stages.outside import GONE, outside
from core import db
from core.settings import ROOT
from models import Account, Method
from pipelines.stages import STAGES
from sandbox.testing import RunningSandbox
from services import ServiceAddresses
from workers import main as workers

if TYPE_CHECKING:
    from dramatiq.brokers.redis import RedisBroker

WHOLE = "backup"
"""The stage that reads everything on purpose, by pg_dump, once a night."""
SCALE = 0.01
"""Of a million stories; ``judged.MOST`` is for this size."""
THREADS = 4
MOST_SECONDS = 900
SHOWN = 5_000
"""Characters of the end of what a failed process said."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What ran, and what is wrong with it.

    Attributes:
        statements: how many different ones each stage and tick sent, and the keepers.
        faults: what is wrong, by stage and statement.
        missing: stages and ticks that never ran, so the survey says nothing about them.
    """

    statements: dict[str, int]
    faults: dict[str, list[str]]
    missing: list[str]


def run(place: ServiceAddresses) -> Surveyed:
    """Survey every stage and tick, in about half a minute; those of the browser need Chromium.

    Args:
        place: an empty, migrated database, and Redis, which is cleared.

    Raises:
        RuntimeError: the worker's process failed; the message is the end of what it said.
    """
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.stages.survey", str(report)],
            cwd=ROOT,
            env={**os.environ, **place.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stdout[-SHOWN:])
        return Surveyed(**json.loads(report.read_text()))


@click.command()
@click.argument("report", type=click.Path(path_type=Path))
def main(report: Path) -> None:
    """The worker's process."""
    found = _survey()
    statements = {whose: len(each) for whose, each in sorted(found.ran.items())}
    missing = sorted({*STAGES, *_ticks(), KEEPERS} - statements.keys() - {WHOLE})
    surveyed = Surveyed(statements, found.faults, missing)
    report.write_text(json.dumps(asdict(surveyed)))


def _survey() -> Judged:
    with outside() as (sandbox, receiver):
        workers.check()
        with db.session():
            past.spread()
            filled.fill(Sizes.scaled(SCALE))
            accounts = journey.connect(sandbox)
            past.leave(accounts, receiver, receiver + GONE)
            past.grow(1 / SCALE)
        db.database.close_all()
        with judged() as found:
            broker = workers.broker(os.environ["REDIS_URL"])
            with db.session(), _working(broker, "none"):  # it only looks after the jobs
                journey.until(past.is_swept, "the keepers have woken what was due")
                past.hold()
            workers.setup()
            _broker().flush_all()
            with db.session(), _working(_broker(), "network", "cpu", "gpu"):
                _live(sandbox, accounts)
    return found


def _live(sandbox: RunningSandbox, accounts: dict[str, Account]) -> None:
    journey.tell_stories(sandbox)
    _tick("fetch_due_sources")
    journey.import_session(sandbox, accounts[Method.BROWSER])
    journey.disconnect(sandbox)
    journey.complete_excerpt(sandbox)
    journey.lose_file(accounts[Method.DIRECT])
    journey.post()
    past.make_due(accounts)
    _tick(*_ticks())
    journey.until(journey.settled, "no job is left to do")


@contextmanager
def _working(broker: RedisBroker, *queues: str) -> Iterator[None]:
    worker = Worker(broker, queues=set(queues), worker_threads=THREADS, worker_timeout=20)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


def _tick(*names: str) -> None:
    for name in names:
        _broker().get_actor(name).send()
    _broker().join("network")


def _ticks() -> list[str]:
    return [name for name, actor in _broker().actors.items() if "periodic" in actor.options]


def _broker() -> RedisBroker:
    return cast("RedisBroker", dramatiq.get_broker())


if __name__ == "__main__":
    main()

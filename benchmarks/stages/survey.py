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
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

import click
import dramatiq
from dramatiq import Worker

from benchmarks.admin import filled
from benchmarks.admin.filled import Sizes
from benchmarks.stages import journey, past
from benchmarks.stages.judged import Judged, judged
from benchmarks.stages.outside import GONE, outside
from core import db
from core.settings import ROOT
from services import ServiceAddresses
from workers import main as workers

if TYPE_CHECKING:
    from dramatiq.brokers.redis import RedisBroker

THREADS = 4
MOST_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What ran, and what is wrong with it.

    Attributes:
        statements: how many different ones each stage and tick sent, and the keepers.
        faults: what is wrong, by stage and statement.
    """

    statements: dict[str, int]
    faults: dict[str, list[str]]


def run(place: ServiceAddresses, *, scale: float) -> Surveyed:
    """Survey every stage and tick.

    Args:
        place: an empty, migrated database, and Redis, which is cleared.
        scale: 1.0 for a million stories.

    Raises:
        RuntimeError: the worker's process failed; the message is what it said.
    """
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "benchmarks.stages.survey", str(report), f"{scale}"]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **place.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stdout[-5000:])
        if os.environ.get("SURVEY_LOG"):
            print(done.stdout)
        return Surveyed(**json.loads(report.read_text()))


@click.command()
@click.argument("report", type=click.Path(path_type=Path))
@click.argument("scale", type=float)
def main(report: Path, scale: float) -> None:
    """The worker's process."""
    found = _survey(scale)
    statements = {whose: len(each) for whose, each in sorted(found.ran.items())}
    report.write_text(json.dumps({"statements": statements, "faults": found.faults}))
    if os.environ.get("SURVEY_LOG"):
        from workers.middleware.metrics import STAGE_SECONDS
        for m in STAGE_SECONDS.collect():
            for x in m.samples:
                if x.name.endswith("_sum"): print("SECONDS", x.labels, round(x.value,1))
        for whose, each in found.ran.items():
            for sql in each:
                print("RAN", whose, " ".join(sql.split()))


def _survey(scale: float) -> Judged:
    began = time.monotonic()
    def tell(what): print(f"{time.monotonic()-began:.1f} {what}", flush=True)
    with outside() as (sandbox, receiver):
        workers.check()
        with db.session():
            past.spread()
            filled.fill(Sizes.scaled(scale))
            tell("filled")
            accounts = journey.connect(sandbox)
            past.leave(accounts, receiver, receiver + GONE)
            past.grow(1 / scale)
            tell("past")
        db.database.close_all()
        with judged() as found:
            with db.session(), _working(workers.broker(os.environ["REDIS_URL"]), "none"):
                journey.until(past.is_swept, "the keepers have looked after the past")
            past.hold()
            tell("keepers")
            workers.setup()
            _broker().flush_all()
            with db.session(), _working(_broker(), "network", "cpu", "gpu"):
                journey.tell_stories(sandbox)
                _tick("fetch_due_sources")
                journey.import_session(sandbox, accounts["browser"])
                journey.disconnect(sandbox)
                journey.complete_excerpt(sandbox)
                tell("fetched")
                journey.post()
                tell("posted")
                past.make_due(accounts)
                _tick(*_ticks())
                tell("ticks")
                journey.until(journey.settled, "no job is left to do")
                tell("settled")
    return found


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

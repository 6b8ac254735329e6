"""A worker as in production, in this process: real Redis, real PostgreSQL, all middleware."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from dramatiq import Worker

from core.db import transaction
from models import Job
from pipelines import ledger
from workers.main import broker
from workers.stage_actor import stage_actor


@contextmanager
def running(
    redis_url: str,
    *stages: Callable[[int], None],
    queues: Sequence[str] = ("cpu",),
    threads: int = 1,
) -> Iterator[Worker]:
    """A worker for ``queues``; ``stages`` are functions named after stages."""
    connected = broker(redis_url)
    for stage in stages:
        stage_actor(stage)
    worker = Worker(connected, queues=set(queues), worker_threads=threads, worker_timeout=20)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
        connected.close()


def enqueued(stage: str, *subjects: int, request_id: str = "") -> None:
    with transaction():
        for subject in subjects:
            ledger.enqueue(stage, subject, request_id=request_id)


def job(stage: str, subject: int = 1) -> Job:
    found = Job.of(stage, subject)
    assert found is not None
    return found

"""Cost of the ledger and its middleware: a no-op stage through the whole stack, layer by layer.

Each layer adds one thing to the previous one, in the same process, on the same PostgreSQL and
Redis. Every round runs all layers, so that a slow moment of the machine affects all equally.
"""

from __future__ import annotations

import statistics
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import dramatiq
import requests
from dramatiq import Broker, Middleware, Worker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import (
    AgeLimit,
    Callbacks,
    Pipelines,
    Retries,
    ShutdownNotifications,
    TimeLimit,
)

from benchmarks.rows import Row
from core import crypto, db, queue, settings, telemetry
from core.db import database, transaction
from core.limiter import Limit, Limiter
from pipelines import ledger
from pipelines.rate_limits import STAGE_LIMITS
from pipelines.stages import STAGES, Stage
from workers.main import quiet_stale_hints
from workers.middleware.database import DatabaseConnection
from workers.middleware.dead_letter import DeadLetters
from workers.middleware.lease import Lease
from workers.middleware.log_context import LogContext
from workers.middleware.metrics import Metrics
from workers.middleware.rate_limit import RateLimit
from workers.stage_actor import claim

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGE = "noop"
THREADS = 4


def run(redis_url: str, *, messages: int = 1000, repeats: int = 3) -> list[Row]:
    """Median milliseconds per message for each layer, and the total cost over plain dramatiq.

    Args:
        redis_url: a separate logical database; it is emptied.
        messages: messages per round.
        repeats: rounds of all layers.
    """
    quiet_stale_hints()
    STAGES[STAGE] = Stage(STAGE, "cpu", "nothing")
    STAGE_LIMITS[STAGE] = lambda _subject: [Limit("noop", count=1_000_000, seconds=60)]
    layers = (
        ("plain dramatiq", _bare, False),
        ("log, connection", _around, False),
        ("job row, claim, lease, finish", _with_ledger, True),
        ("one rate limit", partial(_limited, redis_url), True),
        ("metrics, scraped every second (the whole stack)", partial(_whole, redis_url), True),
    )
    seconds: dict[str, list[float]] = {name: [] for name, _, _ in layers}
    try:
        for _ in range(repeats):
            for name, middleware, with_jobs in layers:
                seconds[name].append(_round(redis_url, middleware(), messages, with_jobs=with_jobs))
    finally:
        del STAGES[STAGE], STAGE_LIMITS[STAGE]
    return _rows(seconds, messages)


def _bare() -> list[Middleware]:
    return [AgeLimit(), TimeLimit(), ShutdownNotifications(), Callbacks(), Pipelines(), Retries()]


def _around() -> list[Middleware]:
    return [Pipelines(), LogContext(), DatabaseConnection()]


def _with_ledger() -> list[Middleware]:
    lease = Lease(sweep_seconds=3600)
    return [*_around(), lease, DeadLetters(lease=lease)]


def _limited(redis_url: str) -> list[Middleware]:
    lease = Lease(sweep_seconds=3600)
    return [*_around(), RateLimit(Limiter.at(redis_url)), lease, DeadLetters(lease=lease)]


def _whole(redis_url: str) -> list[Middleware]:
    return [_Watched(redis_url), Metrics(), *_limited(redis_url)]


class _Watched(Middleware):
    """Telemetry as in production, and a Prometheus that asks ten times as often as it would."""

    def __init__(self, redis_url: str) -> None:
        self.redis_url = redis_url
        self.ended = threading.Event()

    def after_worker_boot(self, broker: Broker, worker: Worker) -> None:
        values = {
            "DATABASE_URL": "postgresql://as-configured",
            "REDIS_URL": self.redis_url,
            "CRYPTOGRAPHY_KEY": crypto.new_key(),
            "SECRET_KEY": crypto.new_key(),
            "METRICS_PORT": "0",
        }
        self.served = telemetry.start("cpu", settings.read(values))
        threading.Thread(target=self._scrape, daemon=True).start()

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        self.ended.set()
        self.served.stop()
        db.watch(0)

    def _scrape(self) -> None:
        while not self.ended.wait(1.0):
            requests.get(f"http://{self.served.endpoint.address}/metrics", timeout=10)


def _rows(seconds: dict[str, list[float]], messages: int) -> list[Row]:
    rows, before = [], 0.0
    for name, taken in seconds.items():
        each = statistics.median(taken) / messages * 1000
        rows.append(Row(f"{name}: per message", each, "ms"))
        if before:
            rows.append(Row(f"{name}: added", each - before, "ms"))
        before = each
    first, *_, last = (statistics.median(taken) for taken in seconds.values())
    rows.append(Row("plain dramatiq", messages / first, "messages/s"))
    rows.append(Row("the whole stack", messages / last, "messages/s"))
    rows.append(Row("whole stack / plain", last / first, "x"))
    return rows


def _round(
    redis_url: str, middleware: list[Middleware], messages: int, *, with_jobs: bool
) -> float:
    """Seconds from the first wake-up until the last message is done, including sending."""
    with _worker(redis_url, middleware, with_jobs=with_jobs) as (broker, send):
        if with_jobs:
            database.execute_sql("DELETE FROM job WHERE stage = %s", (STAGE,))
        began = time.perf_counter()
        for number in range(messages):
            send(number)
        broker.join("cpu")
        taken = time.perf_counter() - began
        if with_jobs and (done := _done()) != messages:
            raise RuntimeError(f"only {done} of {messages} jobs were done")
        return taken


def _done() -> int:
    cursor = database.execute_sql(
        "SELECT count(*) FROM job WHERE stage = %s AND state = 'done'", (STAGE,)
    )
    return int(cursor.fetchone()[0])


@contextmanager
def _worker(
    redis_url: str, middleware: list[Middleware], *, with_jobs: bool
) -> Iterator[tuple[RedisBroker, Callable[[int], object]]]:
    broker = queue.connect(redis_url, middleware=middleware)
    broker.flush_all()

    def noop(_subject: int) -> None:
        if with_jobs:
            with claim().finish():
                pass

    name = STAGE if with_jobs else f"bare-{uuid.uuid4().hex}"
    actor = dramatiq.actor(actor_name=name, queue_name="cpu", broker=broker)(noop)

    def send_with_job(subject: int) -> None:
        with transaction():
            ledger.enqueue(STAGE, subject)

    worker = Worker(broker, queues={"cpu"}, worker_threads=THREADS, worker_timeout=50)
    worker.start()
    try:
        with db.session():
            yield broker, send_with_job if with_jobs else actor.send
    finally:
        worker.stop()
        broker.close()

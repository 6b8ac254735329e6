"""Claims the job behind a message, renews its lease while it runs, and cleans up after crashes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import structlog
from dramatiq import Broker, MessageProxy, Middleware, Worker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import SkipMessage
from redis.exceptions import RedisError

from core import db
from core.db import errors as db_errors
from pipelines import ledger
from pipelines.ledger import Claim, InterruptedByShutdownError, LeaseLostError
from pipelines.stages import STAGES
from workers import worker_processes

log = structlog.get_logger(__name__)

GENERATION = "storymill:generation"
"""A key that disappears when Redis loses its data, and the wake-ups with it."""


class _Mine(threading.local):
    def __init__(self) -> None:
        self.claims: list[Claim] = []


class Lease(Middleware):
    """One claim per message, renewed while the actor runs.

    Every worker also sweeps, so no separate sweeper is needed.

    Parameters:
      sweep_seconds: how often to look for expired leases and due jobs.
    """

    def __init__(self, *, sweep_seconds: float = 1.0) -> None:
        self.worker = worker_processes.of_this_process()
        self.sweep_seconds = sweep_seconds
        self.held: dict[int, Claim] = {}
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.ended = threading.Event()
        self.recovered = False
        self.free_from = 0.0
        self._mine = _Mine()

    # ── around a message ─────────────────────────────────────────────────────────────────────

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        self._mine.claims = []
        if message.actor_name not in STAGES:
            return
        try:
            claim = ledger.claim(message.actor_name, message.args[0], self.worker)
        except Exception as error:
            # Anything but a MiddlewareError would be logged and the actor run without a claim.
            log.exception("claim_failed")
            raise SkipMessage("the job could not be claimed") from error
        if claim is None:
            raise SkipMessage("a stale wake-up: the job is not due")
        self._hold([claim])

    def claims(self) -> list[Claim]:
        """The claims of the message that this thread works on; the first is its own."""
        return self._mine.claims

    def claim_more(self, limit: int) -> list[Claim]:
        """Claim more due jobs of the same stage, for one batch with the message's own."""
        more = ledger.claim_more(self._mine.claims[0].stage, limit, self.worker)
        self._hold(more)
        return self._mine.claims

    def _hold(self, claims: list[Claim]) -> None:
        with self.lock:
            for claim in claims:
                if self.stopping.is_set():
                    claim.stopping.set()
                self.held[claim.job_id] = claim
        self._mine.claims = [*self._mine.claims, *claims]

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        with self.lock:
            for claim in self._mine.claims:
                self.held.pop(claim.job_id, None)
        self._mine.claims = []

    # ── the keeper threads ────────────────────────────────────────────────────────────────────────

    def after_worker_boot(self, broker: Broker, worker: Worker) -> None:
        queues = sorted(worker.consumer_whitelist or broker.queues)
        # Two threads: leases must be renewed even while Redis does not answer.
        for keep, every in (
            (self._renew, ledger.RENEW_SECONDS),
            (partial(self._sweep, cast("RedisBroker", broker), queues), self.sweep_seconds),
        ):
            threading.Thread(
                target=self._go_on, args=(keep, every), name="lease-keeper", daemon=True
            ).start()

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        self.stopping.set()
        with self.lock:
            for claim in self.held.values():
                claim.stopping.set()

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        """Put back work that did not stop in time; its late result is refused."""
        self.ended.set()
        with self.lock:
            left = list(self.held.values())
        for claim in left:
            try:
                with db.session():
                    ledger.put_back(
                        claim, InterruptedByShutdownError("The worker is stopping.", after=0)
                    )
            except (LeaseLostError, *db.Unavailable) as error:
                log.warning("not_put_back", job=claim.job_id, error=str(error).strip())

    def _go_on(self, keep: Callable[[], None], every: float) -> None:
        while not self.ended.is_set():
            try:
                with db.session():
                    keep()
            except Exception as error:
                # The keeper must survive every error: without it every lease expires.
                if db_errors.holds_up(error):
                    # All leases may have expired meanwhile: let the workers renew them first.
                    self.free_from = time.monotonic() + ledger.LEASE_SECONDS
                    log.warning("keeper_waits_for_database", error=str(error).strip())
                else:
                    log.exception("keeper_failed")
            self.ended.wait(every)

    def _renew(self) -> None:
        with self.lock:
            held = list(self.held.values())
        ledger.renew(held)

    def _sweep(self, broker: RedisBroker, queues: list[str]) -> None:
        if not self.recovered:
            worker_processes.recover(queues)
            self.recovered = True
        if self.stopping.is_set():
            return
        answers = self._queue_answers(broker)
        ledger.sweep(free=time.monotonic() >= self.free_from, send_due_wakeups=answers)

    def _queue_answers(self, broker: RedisBroker) -> bool:
        """Whether Redis accepts messages; after it lost its data, all wake-ups are sent again."""
        try:
            if not broker.client.exists(GENERATION):
                log.warning("queue_was_empty")
                ledger.forget_wakeups()
                broker.client.set(GENERATION, "1")
        except RedisError as error:
            log.warning("keeper_waits_for_redis", error=str(error))
            return False
        return True

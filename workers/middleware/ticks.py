"""Claims the planned time behind the message of a periodic task, and sends what was forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from dramatiq import Broker, MessageProxy, Middleware, Worker
from dramatiq.middleware import SkipMessage

from core import db
from core.db import errors as db_errors
from models import now
from pipelines import schedules
from pipelines.schedules import TASKS, Run, Task

log = structlog.get_logger(__name__)

STALE_SECONDS = 30.0
"""After which a message of a scheduler's sign of life says nothing."""


class _Mine(threading.local):
    def __init__(self) -> None:
        self.run: Run | None = None


class Ticks(Middleware):
    """Lets a periodic task's message pass once for each planned time.

    Every worker also looks for planned times whose message was lost, and for runs whose worker
    died; so no scheduler has to be up for the tasks to run, only for them to be on time.

    Parameters:
      tasks: the periodic tasks.
      look_seconds: how often to look.
    """

    def __init__(self, *, tasks: Mapping[str, Task] = TASKS, look_seconds: float = 2.0) -> None:
        self.tasks = tasks
        self.look_seconds = look_seconds
        self.held: dict[int, Run] = {}
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.stopping = threading.Event()
        self.known = False
        self.free_from = 0.0
        self._mine = _Mine()

    @property
    def actor_options(self) -> set[str]:
        """``periodic`` is what periodiq's scheduler reads."""
        return {"periodic"}

    # ── around a message ─────────────────────────────────────────────────────────────────────

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        self._mine.run = None
        sent_for = _sent_for(message)
        task = self.tasks.get(message.actor_name)
        if task is None:
            if sent_for and sent_for < now() - timedelta(seconds=STALE_SECONDS):
                raise SkipMessage("a scheduler sent it too long ago")
            return
        try:
            run = schedules.claim(task, sent_for=sent_for)
        except Exception as error:
            # Anything but a MiddlewareError would be logged and the task run without a claim.
            log.exception("tick_not_claimed", task=task.name)
            raise SkipMessage("the planned time could not be claimed") from error
        if run is None:
            raise SkipMessage("nothing is due: another message was first, or it is paused")
        with self.lock:
            self.held[run.task_id] = run
        self._mine.run = run

    def run(self) -> Run | None:
        """The run of the message that this thread works on; None if it is no periodic task."""
        return self._mine.run

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        run, self._mine.run = self._mine.run, None
        if run is not None:
            with self.lock:
                self.held.pop(run.task_id, None)

    # ── the keeper thread ────────────────────────────────────────────────────────────────────────

    def after_worker_boot(self, broker: Broker, worker: Worker) -> None:
        threading.Thread(target=self._go_on, name="tick-keeper", daemon=True).start()

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        self.stopping.set()

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        self.ended.set()

    def _go_on(self) -> None:
        while not self.ended.is_set():
            try:
                with db.session():
                    self._look()
            except Exception as error:
                # It must survive every error: without it the leases expire.
                if db_errors.holds_up(error):
                    # All leases may have expired meanwhile: let the workers renew them first.
                    self.free_from = time.monotonic() + schedules.LEASE_SECONDS
                    log.warning("ticks_wait_for_database", error=str(error).strip())
                else:
                    log.exception("ticks_not_kept")
            self.ended.wait(self.look_seconds)

    def _look(self) -> None:
        if not self.known:
            schedules.ensure(self.tasks)
            self.known = True
        with self.lock:
            held = list(self.held.values())
        schedules.renew(held)
        if not self.stopping.is_set():
            schedules.sweep(self.tasks, free=time.monotonic() >= self.free_from)


def _sent_for(message: MessageProxy) -> datetime | None:
    """The planned time for which a scheduler has sent the message."""
    sent_for = message.options.get("scheduled_at")
    return datetime.fromisoformat(sent_for) if sent_for else None

"""How long each stage takes, and how it ends."""

from __future__ import annotations

import threading
import time
from typing import Any

from dramatiq import Broker, MessageProxy, Middleware
from dramatiq.middleware import Interrupt
from prometheus_client import Counter, Histogram

from core.errors import Parked, Permanent, Retryable, Wait
from pipelines.ledger import InterruptedByShutdownError, LeaseLostError

STAGE_SECONDS = Histogram(
    "storymill_stage_seconds",
    "Wall time of one try at a stage, or of a periodic task",
    ["stage", "outcome"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320),
)
WAKEUPS_SKIPPED = Counter(
    "storymill_wakeups_skipped_total", "Wake-ups that led to no work", ["stage"]
)


class Metrics(Middleware):
    def __init__(self) -> None:
        self._local = threading.local()

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        self._local.began = time.monotonic()

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        STAGE_SECONDS.labels(message.actor_name, outcome(exception)).observe(
            time.monotonic() - self._local.began
        )

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        WAKEUPS_SKIPPED.labels(message.actor_name).inc()


OUTCOMES: tuple[tuple[type[BaseException], str], ...] = (
    (InterruptedByShutdownError, "interrupted"),
    (Interrupt, "interrupted"),
    (LeaseLostError, "lost"),
    (Wait, "waits"),
    (Parked, "parked"),
    (Permanent, "failed"),
    (Retryable, "retried"),
    (BaseException, "error"),
)
"""What counts as what; the first that fits."""


def outcome(exception: BaseException | None) -> str:
    if exception is None:
        return "done"
    return next(word for kind, word in OUTCOMES if isinstance(exception, kind))

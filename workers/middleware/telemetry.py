"""Serves the process's metrics and state, and reports it as alive, from when it can work."""

from __future__ import annotations

from dramatiq import Broker, Middleware, Worker

from core import telemetry
from core.settings import Settings


class Telemetry(Middleware):
    """Starts telemetry once Dramatiq has forked the worker process.

    Parameters:
      config: the checked configuration.
    """

    def __init__(self, config: Settings) -> None:
        self.config = config
        self.served: telemetry.Telemetry | None = None

    def after_worker_boot(self, broker: Broker, worker: Worker) -> None:
        (queue,) = worker.consumer_whitelist or {""}
        self.served = telemetry.start(queue, self.config)

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        if self.served:
            self.served.stop()

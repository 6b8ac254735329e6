"""What every process tells about itself: metrics, health, readiness and heartbeats.

Each process counts in its own memory (``prometheus_client``) and serves that on a port of its own,
so nothing is written to disk and nothing is left when it dies (docs/decisions/0012). A metric is
defined in the file that counts it. Its name is ``storymill_`` and what it counts, with the base
unit at its end, and no label names a story, a post or an account.

A process calls ``start`` once, after it has been forked.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from prometheus_client import REGISTRY, disable_created_metrics
from prometheus_client.registry import Collector

from core import db
from core.settings import Settings
from core.telemetry import endpoint
from core.telemetry.heartbeats import PROCESSES, Heart, Heartbeats
from core.telemetry.process_metrics import ProcessCollector
from core.telemetry.readiness import Readiness

log = structlog.get_logger(__name__)


class Telemetry:
    """A process's endpoint and heartbeat; ``stop`` ends both."""

    def __init__(
        self, process: str, config: Settings, collectors: Sequence[Collector] = ()
    ) -> None:
        """Start to serve and to beat.

        Args:
            process: one of ``PROCESSES``.
            config: where to listen, and what readiness looks at.
            collectors: what this process reads for others when it is asked.
        """
        disable_created_metrics()  # type: ignore[no-untyped-call]  # twice as many figures, which nobody asks for
        db.watch(config.slow_query_ms / 1000)
        self.heartbeats = Heartbeats.at(config.redis_url.get_secret_value())
        self.readiness = Readiness(config.media_dir)
        own = ProcessCollector(config.media_dir, self.readiness, self.heartbeats)
        self.collectors = (own, *collectors)
        for collector in self.collectors:
            REGISTRY.register(collector)
        self.endpoint = endpoint.Endpoint(
            host=config.metrics_host,
            ports=ports(process, config.metrics_port),
            ready=self.readiness.look,
            targets=self.heartbeats.targets,
        )
        self.heart = Heart(self.heartbeats, process, self.endpoint.address)
        self.endpoint.start()
        self.heart.start()
        log.info("telemetry_served", at=self.endpoint.address)

    def stop(self) -> None:
        self.heart.stop()
        self.endpoint.stop()
        for collector in self.collectors:
            REGISTRY.unregister(collector)


def start(process: str, config: Settings, collectors: Sequence[Collector] = ()) -> Telemetry:
    """Serve the process's metrics and state, and report it as alive."""
    return Telemetry(process, config, collectors)


def ports(process: str, first: int) -> tuple[int, ...]:
    """The ports that a process tries, in order: ten of its own, then any; 0 is any free port."""
    if not first:
        return (0,)
    own = first + 10 * PROCESSES.index(process)
    return (*range(own, own + 10), 0)

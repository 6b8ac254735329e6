"""Gauges that a process reads when it is asked: readiness, pool, disk, everybody's heartbeats."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from core import db
from core.telemetry.heartbeats import ALIVE_SECONDS, PROCESSES, Heartbeats
from core.telemetry.readiness import OK, Readiness

log = structlog.get_logger(__name__)


class ProcessCollector(Collector):
    def __init__(self, media_dir: Path, readiness: Readiness, heartbeats: Heartbeats) -> None:
        self._media_dir = media_dir
        self._readiness = readiness
        self._heartbeats = heartbeats

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: without it, registering would already collect."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield self._ready()
        yield from _pool()
        yield from self._disk()
        yield from self._ages()

    def _ready(self) -> GaugeMetricFamily:
        ready = GaugeMetricFamily(
            "storymill_ready", "1 if the process can use it, else 0", labels=["part"]
        )
        for part, state in self._readiness.look().items():
            ready.add_metric([part], float(state == OK))
        return ready

    def _disk(self) -> Iterator[GaugeMetricFamily]:
        try:
            disk = shutil.disk_usage(self._media_dir)
        except OSError as error:
            log.warning("disk_not_measured", error=error.strerror)
            return
        yield GaugeMetricFamily(
            "storymill_media_disk_free_bytes", "Free bytes on the disk of MEDIA_DIR", disk.free
        )
        yield GaugeMetricFamily(
            "storymill_media_disk_size_bytes", "Size of the disk of MEDIA_DIR", disk.total
        )

    def _ages(self) -> Iterator[GaugeMetricFamily]:
        try:
            heard = self._heartbeats.heard()
        except RedisError as error:
            log.warning("heartbeats_not_read", error=str(error))
            return
        age = GaugeMetricFamily(
            "storymill_heartbeat_age_seconds",
            "Since the newest report of a process of this kind; infinite after an hour",
            labels=["kind"],
        )
        alive = GaugeMetricFamily(
            "storymill_processes_alive", "Processes of this kind, on all hosts", labels=["kind"]
        )
        for process in PROCESSES:
            ages = [one.age for one in heard if one.process == process]
            age.add_metric([process], min(ages, default=float("inf")))
            alive.add_metric([process], sum(each < ALIVE_SECONDS for each in ages))
        yield from (age, alive)


def _pool() -> Iterator[GaugeMetricFamily]:
    used, size = db.pool_use()
    yield GaugeMetricFamily(
        "storymill_pool_connections_in_use", "Connections to PostgreSQL that threads hold", used
    )
    yield GaugeMetricFamily(
        "storymill_pool_connections_max", "Most connections that the process may hold", size
    )

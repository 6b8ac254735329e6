"""The backlog and the rate limits as metrics, read when Prometheus asks.

One process serves them, the scheduler: they are the same whoever reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from typing import TypeVar

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core import db
from core.limiter import Limiter
from core.telemetry.bounded import Bounded
from pipelines import backlog, limit_use, rate_limits
from pipelines.backlog import Backlog
from pipelines.limit_use import LimitUse

log = structlog.get_logger(__name__)

ANSWER_WITHIN = 4.0
"""Seconds that Prometheus waits for these figures; if they are late it gets only the others."""

Read = TypeVar("Read")


class BacklogCollector(Collector):
    """Reads anew each time; without PostgreSQL or Redis the figures that need it are left out.

    Args:
        limiter: knows how far the limits are used.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._backlog = Bounded(_read_backlog)
        self._limits = Bounded(self._read_limits)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: without it, registering would already collect."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        asked = self._backlog.begin()
        limits = self._limits.begin()
        found, used = _answer(asked, "backlog"), _answer(limits, "limits")
        readable = GaugeMetricFamily(
            "storymill_backlog_readable", "1 if it could be read, else 0", labels=["what"]
        )
        readable.add_metric(["backlog"], float(found is not None))
        readable.add_metric(["limits"], float(used is not None))
        yield readable
        if found is not None:
            yield from _of_backlog(found)
        if used is not None:
            yield from _of_limits(used)

    def _read_limits(self) -> list[LimitUse]:
        with db.session():
            return limit_use.of_all(rate_limits.describe(), self._limiter)


def _read_backlog() -> Backlog:
    with db.session():
        return backlog.read()


def _answer(asked: Future[Read], what: str) -> Read | None:
    try:
        return asked.result(timeout=ANSWER_WITHIN)
    except Exception as error:  # noqa: BLE001  # the figures of this process are served in any case
        log.warning("figures_not_read", what=what, error=type(error).__name__)
        return None


def _of_backlog(found: Backlog) -> Iterator[GaugeMetricFamily]:
    jobs = GaugeMetricFamily(
        "storymill_jobs",
        "Jobs by stage, up to 10,000 of each: due, due later, running",
        labels=["queue", "stage", "state"],
    )
    for each in found.stages:
        for state, number in (("due", each.due), ("later", each.later), ("running", each.running)):
            jobs.add_metric([each.queue, each.stage, state], number)
    yield jobs
    oldest = GaugeMetricFamily(
        "storymill_queue_oldest_due_seconds",
        "Since the queue's oldest waiting job became due; 0 if none is due",
        labels=["queue"],
    )
    for queue in sorted({each.queue for each in found.stages}):
        oldest.add_metric([queue], found.oldest(queue))
    yield oldest
    yield GaugeMetricFamily(
        "storymill_dead_letters_open", "Failures that nobody has resolved", found.dead_letters
    )
    yield _by(
        "storymill_jobs_held_up", "Waiting jobs by what holds them up", "reason", found.held_up
    )
    yield _by("storymill_posts", "Posts that are not over, by state", "state", found.posts)
    yield _by(
        "storymill_stories_to_review", "Stories that wait for a person", "state", found.stories
    )
    yield _by("storymill_accounts", "Accounts by state", "state", found.accounts)


def _of_limits(used: list[LimitUse]) -> Iterator[GaugeMetricFamily]:
    share = GaugeMetricFamily(
        "storymill_limit_used_ratio",
        "Part of a rate limit that is used, by the account or host that uses it most",
        labels=["limit"],
    )
    waiting = GaugeMetricFamily(
        "storymill_limit_waiting", "Jobs that wait for a rate limit", labels=["limit"]
    )
    pause = GaugeMetricFamily(
        "storymill_limit_pause_seconds",
        "Rest of a pause that a service asked for",
        labels=["limit"],
    )
    for each in used:
        name, most = each.limit.now.name, max(1, each.limit.now.count)
        share.add_metric([name], each.fullest.used / most if each.fullest else 0.0)
        waiting.add_metric([name], each.waiting)
        pause.add_metric([name], each.held)
    yield from (share, waiting, pause)


def _by(name: str, what: str, label: str, numbers: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=[label])
    for value, number in numbers.items():
        family.add_metric([str(value)], number)
    return family

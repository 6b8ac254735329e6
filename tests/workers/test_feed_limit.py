"""Feeds of one host, in a real worker: one after another, and no sooner than the host allows."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dramatiq
import pytest
from dramatiq import Worker

from adapters.feeds.feed import FeedSource
from core import queue
from core.db import transaction
from core.limiter import Limiter
from models import DeadLetter, Job, JobState, LimitSetting, Source, SourceKind
from pipelines import ledger
from pipelines.rate_limits import FEED, Limits, feed_limit
from pipelines.stories.intake.fetch import fetch as fetch_stories
from tests.pipelines.production.making import a_source
from tests.waiting import until
from tests.workers.test_rate_limit import no_grants
from workers.middleware.database import DatabaseConnection
from workers.middleware.dead_letter import DeadLetters
from workers.middleware.lease import Lease
from workers.middleware.rate_limit import RateLimit
from workers.stage_actor import claim

__all__ = ["no_grants"]

pytestmark = [pytest.mark.usefixtures("record", "no_grants"), pytest.mark.slow]

WINDOW = 2.0
"""Seconds in which the host allows one request."""


class Host(ThreadingHTTPServer):
    """Like Reddit since June 2026: one request in a window, and headers that say so."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[float] = []
        self.refused = 0


class Answer(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        now, host = time.monotonic(), self.server
        early = bool(host.asked) and now - host.asked[-1] < WINDOW
        left = WINDOW - (now - host.asked[-1]) if early else WINDOW
        host.refused += early
        if not early:
            host.asked.append(now)
        self.send_response(429 if early else 200)
        self.send_header("x-ratelimit-remaining", "0.0")
        self.send_header("x-ratelimit-reset", f"{left:.2f}")
        self.end_headers()
        self.wfile.write(b'<rss version="2.0"><channel><title>T</title></channel></rss>')

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def fetching(redis_url: str) -> Iterator[None]:
    """A worker with four threads and the stage "fetch"."""
    lease, limiter = Lease(sweep_seconds=0.1), Limiter.at(redis_url)
    limited = [DatabaseConnection(), RateLimit(limiter, limits=Limits(cache_seconds=0))]
    broker = queue.connect(redis_url, middleware=[*limited, lease, DeadLetters(lease=lease)])
    feeds = FeedSource(
        user_agent="storymill-tests/1 (tests)",
        allowed_hosts={"127.0.0.1"},
        slow_down=lambda feed, seconds: limiter.hold(feed_limit(feed), seconds),
    )

    @dramatiq.actor(queue_name="network")
    def fetch(source_id: int) -> None:
        fetch_stories(source_id, claim(), lambda _kind: feeds)

    running = Worker(broker, queues={"network"}, worker_threads=4, worker_timeout=20)
    running.start()
    try:
        yield
    finally:
        running.stop()
        broker.close()


def test_five_feeds_of_one_host_all_get_their_turn(host: Host, redis_url: str) -> None:
    # Given five feeds of a host that allows one request in two seconds, which we don't know
    LimitSetting.create(name=FEED.name, count=1, seconds=0.3)
    place = f"http://127.0.0.1:{host.server_port}"
    sources = [a_source(kind=SourceKind.FEED, place=f"{place}/{n}/.rss") for n in range(5)]

    # When four threads find all of them due
    with fetching(redis_url):
        with transaction():
            for source in sources:
                ledger.enqueue("fetch", source.id)
        until(lambda: Job.select().where(Job.state == JobState.DONE).count() == 5)

    # Then each is fetched, in its own time, and none was refused or given up
    gaps = [later - earlier for earlier, later in zip(host.asked, host.asked[1:], strict=False)]
    assert len(gaps) == 4
    assert min(gaps) >= WINDOW
    assert host.refused <= 1  # a request that was sent before the first answer came
    assert DeadLetter.select().count() == 0
    assert Source.select().where(Source.last_error != "").count() == 0

"""Rate limits in a real worker, with real Redis and PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import dramatiq
import pytest
from dramatiq import Worker
from redis import Redis
from structlog.testing import capture_logs

from core import queue
from core.db import database, transaction
from core.errors import Retryable
from core.limiter import PREFIX, Limiter, beside
from models import Job, JobState, LimitSetting
from pipelines import ledger
from pipelines.rate_limits import SCRIPT, Limits
from tests.waiting import until
from workers.middleware.database import DatabaseConnection
from workers.middleware.dead_letter import DeadLetters
from workers.middleware.lease import Lease
from workers.middleware.rate_limit import RateLimit
from workers.stage_actor import claim

pytestmark = pytest.mark.usefixtures("record", "no_grants")

NOWHERE = "redis://127.0.0.1:9/0"


@pytest.fixture
def no_grants(redis_url: str) -> Iterator[None]:
    with Redis.from_url(beside(redis_url)) as redis:
        yield
        for key in redis.scan_iter(f"{PREFIX}:*"):
            redis.delete(key)


@contextmanager
def worker(
    redis_url: str, *, limits_at: str = "", claims: bool = True, fails: Exception | None = None
) -> Iterator[list[int]]:
    """A worker with one thread, the script stage and an actor without limits; yields what ran.

    Without ``claims`` only the limits run before the actor.
    """
    ran: list[int] = []
    lease = Lease(sweep_seconds=0.1)
    limiter = Limiter.at(limits_at or redis_url)
    limited = [DatabaseConnection(), RateLimit(limiter, limits=Limits(cache_seconds=0))]
    claiming = [lease, DeadLetters(lease=lease)] if claims else []
    broker = queue.connect(redis_url, middleware=[*limited, *claiming])

    @dramatiq.actor(queue_name="network")
    def script(story_id: int) -> None:
        ran.append(story_id)
        if fails:
            raise fails
        with claim().finish():
            pass

    @dramatiq.actor(queue_name="network")
    def unlimited(story_id: int) -> None:
        ran.append(story_id)

    running = Worker(broker, queues={"network"}, worker_threads=1, worker_timeout=20)
    running.start()
    try:
        yield ran
    finally:
        running.stop()
        broker.close()


def enqueued(*stories: int) -> None:
    with transaction():
        for story in stories:
            ledger.enqueue("script", story)


def job(story: int) -> Job:
    found = Job.of("script", story)
    assert found is not None
    return found


@pytest.mark.slow
def test_a_job_over_the_limit_waits_without_using_an_attempt(redis_url: str) -> None:
    # Given a limit of one script in three seconds, set at run time
    LimitSetting.create(name=SCRIPT.name, count=1, seconds=3.0)

    with worker(redis_url) as ran:
        # When two stories are due
        enqueued(1, 2)
        until(lambda: job(2).waits_for != "")

        # Then the second one waits, without using an attempt, and says why
        waiting = job(2)
        assert ran == [1]
        assert (waiting.state, waiting.attempts, waiting.worker) == (JobState.WAITING, 0, "")
        assert "rate limit script_request (1 in 3 s)" in ledger.explain(waiting)

        # And the worker's only thread is free for other work
        dramatiq.get_broker().get_actor("unlimited").send(77)
        until(lambda: 77 in ran)
        assert job(2).state == JobState.WAITING

        # And it runs later by itself, in the first attempt
        until(lambda: job(2).state == JobState.DONE)
        assert job(2).attempts == 1
        assert ran == [1, 77, 2]
        assert (job(2).finished_at - job(1).finished_at).total_seconds() > 2.9


def test_while_the_limits_cannot_be_checked_nothing_may_pass(redis_url: str) -> None:
    # Given a worker that gets messages but can't reach its limits
    with worker(redis_url, limits_at=NOWHERE, claims=False) as ran:
        # When a job is due
        enqueued(1)
        until(lambda: job(1).waits_for != "")
        time.sleep(0.3)

        # Then the actor has not run, and the job says why
        assert ran == []
        assert (job(1).state, job(1).attempts) == (JobState.WAITING, 0)
        assert "Redis does not answer (rate limits)" in ledger.explain(job(1))


def test_with_a_database_error_nothing_may_pass_either(redis_url: str) -> None:
    # Given limits whose settings can't be read
    database.execute_sql("ALTER TABLE limit_setting RENAME TO gone")

    with capture_logs(), worker(redis_url) as ran:
        enqueued(1)
        time.sleep(0.5)

        # Then the actor does not run; a plain exception in a middleware would not stop it
        assert ran == []
        assert (job(1).state, job(1).attempts) == (JobState.WAITING, 0)
        assert "The rate limits can't be checked (ProgrammingError)" in ledger.explain(job(1))

        # And when they can be read again, its next try runs it
        database.execute_sql("ALTER TABLE gone RENAME TO limit_setting")
        with transaction():
            ledger.wake("script", 1)
        until(lambda: job(1).state == JobState.DONE)


def test_stale_and_doubled_wakeups_take_no_grant(redis_url: str) -> None:
    # Given two scripts a minute
    LimitSetting.create(name=SCRIPT.name, count=2, seconds=60)

    with worker(redis_url) as ran:
        # When one story's job is woken again and again, during and after its run
        enqueued(1)
        for _ in range(10):
            ledger.send_wakeup("script", 1)
        until(lambda: job(1).state == JobState.DONE)
        for _ in range(5):
            ledger.send_wakeup("script", 1)
            ledger.send_wakeup("script", 404)

        # Then it has run once, and the other grant is left for the next story
        enqueued(2)
        until(lambda: job(2).state == JobState.DONE)
        assert ran == [1, 2]


def test_a_pause_that_a_service_asks_for_holds_in_all_workers(redis_url: str) -> None:
    # Given a service that answers the first request with "wait 30 seconds"
    refusal = Retryable("The writer asks to slow down.", code="rate_limit_exceeded", after=30)
    with worker(redis_url, fails=refusal) as ran:
        enqueued(1)
        until(lambda: job(1).error != "")
    assert ran == [1]

    # When another worker has a job for the same service
    with worker(redis_url) as ran:
        enqueued(2)
        until(lambda: job(2).waits_for != "")

        # Then that job waits as well
        assert ran == []
        assert "the service asked for a pause" in ledger.explain(job(2))
        assert 25 < (job(2).due_at - job(2).created_at).total_seconds() < 32

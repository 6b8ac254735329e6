"""Who holds a job, and for how long: stale wake-ups, a wiped queue, cancelling, stopping."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from redis import Redis

from core.db import transaction
from models import DeadLetter, Job, JobState, now
from pipelines import ledger
from pipelines.ledger import InterruptedByShutdownError, LeaseLostError
from tests.waiting import until
from tests.workers.running import enqueued, job, running
from workers import worker_processes
from workers.middleware.lease import GENERATION
from workers.stage_actor import claim

pytestmark = pytest.mark.usefixtures("record")


def finish() -> None:
    with claim().finish():
        pass


def test_a_stale_wakeup_runs_nothing(redis_url: str) -> None:
    # Given a job that is done, one that is not due yet, and one that a person cancelled
    ran: list[int] = []

    def prepare(story_id: int) -> None:
        ran.append(story_id)
        finish()

    with running(redis_url, prepare):
        enqueued("prepare", 1)
        until(lambda: job("prepare", 1).state == JobState.DONE)
        with transaction():
            for story in (2, 3):
                ledger.enqueue("prepare", story, due_at=now() + timedelta(hours=1))
        ledger.cancel(job("prepare", 3).id)

        # When wake-ups come for them, for a job that does not exist, and for one that is due
        for story in (1, 2, 3, 404):
            ledger.send_wakeup("prepare", story)
        enqueued("prepare", 5)
        until(lambda: job("prepare", 5).state == JobState.DONE)

    # Then only the due job has run, and no other attempt was used
    assert ran == [1, 5]
    assert [job("prepare", story).attempts for story in (1, 2, 3)] == [1, 0, 0]


def test_wakeups_come_back_when_redis_has_lost_its_data(redis_url: str) -> None:
    # Given a worker that is busy, while more work piles up in Redis
    begun, wiped = threading.Event(), threading.Event()

    def prepare(_story_id: int) -> None:
        begun.set()
        wiped.wait(30)
        finish()

    with running(redis_url, prepare), Redis.from_url(redis_url) as client:
        until(lambda: client.exists(GENERATION))
        enqueued("prepare", 0)
        assert begun.wait(30)
        enqueued("prepare", *range(1, 20))

        # When Redis is wiped
        client.flushdb()
        wiped.set()

        # Then everything is done long before a wake-up would be repeated
        until(lambda: Job.select().where(Job.state == JobState.DONE).count() == 20)
    assert all(row.attempts == 1 for row in Job.select())


@pytest.mark.slow
def test_a_running_job_shows_its_progress_and_notices_that_it_was_cancelled(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a running job, whose lease is renewed twice as often as usual
    monkeypatch.setattr(ledger, "RENEW_SECONDS", 1.0)
    heard: list[Exception] = []

    def prepare(_story_id: int) -> None:
        try:
            for _ in range(400):
                claim().progress(0.4)
                time.sleep(0.02)
        except LeaseLostError as error:
            heard.append(error)
            raise

    with running(redis_url, prepare):
        enqueued("prepare", 1)
        until(lambda: job("prepare").progress > 0)
        running_job = job("prepare")
        assert running_job.progress == pytest.approx(0.4)
        assert running_job.worker == worker_processes.of_this_process()
        assert running_job.lease_until > now() + timedelta(seconds=ledger.LEASE_SECONDS - 3)

        # When a person cancels it
        ledger.cancel(running_job.id)
        until(lambda: heard)

    # Then it has stopped
    assert job("prepare").state == JobState.CANCELLED
    assert DeadLetter.select().count() == 0


def test_a_worker_that_stops_returns_its_job_unharmed(redis_url: str) -> None:
    # Given a running job
    begun = threading.Event()

    def long(_story_id: int) -> None:
        for _ in range(1_500):
            claim().progress(0.4)
            begun.set()
            time.sleep(0.02)

    long.__name__ = "prepare"
    with running(redis_url, long):
        enqueued("prepare", 1)
        assert begun.wait(30)
        stopping = time.monotonic()

        # When its worker is asked to stop

    # Then it stops long before the job would have ended by itself, and the job waits for the next
    # worker with all of its attempts
    assert time.monotonic() - stopping < 10
    given_back = job("prepare")
    assert (given_back.state, given_back.attempts) == (JobState.WAITING, 0)
    assert (given_back.crashes, given_back.lease_until) == (0, None)
    assert given_back.error_code == InterruptedByShutdownError.default_code
    assert given_back.due_at <= now()

    # And the next worker finds it
    def prepare(_story_id: int) -> None:
        finish()

    with running(redis_url, prepare):
        until(lambda: job("prepare").state == JobState.DONE)


@pytest.mark.slow
def test_leases_are_renewed_while_a_worker_works(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given work that takes longer than a lease
    monkeypatch.setattr("pipelines.ledger.claims.LEASE_SECONDS", 1.5)
    monkeypatch.setattr(ledger, "RENEW_SECONDS", 0.5)
    runs: list[int] = []

    def prepare(story_id: int) -> None:
        runs.append(story_id)
        time.sleep(2.5)
        finish()

    # When it is done
    with running(redis_url, prepare):
        enqueued("prepare", 1)
        until(lambda: job("prepare").state == JobState.DONE)

    # Then nobody treated its worker as dead
    assert runs == [1]
    assert (job("prepare").attempts, job("prepare").crashes) == (1, 0)

"""The ledger against real PostgreSQL: claims, fences, retries, crashes, people's actions."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from core.db import session, transaction
from core.errors import InputError, Permanent, Retryable, Wait
from models import DeadLetter, Job, JobState, now
from pipelines import ledger
from pipelines.ledger import Claim, LeaseLostError
from pipelines.stages import MOST_CRASHES

pytestmark = pytest.mark.usefixtures("record")


def enqueued(stage: str = "narrate", subject_id: int = 1) -> Job:
    with transaction():
        ledger.enqueue(stage, subject_id)
    job = Job.of(stage, subject_id)
    assert job is not None
    return job


def claimed(stage: str = "narrate", subject_id: int = 1, worker: str = "worker") -> Claim:
    claim = ledger.claim(stage, subject_id, worker)
    assert claim is not None
    return claim


def let_lease_run_out(job: Job) -> None:
    Job.update(lease_until=now() - timedelta(seconds=1)).where(Job.id == job.id).execute()


def fresh(job: Job) -> Job:
    return Job.get_by_id(job.id)


def test_if_many_claim_a_job_one_gets_it() -> None:
    # Given one job and eight workers that were woken for it
    enqueued()
    won: list[Claim] = []

    def compete() -> None:
        with session():
            claim = ledger.claim("narrate", 1, "worker")
            if claim is not None:
                won.append(claim)

    # When all claim it at once
    threads = [threading.Thread(target=compete) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Then one has it, and the attempt is counted
    assert len(won) == 1
    assert Job.get().attempts == 1


def test_enqueueing_twice_makes_one_job_and_leaves_a_running_one_alone() -> None:
    job = enqueued()
    enqueued()
    assert Job.select().count() == 1

    claimed()
    enqueued()
    assert fresh(job).state == JobState.RUNNING


def test_a_finished_stage_and_its_result_are_one_transaction() -> None:
    job = enqueued()
    claim = claimed()

    # When the result can't be written
    with pytest.raises(ZeroDivisionError), claim.finish():
        ledger.enqueue("caption", 1)
        raise ZeroDivisionError

    # Then neither the job's end nor the next job is stored
    assert fresh(job).state == JobState.RUNNING
    assert Job.of("caption", 1) is None

    with claim.finish():
        ledger.enqueue("caption", 1)
    assert fresh(job).state == JobState.DONE
    assert Job.of("caption", 1) is not None


def test_a_worker_frozen_past_its_lease_can_not_write_its_late_result() -> None:
    # Given a worker that froze, and another that took over the job
    job = enqueued()
    frozen = claimed(worker="frozen")
    let_lease_run_out(job)
    ledger.sweep()
    other = claimed(worker="other")

    # When the frozen one wakes
    with pytest.raises(LeaseLostError), frozen.finish():
        ledger.enqueue("caption", 1)

    # Then its result is not stored, and the other's is
    assert Job.of("caption", 1) is None
    with other.finish():
        pass
    assert fresh(job).state == JobState.DONE


def test_a_late_worker_is_refused_even_before_another_takes_over() -> None:
    job = enqueued()
    frozen = claimed()
    let_lease_run_out(job)
    ledger.sweep()
    with pytest.raises(LeaseLostError), frozen.finish():
        pass


def test_renewing_keeps_the_lease_and_marks_a_lost_one() -> None:
    job = enqueued()
    claim = claimed()
    claim.progress(0.4)
    ledger.renew([claim])
    assert fresh(job).progress == pytest.approx(0.4)

    ledger.cancel(job.id)
    ledger.renew([claim])
    with pytest.raises(LeaseLostError):
        claim.progress(0.5)


def test_a_retryable_error_spends_an_attempt_and_waits_longer_each_time() -> None:
    job = enqueued()
    waits = []
    for _ in range(3):
        claim = claimed()
        ledger.put_back(claim, Retryable("the voice coughed"))
        waits.append((fresh(job).due_at - now()).total_seconds())
        Job.update(due_at=now()).execute()
    assert fresh(job).attempts == 3
    assert fresh(job).error == "the voice coughed"
    # back-off of 5 s doubling, jittered down to half
    assert 2 < waits[0] <= 5
    assert 5 <= waits[1] <= 10
    assert 10 <= waits[2] <= 20


def test_waiting_spends_no_attempt_and_lasts_as_long_as_asked() -> None:
    job = enqueued()
    ledger.put_back(claimed(), Wait("still processing", after=42))
    assert fresh(job).attempts == 0
    assert 40 < (fresh(job).due_at - now()).total_seconds() <= 42
    assert ledger.claim("narrate", 1, "worker") is None, "not before its time"
    assert "still processing" in ledger.explain(fresh(job))


def test_a_job_that_kills_its_workers_fails_and_stops_nothing_else() -> None:
    job = enqueued()
    for _ in range(MOST_CRASHES):
        claimed()
        let_lease_run_out(job)
        ledger.sweep()
    assert fresh(job).state == JobState.DEAD
    letter = DeadLetter.get()
    assert letter.error_code == "poison"
    assert "died 3 times" in letter.error

    enqueued(subject_id=2)
    assert ledger.claim("narrate", 2, "worker") is not None


def test_a_person_restarts_a_failed_job() -> None:
    job = enqueued()
    ledger.set_aside(claimed(), Permanent("no such voice"), "trace")
    assert fresh(job).state == JobState.DEAD

    ledger.requeue(job.id)
    assert fresh(job).state == JobState.WAITING
    assert fresh(job).attempts == 0
    assert DeadLetter.get().resolution == "requeued"
    with pytest.raises(InputError, match="already waiting"):
        ledger.requeue(job.id)


def test_a_discarded_failure_is_not_done_and_stays_in_the_history() -> None:
    job = enqueued()
    ledger.set_aside(claimed(), Permanent("no such voice"), "trace")
    ledger.discard(DeadLetter.get().id)
    assert fresh(job).state == JobState.CANCELLED
    assert DeadLetter.get().resolution == "discarded"


def test_wakeups_lost_by_the_queue_are_sent_again(redis_url: str) -> None:
    from core import queue

    # Given ten due jobs whose wake-ups were sent
    for subject in range(10):
        enqueued(subject_id=subject)
    broker = queue.connect(redis_url)
    broker.client.flushall()
    assert queue.depths(broker, ["cpu"]) == {"cpu": 0}

    # When the sweeper learns that the queue was wiped
    ledger.forget_wakeups()
    ledger.sweep()

    # Then each job gets a new wake-up
    assert queue.depths(broker, ["cpu"]) == {"cpu": 10}


def test_each_repeated_wakeup_waits_longer(redis_url: str) -> None:
    from core import queue

    broker = queue.connect(redis_url)
    enqueued()

    def after(seconds: float) -> int:
        sent_at = now() - timedelta(seconds=seconds)
        Job.update(sent_at=sent_at).execute()
        before = queue.depths(broker, ["cpu"])["cpu"]
        ledger.sweep()
        return queue.depths(broker, ["cpu"])["cpu"] - before

    assert after(5) == 0
    assert after(16) == 1
    assert after(20) == 0, "the second repeat takes twice as long"
    assert after(31) == 1


def test_every_unfinished_job_can_be_explained() -> None:
    job = enqueued()
    assert "In the cpu queue" in ledger.explain(fresh(job))
    claim = claimed(worker="host:4026531836:7:55555")
    assert "Running" in ledger.explain(fresh(job))
    assert "host (process 7)" in ledger.explain(fresh(job))
    ledger.set_aside(claim, Permanent("The disk burnt."), "")
    assert "Failed" in ledger.explain(fresh(job))
    assert "The disk burnt." in ledger.explain(fresh(job))


def test_a_pause_that_a_step_has_set_survives_its_worker() -> None:
    # Given a worker that has stored a pause, and dies
    job = enqueued()
    claim = claimed()
    with claim.step():
        claim.not_before(60)
    let_lease_run_out(job)

    # When the job is taken back from it
    ledger.sweep()

    # Then nobody claims it before the pause is over
    assert fresh(job).state == JobState.WAITING
    assert fresh(job).due_at > now() + timedelta(seconds=50)
    assert ledger.claim("narrate", 1, "another") is None

"""Every stage's repetitions have an end, and a person can end them at every moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import DATABASE_AWAY, DAY, DiskFull, OutageError, Permanent, Retryable, Wait
from models import DeadLetter, Job, JobState, now
from pipelines import ledger
from pipelines.ledger import Claim, LeaseLostError
from pipelines.stages import MOST_CRASHES, STAGES
from tests.waiting import until
from tests.workers.running import enqueued, job, running
from workers.job_outcome import decide

pytestmark = pytest.mark.usefixtures("record")

EVERY_STAGE = pytest.mark.parametrize("stage", STAGES)


def claimed(stage: str) -> Claim | None:
    """The claim of the stage's job, whose time has come; None if it has ended."""
    Job.update(due_at=now()).execute()
    return ledger.claim(stage, 1, "worker")


def failed(claim: Claim, error: Exception) -> None:
    """What the middleware does after a try that ended with ``error``."""
    decision = decide(claim, error)
    if isinstance(decision, Retryable):
        ledger.put_back(claim, decision)
    else:
        assert isinstance(decision, Permanent)
        ledger.set_aside(claim, decision, "")


@EVERY_STAGE
def test_a_stage_that_always_fails_is_tried_its_number_of_times_and_then_shown(stage: str) -> None:
    # Given a job of which every try fails
    enqueued(stage, 1)
    tries = 0
    while (claim := claimed(stage)) is not None:
        tries += 1
        assert tries <= 100
        failed(claim, Retryable("The other side coughs.", after=0))

    # Then it has an end, and is among the failures
    assert tries == STAGES[stage].attempts
    assert job(stage).state == JobState.DEAD
    letter = DeadLetter.get(DeadLetter.resolved_at.is_null())
    assert (letter.stage, letter.attempts) == (stage, tries)


@EVERY_STAGE
def test_a_stage_that_always_kills_its_worker_is_tried_three_times(stage: str) -> None:
    enqueued(stage, 1)
    tries = 0
    while claimed(stage) is not None:
        tries += 1
        assert tries <= 100
        ledger.free_leases("state = 'running'")

    assert tries == MOST_CRASHES
    assert DeadLetter.get(DeadLetter.resolved_at.is_null()).error_code == "poison"


@EVERY_STAGE
def test_a_job_can_be_cancelled_while_it_waits_and_while_it_runs(stage: str) -> None:
    # Given a job that waits for its next try
    enqueued(stage, 1)
    claim = claimed(stage)
    assert claim
    failed(claim, Retryable("The other side coughs.", after=0))

    # When a person cancels it, it is not tried again
    ledger.cancel(job(stage).id)
    assert claimed(stage) is None

    # And when one is cancelled during a try, that try can write nothing
    enqueued(stage, 1)
    claim = claimed(stage)
    assert claim
    ledger.cancel(job(stage).id)
    with pytest.raises(LeaseLostError), claim.finish():
        pass
    assert job(stage).state == JobState.CANCELLED


@pytest.mark.parametrize(
    ("stage", "wait", "days", "ends"),
    [
        *((stage, Wait("Slow down.", after=5), 7.1, stage != "publish") for stage in STAGES),
        ("fetch", Wait("Slow down.", after=5), 6.9, False),
        ("fetch", Wait("Another reason.", after=5, code="other"), 7.1, False),
        ("fetch", DiskFull("/media"), 100, False),
        ("fetch", OutageError("PostgreSQL was away.", after=5), 100, False),
    ],
)
def test_a_job_that_only_ever_waits_has_an_end(
    stage: str, wait: Wait, days: float, ends: bool
) -> None:
    code = "waiting" if wait.code == "other" else wait.code
    held = Claim(1, stage, 1, 1, 1, "request", earlier_code=code, earlier_seconds=days * DAY)

    decision = decide(held, wait)

    assert isinstance(decision, Permanent) == ends
    assert ends or decision is wait
    assert not ends or "for the same reason for 7 days: Slow down." in str(decision)


def test_a_limit_that_is_used_up_does_not_hide_for_how_long_a_job_has_waited() -> None:
    # Given a job that has waited for one reason for six days
    enqueued("fetch", 1)
    claim = claimed("fetch")
    assert claim
    failed(claim, Wait("Slow down.", after=0))
    Job.update(code_since=now() - timedelta(days=6)).execute()

    # When it then also has to wait for a limit of ours
    ledger.postpone("fetch", 1, Wait("its turn", after=0, code="over_limit"))

    # Then its reason and its age stay
    claim = claimed("fetch")
    assert claim
    assert claim.earlier_code == "waiting"
    assert claim.earlier_seconds == pytest.approx(6 * DAY, abs=60)


def test_an_outage_hides_what_a_job_waited_for_until_it_is_over() -> None:
    enqueued("fetch", 1)
    ledger.postpone("fetch", 1, OutageError("Redis", after=0, code=DATABASE_AWAY))
    assert job("fetch").error_code == DATABASE_AWAY

    ledger.postpone("fetch", 1, Wait("its turn", after=0, code="over_limit"))

    assert job("fetch").error_code == "over_limit"


def test_a_wait_that_is_cut_says_so() -> None:
    assert Retryable("Slow down.", after=DAY).after == DAY
    cut = Retryable("Slow down.", after=1e300)
    assert (cut.after, str(cut)) == (DAY, "Slow down. (The wait is cut to 1 day.)")
    far = Wait("its time", after=8 * DAY)
    assert (far.after, str(far)) == (7 * DAY, "its time (The wait is cut to 7 days.)")


def test_a_service_cannot_stop_a_job_for_centuries(redis_url: str) -> None:
    def prepare(_story_id: int) -> None:
        raise Retryable("Ask again in another era.", after=1e18)

    with running(redis_url, prepare):
        enqueued("prepare", 1)
        until(lambda: job("prepare").error)

    assert job("prepare").due_at - now() <= timedelta(days=1)
    assert "Ask again in another era. (The wait is cut to 1 day.)" in ledger.explain(job("prepare"))

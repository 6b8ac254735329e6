"""Each error of PostgreSQL has its decision; the errors are real ones of a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Self

import pytest
from peewee import PeeweeException

from core import db
from core.db.errors import BY_SQLSTATE, Meaning, meaning, sqlstate
from core.errors import DiskFull, OutageError, Permanent, Retryable, StageError, Wait
from models import DeadLetter, Job, JobState, now
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.stages import STAGES
from tests.waiting import until
from tests.workers.running import enqueued, job, running
from workers.job_outcome import OUTAGE_SECONDS, decide
from workers.stage_actor import claim

pytestmark = pytest.mark.usefixtures("record")

DECISIONS = {
    Meaning.AWAY: (OutageError, "database_away"),
    Meaning.FULL: (DiskFull, "disk_full"),
    Meaning.AGAIN: (Retryable, "sqlstate_{}"),
    Meaning.LATER: (Retryable, "sqlstate_{}"),
}
NOT_LISTED = {
    "0A000": "feature not supported",
    "22001": "string too long",
    "23505": "unique violation",
    "25P02": "the transaction has failed",
    "42601": "syntax error",
    "42P01": "no such table",
    "55000": "object not in the required state",
    "P0001": "raised by a function",
}


def raised(state: str) -> Exception:
    """The error that peewee raises when PostgreSQL answers with ``state``."""
    with pytest.raises(PeeweeException) as caught:
        db.database.execute_sql(f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$")
    assert sqlstate(caught.value) == state
    return caught.value


def tried(attempt: int = 1, **more: object) -> Claim:
    return Claim(1, "prepare", 1, 1, attempt, "request", **more)  # type: ignore[arg-type]


# ── the table ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("listed", BY_SQLSTATE)
def test_a_listed_state_waits_or_counts_as_the_table_says(listed: str) -> None:
    error = raised(listed.ljust(5, "0"))
    kind, code = DECISIONS[BY_SQLSTATE[listed]]

    decision = decide(tried(), error)

    assert isinstance(decision, StageError)
    assert (type(decision), decision.code) == (kind, code.format(listed.ljust(5, "0")))
    # Whatever uses up attempts ends with the last of them
    last = decide(tried(attempt=STAGES["prepare"].attempts), error)
    assert isinstance(last, Wait) == issubclass(kind, Wait)
    assert isinstance(last, Permanent) != issubclass(kind, Wait)


@pytest.mark.parametrize("state", NOT_LISTED)
def test_any_other_state_counts_as_a_failed_try(state: str) -> None:
    error = raised(state)
    assert meaning(error) is Meaning.FAULT
    assert type(decide(tried(), error)) is Retryable
    assert type(decide(tried(attempt=STAGES["prepare"].attempts), error)) is Permanent


def test_a_mistake_of_ours_is_no_outage() -> None:
    # Given code that asks without a connection
    db.release()
    with pytest.raises(PeeweeException, match="connection not opened") as caught:
        Job.select().count()
    db.database.connect()

    # Then it counts as a failed try, and ends
    assert meaning(caught.value) is Meaning.FAULT
    assert type(decide(tried(), caught.value)) is Retryable
    assert type(decide(tried(attempt=STAGES["prepare"].attempts), caught.value)) is Permanent
    assert meaning(ValueError("nothing to do with the database")) is None


# ── the server itself ────────────────────────────────────────────────────────────────────────


def lost_connection() -> None:
    db.database.execute_sql("SELECT pg_terminate_backend(pg_backend_pid())")


def statement_timeout() -> None:
    db.database.execute_sql("SET statement_timeout = 20; SELECT pg_sleep(5)")


def lock_timeout() -> None:
    with held("LOCK TABLE source"), db.transaction():
        db.database.execute_sql("SET LOCAL lock_timeout = 20; LOCK TABLE source")


def read_only() -> None:
    db.database.execute_sql("SET default_transaction_read_only = on")
    db.database.execute_sql("DELETE FROM source")


def deadlock() -> None:
    with held("LOCK TABLE source", "LOCK TABLE story") as other, db.transaction():
        db.database.execute_sql("SET LOCAL deadlock_timeout = '20ms'; LOCK TABLE story")
        other.go_on.set()
        until(lambda: db.database.execute_sql("SELECT 1 FROM pg_locks WHERE NOT granted").rowcount)
        db.database.execute_sql("LOCK TABLE source")


class held:  # noqa: N801  # reads as a phrase where it is used
    """Another session, which takes the first lock, and the second one when it goes on."""

    def __init__(self, *statements: str) -> None:
        self._statements = statements
        self._has, self.go_on = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._has.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self._thread.join(10)

    def _hold(self) -> None:
        with db.session(), db.transaction():
            for statement in self._statements:
                db.database.execute_sql(statement)
                self._has.set()
                self.go_on.wait(10)


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (lost_connection, OutageError),
        (read_only, OutageError),
        (statement_timeout, Retryable),
        (lock_timeout, Retryable),
        (deadlock, Retryable),
    ],
)
def test_what_really_happens_is_decided_alike(
    happens: Callable[[], None], expected: type[StageError]
) -> None:
    try:
        with pytest.raises(PeeweeException) as caught:
            happens()
    finally:
        db.discard()
        db.database.connect()
    decision = decide(tried(), caught.value)
    assert type(decision) is expected, caught.value


# ── a job that alone meets it ────────────────────────────────────────────────────────────────


def test_a_job_that_alone_meets_an_outage_is_shown_after_minutes_and_fails_in_the_end(
    redis_url: str,
) -> None:
    # Given a job whose connection is cut whenever it runs, and another one that works
    runs: list[int] = []

    def prepare(story_id: int) -> None:
        runs.append(story_id)
        if story_id == 1:
            lost_connection()
        with claim().finish():
            pass

    def has_ended() -> bool:
        """Neither running nor due: it may also have run by itself just before it was woken."""
        found = job("prepare")
        is_due = found.state == JobState.WAITING and found.due_at <= now()
        return found.state != JobState.RUNNING and not is_due

    def let_pass(seconds: float) -> None:
        Job.update(code_since=Job.code_since - timedelta(seconds=seconds)).execute()
        until(lambda: job("prepare").state != JobState.RUNNING)
        before = len(runs)
        with db.transaction():
            ledger.wake("prepare", 1)
        until(lambda: len(runs) > before and has_ended())

    with running(redis_url, prepare):
        # When it has met the outage for some minutes
        enqueued("prepare", 1, 2)
        until(lambda: job("prepare").error_code == "database_away")
        let_pass(OUTAGE_SECONDS / 2 + 1)

        # Then it has used up no attempt, and says since when
        waiting = job("prepare")
        assert (waiting.state, waiting.attempts) == (JobState.WAITING, 0)
        assert "PostgreSQL was away. This job has met this since" in ledger.explain(waiting)
        assert "(5 min)" in ledger.explain(waiting)
        assert 30 < (waiting.due_at - now()).total_seconds() <= 60

        # And when it goes on, although PostgreSQL answers the others, each try counts
        let_pass(OUTAGE_SECONDS / 2)
        for _ in range(STAGES["prepare"].attempts - 1):
            let_pass(0)
        until(lambda: job("prepare").state == JobState.DEAD)
    assert "again and again for this job, but answered others" in DeadLetter.get().error
    assert job("prepare", 2).state == JobState.DONE


def test_a_try_that_ends_otherwise_starts_the_count_over() -> None:
    outage = OutageError("PostgreSQL was away.", after=0, code="database_away")
    enqueued("prepare", 1)
    for error in (outage, Retryable("The voice coughed.", after=0), outage):
        held = ledger.claim("prepare", 1, "worker")
        assert held is not None
        ledger.put_back(held, error)
        Job.update(code_since=now() - timedelta(hours=1)).where(
            Job.error_code != outage.code
        ).execute()

    held = ledger.claim("prepare", 1, "worker")
    assert held is not None
    assert held.earlier_code == "database_away"
    assert held.earlier_seconds < 60

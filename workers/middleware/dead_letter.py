"""Decides what happens to a job after an error: retry, wait, needs attention, or failed."""

from __future__ import annotations

import errno
import random
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import structlog
from dramatiq import Broker, MessageProxy, Middleware, Worker
from dramatiq.middleware import Interrupt

from core import db
from core.db import errors as db_errors
from core.db.errors import Meaning
from core.errors import (
    DATABASE_AWAY,
    DiskFull,
    OutageError,
    Parked,
    Permanent,
    Retryable,
    StageError,
    Wait,
)
from core.log import storable
from models import DeadLetter
from pipelines import ledger
from pipelines.ledger import Claim, InterruptedByShutdownError, LeaseLostError
from pipelines.stages import STAGES
from workers.middleware.lease import Lease

log = structlog.get_logger(__name__)

TRACE_CHARACTERS = 20_000
OUTAGE_SECONDS = 600.0
"""A job that has met an outage of PostgreSQL for this long is treated as failing: PostgreSQL
answered meanwhile, at least when each of these outcomes was written and the job claimed again."""
LONGEST_PAUSE = 60.0
AGAIN_SECONDS = 0.5
MOST_WRITES = 10
"""Times that an outcome is written while PostgreSQL answers and refuses it for now."""
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})


class DeadLetters(Middleware):
    """Writes the outcome of every failed message to the database; nothing expires silently.

    Parameters:
      lease: knows the claims of the current message.
      patience: seconds for which an outcome is tried while PostgreSQL is down and the worker is
        to stop. After that the lease expires, and the sweeper frees the job. While the worker runs
        there is no such end: without PostgreSQL this thread has nothing else to do.
    """

    def __init__(self, *, lease: Lease, patience: float = 60.0) -> None:
        self.lease = lease
        self.patience = patience
        self.stopping = threading.Event()

    @property
    def actor_options(self) -> set[str]:
        """Errors in an actor's ``throws`` are outcomes: Dramatiq logs them without a trace."""
        return {"throws"}

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        if message.actor_name in STAGES:
            for claim in self.lease.claims():
                if not claim.finished:
                    self._settle(claim, exception)
        elif exception is not None and not db_errors.holds_up(
            exception
        ):  # the next tick repeats it
            self._insist(lambda: _letter_without_job(message, exception))

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        self.stopping.set()

    def _settle(self, claim: Claim, exception: BaseException | None) -> None:
        decision = decide(claim, exception)
        trace = _trace(exception)
        error = str(decision)
        match decision:
            case LeaseLostError():
                log.warning("late_result_refused", job=claim.job_id, stage=claim.stage)
            case Parked():
                log.warning("parked", job=claim.job_id, error=error, code=decision.code)
                self._insist(lambda: ledger.park(claim, decision))
            case Retryable():
                log.info("put_back", job=claim.job_id, error=error, code=decision.code)
                self._insist(lambda: ledger.put_back(claim, decision))
            case _:
                log.error("set_aside", job=claim.job_id, error=error, exc_info=exception)
                self._insist(lambda: ledger.set_aside(claim, decision, trace))

    def _insist(self, write: Callable[[], None]) -> None:
        """Write the outcome, even if PostgreSQL goes down meanwhile."""
        deadline, refused = time.monotonic() + self.patience, 0
        while True:
            try:
                with db.session():
                    write()
            except LeaseLostError:
                log.warning("late_result_refused")
            except Exception as error:
                db.discard()
                refused += _answers()
                late = self.stopping.is_set() and time.monotonic() > deadline
                if late or refused >= MOST_WRITES or not _may_pass(error):
                    log.exception("outcome_not_written")  # the lease expires; crashes are counted
                    return
                log.warning("outcome_waits_for_database", error=str(error).strip())
                time.sleep(AGAIN_SECONDS)
                continue
            return


def _may_pass(error: Exception) -> bool:
    return db_errors.meaning(error) not in {None, Meaning.FAULT}


def _answers() -> bool:
    """Whether PostgreSQL answers now."""
    try:
        with db.session():
            db.database.execute_sql("SELECT 1")
    except db.Unavailable:
        db.discard()
        return False
    return True


def decide(  # noqa: PLR0911  # one return a decision
    claim: Claim, exception: BaseException | None
) -> StageError | LeaseLostError:
    """The one place where an exception becomes a decision about its job."""
    match exception:
        case None if claim.lost.is_set():
            return LeaseLostError(f"Job {claim.job_id} lost its lease.")
        case None:
            return Permanent(f"The {claim.stage} stage ended without a result.", code="no_result")
        case Wait() if _is_endless(claim, exception):
            days = ledger.LONGEST_WAIT.days
            waited = f"It has waited for the same reason for {days} days: {exception}"
            return Permanent(waited, code=exception.code)
        case LeaseLostError() | Wait() | Permanent() | Parked():
            return exception
        case Interrupt():
            return InterruptedByShutdownError("The worker is stopping.", after=0)
        case OSError() if exception.errno in FULL_DISK:
            return DiskFull("the media folder (MEDIA_DIR)")
        case Retryable(code=DiskFull.default_code):
            return DiskFull("the media folder (MEDIA_DIR)")
        case _:
            return _of_the_database(claim, exception) or _again_or_not(claim, exception)


def _is_endless(claim: Claim, wait: Wait) -> bool:
    """Whether the job only ever waits.

    Posts wait for their time, and for people, for any length. A full disk and an outage are on the
    home page until they end.
    """
    waits_long = claim.stage == "publish" or isinstance(wait, DiskFull | OutageError)
    same = claim.earlier_code == wait.code
    too_long = claim.earlier_seconds > ledger.LONGEST_WAIT.total_seconds()
    return same and too_long and not waits_long


def _of_the_database(claim: Claim, exception: BaseException) -> StageError | None:
    """The decision about an error of PostgreSQL; None if the job itself is at fault."""
    what = f"{type(exception).__name__}, SQLSTATE {db_errors.sqlstate(exception) or 'none'}"
    code = f"sqlstate_{db_errors.sqlstate(exception)}"
    match db_errors.meaning(exception):
        case Meaning.AWAY:
            return _outage(claim, what)
        case Meaning.FULL:
            return DiskFull("PostgreSQL's data")
        case Meaning.AGAIN:
            after = random.uniform(0, AGAIN_SECONDS)  # noqa: S311  # spreads load, keeps no secret
            met = Retryable(f"Other work was in the way ({what}).", code=code, after=after)
            return _again_or_not(claim, met)
        case Meaning.LATER:
            gave_up = f"PostgreSQL gave up on a statement ({what})."
            return _again_or_not(claim, Retryable(gave_up, code=code))
        case _:
            return None


def _outage(claim: Claim, what: str) -> StageError:
    passed = claim.earlier_seconds if claim.earlier_code == DATABASE_AWAY else 0.0
    if passed < OUTAGE_SECONDS:
        after = min(LONGEST_PAUSE, max(1.0, passed / 2))
        return OutageError("PostgreSQL was away.", code=DATABASE_AWAY, after=after)
    alone = f"PostgreSQL was away again and again for this job, but answered others ({what})."
    return _again_or_not(claim, Retryable(alone, code=DATABASE_AWAY))


def _again_or_not(claim: Claim, exception: BaseException) -> StageError:
    code = exception.code if isinstance(exception, StageError) else type(exception).__name__
    # A library's message about a failed request may hold its address and headers.
    sentence = str(exception) if isinstance(exception, StageError) else storable(repr(exception))
    if claim.attempt >= STAGES[claim.stage].attempts:
        return Permanent(f"Failed after {claim.attempt} attempts: {sentence}", code=code)
    if isinstance(exception, Retryable):
        return exception
    return Retryable(sentence, code=code)


def _letter_without_job(message: MessageProxy, exception: BaseException) -> None:
    """A periodic task that keeps failing the same way has one letter, which counts the times."""
    code, error = type(exception).__name__, f"{type(exception).__name__}: {exception}"
    same = (
        DeadLetter.job.is_null(),
        DeadLetter.stage == message.actor_name,
        DeadLetter.error_code == code,
        DeadLetter.resolved_at.is_null(),
    )
    news = {"error": storable(error), "trace": _trace(exception)}
    if not DeadLetter.update(attempts=DeadLetter.attempts + 1, **news).where(*same).execute():
        DeadLetter.create(stage=message.actor_name, error_code=code, attempts=1, **news)


def _trace(exception: BaseException | None) -> str:
    """Masks secrets before cutting: a cut could remove the name that identifies a secret."""
    return storable("".join(traceback.format_exception(exception)))[-TRACE_CHARACTERS:]

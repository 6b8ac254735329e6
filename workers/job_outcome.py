"""What an error means for its job: retry, wait, needs attention, or failed."""

from __future__ import annotations

import errno
import random

from dramatiq.middleware import Interrupt

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
from pipelines import ledger
from pipelines.ledger import Claim, InterruptedByShutdownError, LeaseLostError
from pipelines.stages import STAGES

OUTAGE_SECONDS = 600.0
"""A job that has met an outage of PostgreSQL for this long is treated as failing: PostgreSQL
answered meanwhile, at least when each of these outcomes was written and the job claimed again."""
LONGEST_PAUSE = 60.0
AGAIN_SECONDS = 0.5
"""Longest pause after other work was in the way."""
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})


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

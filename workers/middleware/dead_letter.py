"""Decides what happens to a job after an error: retry, wait, needs attention, or failed."""

from __future__ import annotations

import errno
import time
import traceback
from collections.abc import Callable
from typing import Any

import structlog
from dramatiq import Broker, MessageProxy, Middleware
from dramatiq.middleware import Interrupt
from peewee import InterfaceError, OperationalError, PeeweeException

from core import db
from core.errors import DiskFull, Parked, Permanent, Retryable, StageError, Wait
from core.log import storable
from models import DeadLetter
from pipelines import ledger
from pipelines.ledger import Claim, InterruptedByShutdownError, LeaseLostError
from pipelines.stages import STAGES
from workers.middleware.lease import Lease

log = structlog.get_logger(__name__)

TRACE_CHARACTERS = 20_000
AWAY_CLASSES = frozenset({"08", "57"})
"""SQLSTATE classes: connection exception, operator intervention."""
AGAIN_STATES = frozenset({"40001", "40P01"})
"""Serialization failure, deadlock."""


class DeadLetters(Middleware):
    """Writes the outcome of every failed message to the database; nothing expires silently.

    Parameters:
      lease: knows the claims of the current message.
      patience: seconds to keep trying while PostgreSQL is down; after that the lease expires and
        the sweeper frees the job.
    """

    def __init__(self, *, lease: Lease, patience: float = 60.0) -> None:
        self.lease = lease
        self.patience = patience

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
        elif exception is not None:
            self._insist(lambda: _letter_without_job(message, exception))

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
        deadline = time.monotonic() + self.patience
        while True:
            try:
                with db.session():
                    write()
            except LeaseLostError:
                log.warning("late_result_refused")
            except db.Unavailable as error:
                db.discard()
                if time.monotonic() > deadline:
                    log.exception("outcome_not_written")
                    return
                log.warning("outcome_waits_for_database", error=str(error).strip())
                time.sleep(0.5)
                continue
            return


def decide(  # noqa: PLR0911  # one return a decision
    claim: Claim, exception: BaseException | None
) -> StageError | LeaseLostError:
    """The one place where an exception becomes a decision about its job."""
    match exception:
        case None if claim.lost.is_set():
            return LeaseLostError(f"Job {claim.job_id} lost its lease.")
        case None:
            return Permanent(f"The {claim.stage} stage ended without a result.", code="no_result")
        case LeaseLostError() | Wait() | Permanent() | Parked():
            return exception
        case Interrupt():
            return InterruptedByShutdownError("The worker is stopping.", after=0)
        case OSError(errno=errno.ENOSPC) | Retryable(code=DiskFull.default_code):
            return DiskFull("the media folder (MEDIA_DIR)")
        case OperationalError() | InterfaceError() if _went_away(exception):
            return Wait("The connection to PostgreSQL was lost.", after=1, code="database_away")
        case _:
            return _again_or_not(claim, exception)


def _went_away(error: PeeweeException) -> bool:
    """Whether the connection or server failed; refused statements raise the same errors."""
    state = getattr(getattr(error, "orig", None) or error.__cause__, "pgcode", None)
    return state is None or state[:2] in AWAY_CLASSES or state in AGAIN_STATES


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
    DeadLetter.create(
        stage=message.actor_name,
        error=storable(f"{type(exception).__name__}: {exception}"),
        error_code=type(exception).__name__,
        trace=_trace(exception),
    )


def _trace(exception: BaseException | None) -> str:
    """Masks secrets before cutting: a cut could remove the name that identifies a secret."""
    return storable("".join(traceback.format_exception(exception)))[-TRACE_CHARACTERS:]

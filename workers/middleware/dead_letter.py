"""Writes to the database what ``job_outcome`` decides about each job that ended in an error."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import structlog
from dramatiq import Broker, MessageProxy, Middleware, Worker

from core import db
from core.db import errors as db_errors
from core.db.errors import Meaning
from core.errors import (
    Parked,
    Retryable,
)
from core.log import storable
from models import DeadLetter
from pipelines import ledger
from pipelines.ledger import Claim, LeaseLostError
from pipelines.stages import STAGES
from workers.job_outcome import decide
from workers.middleware.lease import Lease

log = structlog.get_logger(__name__)

TRACE_CHARACTERS = 20_000
AGAIN_SECONDS = 0.5
"""Pause before an outcome that could not be written is tried again."""
MOST_WRITES = 10
"""Times that an outcome is written while PostgreSQL answers and refuses it for now."""


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
                self._insist(lambda: ledger.park(claim, decision, trace))
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

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
from models import RunOutcome
from pipelines import ledger, schedules
from pipelines.ledger import Claim, LeaseLostError
from pipelines.schedules import Run
from pipelines.stages import STAGES
from workers.job_outcome import decide
from workers.middleware.lease import Lease
from workers.middleware.ticks import Ticks

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
      ticks: knows the run of the current message, if it is a periodic task's.
      patience: seconds for which an outcome is tried while PostgreSQL is down and the worker is
        to stop. After that the lease expires, and the sweeper frees the job. While the worker runs
        there is no such end: without PostgreSQL this thread has nothing else to do.
    """

    def __init__(self, *, lease: Lease, ticks: Ticks | None = None, patience: float = 60.0) -> None:
        self.lease = lease
        self.ticks = ticks or Ticks()
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
        elif run := self.ticks.run():
            self._insist(lambda: _settle_run(run, result, exception))
        elif exception is not None:
            name = message.actor_name
            self._insist(lambda: schedules.letter(name, *_told(exception), _trace(exception)))

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


def _settle_run(run: Run, result: Any, exception: BaseException | None) -> None:
    """Write how the run of a periodic task ended; after an outage of PostgreSQL it runs again."""
    if exception is None:
        schedules.end(run, RunOutcome.DONE, result or "")
    elif db_errors.holds_up(exception):
        schedules.give_back(run, "PostgreSQL was away while it ran")
    else:
        code, error = _told(exception)
        with db.transaction():
            if schedules.end(run, RunOutcome.FAILED, error):
                schedules.letter(run.name, code, error, _trace(exception))


def _told(exception: BaseException) -> tuple[str, str]:
    """Code and sentence of a failure of a message without a job."""
    code = type(exception).__name__
    return code, f"{code}: {exception}"


def _trace(exception: BaseException | None) -> str:
    """Masks secrets before cutting: a cut could remove the name that identifies a secret."""
    return storable("".join(traceback.format_exception(exception)))[-TRACE_CHARACTERS:]

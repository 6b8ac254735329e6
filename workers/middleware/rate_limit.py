"""Over a limit a message waits its turn: no attempt is spent, no thread is held (U7)."""

from __future__ import annotations

import threading
from typing import Any

import structlog
from dramatiq import Broker, MessageProxy, Middleware
from dramatiq.middleware import SkipMessage
from peewee import fn
from prometheus_client import Counter

from core import db
from core.errors import Retryable, Wait
from core.limiter import Admission, Limit, Limiter, LimiterUnavailableError
from models import Job, JobState
from pipelines import ledger
from pipelines.rate_limits import STAGE_LIMITS, Limits, waiting_for

log = structlog.get_logger(__name__)

POSTPONED = Counter("storymill_postponed_total", "Jobs that had to wait for a limit", ["limit"])
NOT_LET_THROUGH = Counter(
    "storymill_limits_unknown_total", "Jobs held back because the limits could not be asked"
)

LONGEST_WAIT = 300.0
"""Seconds after which a waiting job asks again in any case: its limit may have been changed."""
AWAY_WAIT = 5.0
RATE_LIMITED = "rate_limit_exceeded"
"""Code of the errors that say so (a 429); adapters use it for every service."""


class _Mine(threading.local):
    def __init__(self) -> None:
        self.limits: list[Limit] = []


class RateLimit(Middleware):
    """Lets a stage's message through once all of its limits grant it.

    Where they don't, the job is put off to its turn and the message dropped; the sweeper hints
    at it again. When a service asks for a pause, everything on the same limits and keys makes it,
    in all workers.

    It must stand before the middleware that claims the job, and after the one that opens the
    connection. An exception in here would only be logged by Dramatiq, and the actor run: so
    whatever goes wrong ends in SkipMessage.

    Parameters:
      limiter: grants and counts.
      limits: what the stages need.
    """

    def __init__(self, limiter: Limiter, *, limits: Limits | None = None) -> None:
        self.limiter = limiter
        self.limits = limits or Limits()
        self._mine = _Mine()

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        self._mine.limits = []
        if message.actor_name not in STAGE_LIMITS:
            return
        try:
            reason = self._reason_to_skip(message.actor_name, message.args[0])
        except Exception as error:
            NOT_LET_THROUGH.inc()
            log.exception("limits_not_asked")
            if isinstance(error, db.Unavailable):
                db.discard()
            raise SkipMessage("the limits could not be asked") from error
        if reason:
            raise SkipMessage(reason)

    def _reason_to_skip(self, stage: str, subject_id: int) -> str:
        """Take the job's turn, or put it off and say why; empty when it may run."""
        job = (
            Job.select(Job.id, Job.fence)
            .where(
                Job.stage == stage,
                Job.subject_id == subject_id,
                Job.state == JobState.WAITING,
                Job.due_at <= fn.now(),
            )
            .first()
        )
        if job is None:
            return "a stale hint: the job is not due"
        limits = self.limits.of(stage, subject_id)
        try:
            # The fence names one run of the job: a doubled hint takes no second grant.
            admission = self.limiter.acquire(
                limits, who=f"{stage}:{subject_id}", grant=f"{job.id}:{job.fence}"
            )
        except LimiterUnavailableError as error:
            NOT_LET_THROUGH.inc()
            log.error("limits_not_asked", error=str(error))  # noqa: TRY400  # the cause is in it
            ledger.postpone(stage, subject_id, AWAY_WAIT, "Redis, which keeps the limits")
            return "the limits could not be asked"
        if admission.waits_for is None:
            self._mine.limits = limits
            return ""
        POSTPONED.labels(admission.waits_for.name).inc()
        ledger.postpone(
            stage, subject_id, min(LONGEST_WAIT, admission.seconds), _explained(admission)
        )
        return f"waits for {admission.waits_for.name}"

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        limits, self._mine.limits = self._mine.limits, []
        if limits and (pause := pause_asked_by(exception)):
            try:
                for limit in limits:
                    self.limiter.hold(limit, pause)
            except LimiterUnavailableError as error:
                log.warning("pause_not_shared", error=str(error), seconds=pause)


def pause_asked_by(exception: BaseException | None) -> float:
    """Seconds for which a service wants to be left alone; 0 when it did not say so.

    A plain Wait is about one row only (a status that is still in progress).
    """
    match exception:
        case Wait() if exception.code != RATE_LIMITED:
            return 0.0
        case Retryable():
            return exception.after or 0.0
        case _:
            return 0.0


def _explained(admission: Admission) -> str:
    limit = admission.waits_for
    if limit is None:
        return ""
    if admission.held:
        return f"a pause that the service asked for ({limit.name})"
    return waiting_for(limit)

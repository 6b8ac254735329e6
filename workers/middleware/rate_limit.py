"""A message over a rate limit waits: it uses up no attempt and holds no thread."""

from __future__ import annotations

import threading
from typing import Any

import structlog
from dramatiq import Broker, MessageProxy, Middleware
from dramatiq.middleware import SkipMessage
from peewee import fn
from prometheus_client import Counter

from core import db
from core.errors import LIMITS_UNKNOWN, OutageError, Retryable, Wait
from core.limiter import Limit, Limiter, LimiterUnavailableError
from models import Job, JobState
from pipelines import ledger
from pipelines.limit_grants import Grants, OverLimitError
from pipelines.rate_limits import STAGE_LIMITS, Limits

log = structlog.get_logger(__name__)

POSTPONED = Counter("storymill_postponed_total", "Jobs that had to wait for a limit", ["limit"])
NOT_LET_THROUGH = Counter(
    "storymill_limits_unknown_total", "Jobs held back because the limits could not be checked"
)

UNCHECKED_WAIT = 60.0
RATE_LIMITED = "rate_limit_exceeded"
"""Error code for a rate limit (HTTP 429); adapters use it for every service."""


class _Mine(threading.local):
    def __init__(self) -> None:
        self.limits: list[Limit] = []


class RateLimit(Middleware):
    """Lets a stage's message pass once all of its limits grant it.

    Otherwise the job is postponed until it may run, and the message dropped; the sweeper wakes it
    again. When a service asks for a pause, everything with the same limits and keys pauses, in all
    workers.

    It must come before the middleware that claims the job, and after the one that opens the
    connection. Dramatiq would only log another exception raised here, and run the actor: so every
    problem ends in SkipMessage.

    Parameters:
      limiter: grants and counts.
      limits: the limits of each stage.
    """

    def __init__(self, limiter: Limiter, *, limits: Limits | None = None) -> None:
        self.grants = Grants(limiter, limits)
        self._mine = _Mine()

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        self._mine.limits = []
        if message.actor_name not in STAGE_LIMITS:
            return
        try:
            reason = self._reason_to_skip(message.actor_name, message.args[0])
        except Exception as error:
            NOT_LET_THROUGH.inc()
            log.exception("limits_not_checked")
            if isinstance(error, db.Unavailable):
                db.discard()
            else:
                self._postpone_unknown(message, error)
            raise SkipMessage("the limits could not be checked") from error
        if reason:
            raise SkipMessage(reason)

    def _reason_to_skip(self, stage: str, subject_id: int) -> str:
        """Admit the job, or postpone it and say why; empty when it may run."""
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
            return "a stale wake-up: the job is not due"
        limits = self.grants.limits.of(stage, subject_id)
        # The fence names one run of the job: a doubled wake-up takes no second grant.
        wait = self.grants.take(limits, who=f"{stage}:{subject_id}", run=f"{job.id}:{job.fence}")
        if wait is None:
            self._mine.limits = limits
            return ""
        _count(wait)
        ledger.postpone(stage, subject_id, wait)
        return str(wait)

    def _postpone_unknown(self, message: MessageProxy, error: Exception) -> None:
        """The limits can't be read, through a mistake of ours: say so on the job."""
        why = f"The rate limits can't be checked ({type(error).__name__}): see the worker's log"
        wait = OutageError(why, after=UNCHECKED_WAIT, code=LIMITS_UNKNOWN)
        try:
            ledger.postpone(message.actor_name, message.args[0], wait)
        except Exception:
            log.exception("not_postponed")  # the sweeper sends it again

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        limits, self._mine.limits = self._mine.limits, []
        _count(exception)  # the stage itself may have taken a limit
        if limits and (pause := pause_asked_by(exception)):
            try:
                for limit in limits:
                    self.grants.limiter.hold(limit, pause)
            except LimiterUnavailableError as error:
                log.warning("pause_not_shared", error=str(error), seconds=pause)


def pause_asked_by(exception: BaseException | None) -> float:
    """Seconds of pause that a service asked for; 0 when it asked for none.

    A plain Wait concerns one row only (a status that is still in progress).
    """
    match exception:
        case Wait() if exception.code != RATE_LIMITED:
            return 0.0
        case Retryable():
            return exception.after or 0.0
        case _:
            return 0.0


def _count(wait: BaseException | None) -> None:
    if isinstance(wait, OverLimitError):
        POSTPONED.labels(wait.limit).inc()
    elif isinstance(wait, Wait) and wait.code == LIMITS_UNKNOWN:
        NOT_LET_THROUGH.inc()

"""Creating jobs, claiming them, and recording how they ended."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from core import queue
from core.db import database, on_commit, transaction
from core.errors import OUTAGES, OutageError, Retryable, StageError, StorymillError, Wait
from core.log import storable
from models import Job, JobState
from pipelines.ledger import letters
from pipelines.ledger.locks import lock_siblings
from pipelines.stages import STAGES, run_from

log = structlog.get_logger(__name__)

LEASE_SECONDS = 15.0
RENEW_SECONDS = 2.0

_CODE = (
    "code_since = CASE WHEN error_code = %s AND code_since IS NOT NULL THEN code_since "
    "ELSE now() END, error_code = %s"
)
"""The code of a try's end; both placeholders are the code."""
_RUNNING = (JobState.RUNNING,)
_CLAIMED = Job.transition(JobState.RUNNING)
_RESTARTED = Job.transition(JobState.WAITING, of=set(JobState) - {JobState.WAITING, *_RUNNING})


class LeaseLostError(StorymillError):
    """Another worker owns the job now, or a person cancelled it: nothing may be written."""


class InterruptedByShutdownError(Wait):
    """The worker was asked to stop: the job goes back to waiting and spends no attempt."""

    default_code = "shutdown"


@dataclass(slots=True)
class Claim:
    """The right to do one job, as long as the lease is renewed."""

    job_id: int
    stage: str
    subject_id: int
    fence: int
    attempt: int
    """1 for the first try."""
    request_id: str
    earlier_code: str = ""
    """How the try before this one ended, or what it waited for; empty for the first."""
    earlier_seconds: float = 0.0
    """For how long each try has ended with that code."""
    share: float = 0.0
    finished: bool = False
    lost: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)

    def progress(self, share: float) -> None:
        """Report the share done (0 to 1); it is stored with the next renewal of the lease.

        Raises:
            LeaseLostError: the lease is lost or the job was cancelled; stop at once.
            InterruptedByShutdownError: the worker is stopping; another one will do the job.
        """
        if self.lost.is_set():
            raise LeaseLostError(f"This worker has lost its lease on job {self.job_id}.")
        if self.stopping.is_set():
            raise InterruptedByShutdownError("The worker is stopping.", after=0)
        self.share = min(1.0, max(0.0, share))

    @contextmanager
    def step(self) -> Iterator[None]:
        """A transaction during the stage; it fails unless the fencing token is still ours."""
        with transaction():
            lock_siblings(self.stage, self.subject_id)
            self._write("fence = fence")
            yield

    def not_before(self, seconds: float) -> None:
        """Inside a step: if this worker dies now, the job isn't claimed again before then."""
        self._write("due_at = now() + %s * interval '1 second'", seconds)

    @contextmanager
    def finish(self) -> Iterator[None]:
        """The transaction that ends the stage: the job is done, and the block's writes with it."""
        with transaction():
            lock_siblings(self.stage, self.subject_id)
            self.move(
                JobState.DONE,
                "finished_at = now(), progress = 1, lease_until = NULL, waits_for = ''",
            )
            yield
        self.finished = True

    def move(self, to: JobState, assignments: str, *values: Any) -> None:
        """Inside a transaction: set the job's state to ``to`` and make ``assignments``.

        Raises:
            LeaseLostError: the job is no longer ours.
            ValueError: a running job can't get this state.
        """
        self._write(f"{Job.transition(to, of=_RUNNING).assignment}, {assignments}", *values)

    def _write(self, assignments: str, *values: Any) -> None:
        """Raises LeaseLostError unless the job is still ours."""
        cursor = database.execute_sql(
            f"UPDATE job SET {assignments} WHERE id = %s AND fence = %s AND state = 'running'",
            (*values, self.job_id, self.fence),
        )
        if cursor.rowcount != 1:
            self.lost.set()
            raise LeaseLostError(f"This worker has lost its lease on job {self.job_id}.")


# ── creating work ────────────────────────────────────────────────────────────────────────────


def enqueue(
    stage: str,
    subject_id: int,
    *,
    request_id: str = "",
    due_at: datetime | None = None,
    waits_for: str = "",
) -> None:
    """Create the job, or restart one that ended; a waiting or running job is left alone.

    Must be inside a transaction; the wake-up is sent after its commit. With ``due_at`` the sweeper
    sends it at that time, and ``waits_for`` says why.
    """
    request_id = request_id or uuid.uuid4().hex
    _enqueue(stage, subject_id, request_id, due_at=due_at, waits_for=waits_for)


def _enqueue(
    stage: str,
    subject_id: int,
    request_id: str,
    *,
    due_at: datetime | None = None,
    waits_for: str = "",
    wakeup_sent: bool = False,
) -> None:
    cursor = database.execute_sql(
        f"""
        INSERT INTO job (created_at, stage, subject_id, queue, request_id, state, due_at, sent_at,
                         sends, waits_for, attempts, crashes, fence, worker, progress, error,
                         error_code)
        VALUES (now(), %(stage)s, %(subject)s, %(queue)s, %(request)s, 'waiting',
                COALESCE(%(due)s, now()), CASE WHEN %(due)s IS NULL THEN now() END,
                0, %(waits_for)s, 0, 0, 0, '', 0, '', '')
        ON CONFLICT (stage, subject_id) DO UPDATE
            SET {_RESTARTED.assignment}, due_at = EXCLUDED.due_at, sent_at = EXCLUDED.sent_at,
                sends = 0, request_id = EXCLUDED.request_id, attempts = 0, crashes = 0,
                progress = 0, error = '', error_code = '', code_since = NULL,
                waits_for = EXCLUDED.waits_for, finished_at = NULL
            WHERE {_RESTARTED.condition}
        RETURNING id
        """,
        {
            "stage": stage,
            "subject": subject_id,
            "queue": STAGES[stage].queue,
            "request": request_id,
            "due": due_at,
            "waits_for": waits_for,
        },
    )
    row = cursor.fetchone()
    if row:
        letters.resolve(row[0], "restarted")
    if row and due_at is None and not wakeup_sent:
        on_commit(partial(send_wakeup, stage, subject_id, request_id=request_id))


def enqueue_next(held: Claim) -> None:
    """Create the job of the stage that follows ``held``'s on the same row.

    Inside ``finish()``. Its wake-up was sent already, as the next step of the pipeline.

    Raises:
        ValueError: no stage follows.
    """
    following = STAGES[held.stage].then
    if following is None:
        raise ValueError(f"no stage follows {held.stage}")
    _enqueue(following, held.subject_id, held.request_id, wakeup_sent=True)


def wake(stage: str, subject_id: int) -> bool:
    """There is news about a row: make its waiting job due now. False if no job is waiting.

    Must be inside a transaction; the wake-up is sent after its commit. A job that has to wait for
    a rate limit is postponed again before it is claimed, so waking it too often does no harm.
    """
    cursor = database.execute_sql(
        "UPDATE job SET due_at = LEAST(due_at, now()), sent_at = now(), sends = 0 "
        "WHERE stage = %s AND subject_id = %s AND state = 'waiting' RETURNING request_id",
        (stage, subject_id),
    )
    woken = cursor.fetchone()
    if woken is None:
        return False
    on_commit(partial(send_wakeup, stage, subject_id, request_id=woken[0]))
    return True


def send_wakeup(stage: str, subject_id: int, *, request_id: str = "") -> bool:
    """Wake a worker for a due job. False if Redis is unavailable: the sweeper sends it later."""
    run = [(step.queue, step.name) for step in run_from(stage)]
    return queue.send(run, subject_id, request_id=request_id)


# ── doing work ───────────────────────────────────────────────────────────────────────────────


def claim(stage: str, subject_id: int, worker: str) -> Claim | None:
    """Claim the job if it is due; None if the wake-up was stale. This counts as an attempt."""
    claims = _claim("stage = %s AND subject_id = %s", (stage, subject_id), worker)
    return claims[0] if claims else None


def claim_more(stage: str, limit: int, worker: str) -> list[Claim]:
    """Claim up to ``limit`` further due jobs of a stage, to do them as one batch.

    Only jobs that have not failed yet: a job that failed before is tried alone, so that it can't
    make another batch fail.
    """
    return _claim(
        "id IN (SELECT id FROM job WHERE stage = %s AND state = 'waiting' AND due_at <= now() "
        "AND attempts = 0 AND crashes = 0 ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        (stage, limit),
        worker,
    )


def _claim(which: str, values: tuple[Any, ...], worker: str) -> list[Claim]:
    cursor = database.execute_sql(
        f"UPDATE job SET {_CLAIMED.assignment}, fence = fence + 1, attempts = attempts + 1, "
        "worker = %s, lease_until = now() + %s * interval '1 second', started_at = now(), "
        "progress = 0, waits_for = '' "
        f"WHERE {which} AND {_CLAIMED.condition} AND due_at <= now() "
        "RETURNING id, stage, subject_id, fence, attempts, request_id, error_code, "
        "COALESCE(EXTRACT(EPOCH FROM now() - code_since), 0)::float8",
        (worker, LEASE_SECONDS, *values),
    )
    return [Claim(*row) for row in cursor.fetchall()]


def renew(claims: list[Claim]) -> None:
    """Renew the leases and store the progress; claims that are no longer ours are marked lost."""
    for held in claims:
        cursor = database.execute_sql(
            "UPDATE job SET lease_until = now() + %s * interval '1 second', progress = %s "
            "WHERE id = %s AND fence = %s AND state = 'running'",
            (LEASE_SECONDS, held.share, held.job_id, held.fence),
        )
        if cursor.rowcount != 1 and not held.finished:
            held.lost.set()


def put_back(held: Claim, error: Retryable) -> None:
    """The job waits for its next try: as long as the error says, or else the stage's back-off."""
    delay = STAGES[held.stage].delay(held.attempt) if error.after is None else error.after
    spent = 0 if isinstance(error, Wait) else 1
    with transaction():
        held.move(
            JobState.WAITING,
            "due_at = now() + %s * interval '1 second', sent_at = NULL, "
            "sends = 0, lease_until = NULL, attempts = attempts - %s, waits_for = %s, error = %s, "
            f"{_CODE}",
            delay,
            1 - spent,
            storable(str(error)) if not spent else "",
            storable(str(error)) if spent else "",
            error.code,
            error.code,
        )


def postpone(stage: str, subject_id: int, wait: Wait) -> None:
    """Postpone an unclaimed job that may not start yet; it spends no attempt, blocks no thread.

    Only an outage hides the code of its newest try: that code's age must not begin again each time
    that a limit is used up.
    """
    with transaction():
        database.execute_sql(
            """
            UPDATE job SET due_at = now() + %(after)s * interval '1 second', sent_at = NULL,
                sends = 0, waits_for = %(sentence)s,
                error_code = CASE WHEN %(hides)s OR error_code = ANY(%(hidden)s) THEN %(code)s
                                  ELSE error_code END,
                code_since = CASE WHEN error_code = %(code)s AND code_since IS NOT NULL
                                  THEN code_since
                                  WHEN %(hides)s OR error_code = ANY(%(hidden)s) THEN now()
                                  ELSE code_since END
            WHERE stage = %(stage)s AND subject_id = %(subject)s AND state = 'waiting'
            """,
            {
                "after": wait.after or 0,
                "sentence": storable(str(wait)),
                "code": wait.code,
                "hides": isinstance(wait, OutageError),
                "hidden": ["", *sorted(OUTAGES)],
                "stage": stage,
                "subject": subject_id,
            },
        )


def reschedule(stage: str, due: dict[int, tuple[datetime, str]]) -> None:
    """Move unclaimed jobs to other times; running jobs are left alone.

    Jobs that another transaction has locked are left alone too, to avoid a deadlock: the stage
    itself has to check whether it is time.

    Args:
        stage: the stage of all these jobs.
        due: for each subject, when its job is due and what it waits for until then.
    """
    with transaction():
        database.execute_sql(
            """
            UPDATE job SET due_at = wanted.due_at, sent_at = NULL, sends = 0,
                           waits_for = wanted.waits_for
            FROM unnest(%s::int[], %s::timestamptz[], %s::text[])
                 AS wanted (subject_id, due_at, waits_for)
            WHERE job.subject_id = wanted.subject_id
              AND (GREATEST(job.due_at, now()) <> GREATEST(wanted.due_at, now())
                   OR (job.waits_for <> wanted.waits_for AND wanted.due_at > now()))
              AND job.id IN (SELECT id FROM job WHERE stage = %s AND subject_id = ANY(%s)
                             AND state = 'waiting' ORDER BY id FOR UPDATE SKIP LOCKED)
            """,
            (
                list(due),
                [moment for moment, _ in due.values()],
                [storable(reason) for _, reason in due.values()],
                stage,
                list(due),
            ),
        )


def hold(stages: Collection[str], subject_id: int, seconds: int, waits_for: str) -> None:
    """Unclaimed jobs of a row wait at least so long, so that a decision can be undone first.

    Must be inside a transaction.
    """
    database.execute_sql(
        "UPDATE job SET due_at = now() + %(after)s * interval '1 second', sent_at = NULL, "
        "sends = 0, waits_for = %(waits_for)s WHERE stage = ANY(%(stages)s) "
        "AND subject_id = %(subject)s AND state = 'waiting' "
        "AND due_at < now() + %(after)s * interval '1 second'",
        {
            "after": seconds,
            "waits_for": waits_for,
            "stages": list(stages),
            "subject": subject_id,
        },
    )


def set_aside(held: Claim, error: StageError | Exception, trace: str) -> None:
    """The job has failed: its dead letter keeps what is needed to understand and repeat it."""
    code = error.code if isinstance(error, StageError) else type(error).__name__
    with transaction():
        held.move(
            JobState.DEAD,
            "finished_at = now(), lease_until = NULL, error = %s, error_code = %s",
            storable(str(error)),
            code,
        )
        letters.write(held.job_id, trace)


def park(held: Claim, error: StageError, trace: str = "") -> None:
    """The job needs attention: it waits for a person, with a dead letter that says why."""
    with transaction():
        held.move(
            JobState.PARKED,
            "finished_at = now(), lease_until = NULL, waits_for = %s, error = %s, error_code = %s",
            "a person's decision",
            storable(str(error)),
            error.code,
        )
        letters.write(held.job_id, trace)

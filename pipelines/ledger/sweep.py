"""Repairs the ledger after crashes and a lost queue; with it, neither loses any work."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog

from core.db import database, on_commit, transaction
from models import Job, JobState
from pipelines.ledger import letters
from pipelines.ledger.claims import send_wakeup
from pipelines.stages import MOST_CRASHES

log = structlog.get_logger(__name__)

RESEND_SECONDS = 15.0
RESEND_LONGEST = 300.0
SWEEP_BATCH = 500

_FREED = Job.transition(JobState.WAITING, of=[JobState.RUNNING])
_FAILED = Job.transition(JobState.DEAD, of=[JobState.RUNNING])


def sweep(*, free: bool = True, send_due_wakeups: bool = True) -> None:
    """Free leases that ran out, and resend wake-ups for due jobs that nobody has claimed.

    Any number of processes may call this at any time; one at a time does the work.

    Args:
        free: False while leases may have run out only because PostgreSQL was unavailable.
        send_due_wakeups: False while the queue takes no messages.
    """
    with transaction():
        cursor = database.execute_sql("SELECT pg_try_advisory_xact_lock(%s)", (0x5703,))
        if not cursor.fetchone()[0]:
            return
        if free:
            free_leases("lease_until < now()")
        if send_due_wakeups:
            _wake_forgotten()


def forget_wakeups(queues: Sequence[str] | None = None) -> None:
    """The messages of these queues (or of all) are lost: every due job needs a new wake-up."""
    database.execute_sql(
        "UPDATE job SET sent_at = NULL, sends = 0 WHERE id IN ("
        "SELECT id FROM job WHERE state = 'waiting' AND due_at <= now() "
        "AND (%s::text[] IS NULL OR queue = ANY(%s)) ORDER BY id FOR NO KEY UPDATE)",
        (queues, queues),
    )


def free_leases(which: str, values: tuple[Any, ...] = ()) -> int:
    """Take jobs back from workers that died; a job that killed several workers has failed."""
    cursor = database.execute_sql(
        "SELECT id, stage, crashes + 1, worker FROM job "
        f"WHERE {_FREED.condition} AND {which} ORDER BY id LIMIT {SWEEP_BATCH} "
        "FOR UPDATE SKIP LOCKED",
        values,
    )
    rows = cursor.fetchall()
    for job_id, stage, crashes, worker in rows:
        log.warning("lease_freed", job=job_id, stage=stage, crashes=crashes, worker=worker)
        if crashes < MOST_CRASHES:
            database.execute_sql(
                f"UPDATE job SET {_FREED.assignment}, due_at = greatest(due_at, now()), "
                "sent_at = NULL, sends = 0, crashes = %s, lease_until = NULL, error = %s, "
                "error_code = 'worker_lost', code_since = NULL WHERE id = %s",
                (crashes, f"Its worker ended while working ({crashes} times).", job_id),
            )
            continue
        error = f"Its worker died {crashes} times while doing this job; it is not retried."
        database.execute_sql(
            f"UPDATE job SET {_FAILED.assignment}, finished_at = now(), crashes = %s, "
            "lease_until = NULL, error = %s, error_code = 'poison' WHERE id = %s",
            (crashes, error, job_id),
        )
        letters.write(job_id)
    return len(rows)


def _wake_forgotten() -> None:
    # A wake-up may be far back in a long queue, so each repeat waits longer than the last.
    unsent = "sent_at IS NULL OR sent_at < now() - LEAST(%s, %s * 2 ^ sends) * interval '1 second'"
    cursor = database.execute_sql(
        "UPDATE job SET sent_at = now(), sends = LEAST(sends + 1, 10) WHERE id IN ("
        "SELECT id FROM job WHERE state = 'waiting' AND due_at <= now() "
        f"AND ({unsent}) ORDER BY due_at LIMIT {SWEEP_BATCH} FOR UPDATE SKIP LOCKED) "
        "RETURNING id, stage, subject_id, request_id",
        (RESEND_LONGEST, RESEND_SECONDS),
    )
    on_commit(partial(_send, cursor.fetchall()))


def _send(due: list[tuple[int, str, int, str]]) -> None:
    """If Redis becomes unavailable in between, the rest counts as never sent."""
    for position, (_, stage, subject_id, request_id) in enumerate(due):
        if not send_wakeup(stage, subject_id, request_id=request_id):
            with transaction():
                database.execute_sql(
                    "UPDATE job SET sent_at = NULL, sends = 0 WHERE id IN (SELECT id FROM job "
                    "WHERE id = ANY(%s) AND state = 'waiting' ORDER BY id FOR NO KEY UPDATE)",
                    ([job_id for job_id, *_ in due[position:]],),
                )
            return

"""Dead letters: what failed, or needs a decision, and how each was resolved."""

from __future__ import annotations

from core.db import database
from models import DeadLetter, Job, JobState, StaleStateError, in_state, locked, now
from pipelines.stages import STAGES

TAKEN_BACK = ("requeued", "rechecked", "discarded", "cancelled")
"""Resolutions after which undoing a person's decision opens the failure again."""


def write(job_id: int, trace: str = "") -> None:
    """The job has failed, or needs a decision; in the transaction that moved it there."""
    _write(Job.get_by_id(job_id), trace)


def write_about(stages: tuple[str, ...], subject_id: int, code: str, error: str) -> None:
    """A row needs a decision although its jobs have ended, unless one of them has said why."""
    jobs = Job.select().where(Job.stage.in_(stages), Job.subject_id == subject_id)
    ids = [job.id for job in jobs]
    known = DeadLetter.select().where(DeadLetter.job.in_(ids), DeadLetter.resolved_at.is_null())
    if not ids or known.exists():
        return
    job = jobs.order_by(Job.finished_at.desc(nulls="last")).first()
    job.error, job.error_code, job.state = error, code, JobState.PARKED
    _write(job)


def _write(job: Job, trace: str = "") -> None:
    account_id, source_id = _about(job.stage, job.subject_id)
    DeadLetter.create(
        job=job.id,
        stage=job.stage,
        subject_id=job.subject_id,
        attempts=job.attempts,
        error=job.error,
        error_code=job.error_code,
        trace=trace,
        parked=job.state == JobState.PARKED,
        request_id=job.request_id,
        account=account_id,
        source=source_id,
    )


def resolve(job_id: int, resolution: str) -> None:
    """Close what is open about a job."""
    DeadLetter.update(resolved_at=now(), resolution=resolution).where(
        DeadLetter.job == job_id, DeadLetter.resolved_at.is_null()
    ).execute()


def reopen(letter: DeadLetter) -> None:
    """Undo what resolved it: the failure is open again, and its job has failed again.

    Inside the caller's transaction.

    Raises:
        StaleStateError: it can't be undone: it is open, its job has begun, or it ended otherwise.
    """
    job = locked(Job.select().where(Job.id == letter.job)).first()
    if letter.resolution not in TAKEN_BACK:
        raise StaleStateError(f"Failure {letter.id} is not resolved by a person.")
    if job is not None:
        retried = letter.resolution == "requeued" and job.state == JobState.WAITING
        if retried and job.attempts == 0:
            job.move(JobState.CANCELLED)
        if job.state == JobState.CANCELLED:
            job.move(
                JobState.PARKED if letter.parked else JobState.DEAD,
                finished_at=letter.created_at,
                error=letter.error,
                error_code=letter.error_code,
                waits_for="a person's decision" if letter.parked else "",
            )
        elif job.state != JobState.DONE or job.finished_at > letter.created_at:
            raise StaleStateError(
                f"Its work has begun again: the job of failure {letter.id} {in_state(job.state)}."
            )
    DeadLetter.update(resolved_at=None, resolution="").where(DeadLetter.id == letter.id).execute()


def reopen_newest(stages: tuple[str, ...], subject_id: int) -> None:
    """Reopen the newest failure of a row, if a person's decision resolved it."""
    jobs = Job.select(Job.id).where(Job.stage.in_(stages), Job.subject_id == subject_id)
    newest = DeadLetter.select().where(DeadLetter.job.in_(jobs)).order_by(DeadLetter.id.desc())
    letter = newest.first()
    if letter is not None and letter.resolution in TAKEN_BACK:
        reopen(letter)


def _about(stage: str, subject_id: int) -> tuple[int | None, int | None]:
    """The account and the source that a job is about."""
    found: tuple[int | None, int | None] | None = database.execute_sql(
        f"SELECT {_ABOUT[STAGES[stage].subject]} = %s", (subject_id,)
    ).fetchone()
    return found or (None, None)


_OF_PART = "part JOIN script ON script.id = script_id JOIN story ON story.id = story_id"
_ABOUT = {
    "Source": "NULL, id FROM source WHERE id",
    "Story": "NULL, source_id FROM story WHERE id",
    "Part": f"NULL, source_id FROM {_OF_PART} WHERE part.id",
    "Post": "account_id, source_id FROM post JOIN video ON video.id = video_id "
    f"JOIN ({_OF_PART}) ON part.id = part_id WHERE post.id",
    "Account": "id, NULL FROM account WHERE id",
    "Delivery": "NULL, NULL FROM webhook_delivery WHERE id",
    "Backup": "NULL, NULL FROM backup WHERE id",
}
"""By a stage's subject: its account and source."""

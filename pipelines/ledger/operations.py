"""What a person can do with a job, and the sentence that explains its state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from core.db import transaction
from core.errors import OUTAGES, InputError
from models import AuditEntry, DeadLetter, Job, JobState, StaleStateError, in_state, locked, now
from pipelines.ledger import letters
from pipelines.ledger.claims import enqueue

SHOWN_AFTER = timedelta(minutes=5)
"""An outage that a job has met for this long is said on its page and on the home page."""
LONGEST_WAIT = timedelta(days=7)
"""A job that has waited for one reason for longer is shown in the same places; if nothing but a
machine can end its wait, it has failed."""


def requeue(job_id: int, *, seconds: int = 0) -> None:
    """Restart an ended job; its open dead letters are resolved.

    Args:
        job_id: the job.
        seconds: how long it waits first, so that the restart can be undone before it begins.

    Raises:
        InputError: there is no such job, or it has not ended.
    """
    with transaction():
        job = locked(Job.select().where(Job.id == job_id)).first()
        if job is None:
            raise InputError(f"There is no job {job_id}.")
        if job.state in {JobState.WAITING, JobState.RUNNING}:
            raise InputError(f"Job {job_id} is already {job.state}.")
        letters.resolve(job_id, "requeued")
        enqueue(
            job.stage,
            job.subject_id,
            request_id=job.request_id,
            due_at=now() + timedelta(seconds=seconds) if seconds else None,
            waits_for="time to undo the retry" if seconds else "",
        )


def cancel(job_id: int) -> None:
    """Cancel a job; a worker that is doing it stops within seconds."""
    with transaction():
        job = Job.get_or_none(Job.id == job_id)
        if job is None:
            raise InputError(f"There is no job {job_id}.")
        job.move(JobState.CANCELLED, finished_at=now(), lease_until=None)
        letters.resolve(job_id, "cancelled")


def discard(dead_letter_id: int) -> None:
    """A person decides that the work is not needed; the dead letter stays in the history."""
    with transaction():
        letter = DeadLetter.get_or_none(DeadLetter.id == dead_letter_id)
        if letter is None:
            raise InputError(f"There is no failure {dead_letter_id}.")
        if letter.job is not None and letter.job.state in {JobState.DEAD, JobState.PARKED}:
            letter.job.try_move(JobState.CANCELLED, finished_at=now())
        DeadLetter.update(resolved_at=now(), resolution="discarded").where(
            DeadLetter.id == dead_letter_id
        ).execute()


def restore(dead_letter_id: int) -> None:
    """Undo a person's ``discard`` or ``requeue``: the failure is open again, its job has failed.

    Raises:
        StaleStateError: it was not resolved by a person, or its job has begun again.
    """
    with transaction():
        letter = DeadLetter.get_or_none(DeadLetter.id == dead_letter_id)
        if letter is None:
            raise StaleStateError(f"There is no failure {dead_letter_id} any longer.")
        letters.reopen(letter)


def done(stages: Collection[str], subject_id: int) -> dict[str, str]:
    """When a row's finished jobs ended, by id: a restart forgets it. As JSON keeps it."""
    jobs = Job.select(Job.id, Job.finished_at).where(
        Job.stage.in_(list(stages)), Job.subject_id == subject_id, Job.state == JobState.DONE
    )
    return {str(job.id): job.finished_at.isoformat() for job in jobs}


def done_again(before: Mapping[str, str]) -> None:
    """Undo the restart of finished jobs: those that are cancelled by now are done, as ``before``.

    Inside the caller's transaction, which has locked them.
    """
    ids = [int(job_id) for job_id in before]
    for job in Job.select().where(Job.id.in_(ids), Job.state == JobState.CANCELLED):
        ended = datetime.fromisoformat(before[str(job.id)])
        job.move(JobState.DONE, finished_at=ended, progress=1)


def take_back_retry(job_id: int, by: str, before: Mapping[str, str]) -> None:
    """Undo the restart of a job that has not begun: it is cancelled again, or done.

    Args:
        job_id: the job.
        by: who undoes it.
        before: as ``done`` gave it before.

    Raises:
        StaleStateError: it has begun, or is gone.
    """
    with transaction():
        job = _locked(job_id)
        if job.state != JobState.WAITING or job.attempts:
            raise StaleStateError(f"Its work has begun: job {job_id} {in_state(job.state)}.")
        job.move(JobState.CANCELLED, finished_at=now())
        done_again(before)
        _audit("job.take_back_retry", job_id, by)


def take_back_cancel(job_id: int, state: str, by: str) -> None:
    """Undo the cancelling of a job: it waits again, or has failed again as before.

    Args:
        job_id: the job.
        state: its state before; one that ran starts over.
        by: who undoes it.

    Raises:
        StaleStateError: it is no longer cancelled, or is gone.
    """
    with transaction():
        job = _locked(job_id)
        if job.state != JobState.CANCELLED:
            raise StaleStateError(f"Job {job_id} {in_state(job.state)}: it is not cancelled.")
        letter = DeadLetter.select().where(DeadLetter.job == job_id)
        newest = letter.order_by(DeadLetter.id.desc()).first()
        if state in {JobState.DEAD, JobState.PARKED} and newest is not None:
            letters.reopen(newest)
        else:
            requeue(job_id)
        _audit("job.take_back_cancel", job_id, by)


def _locked(job_id: int) -> Job:
    job: Job | None = locked(Job.select().where(Job.id == job_id)).first()
    if job is None:
        raise StaleStateError(f"There is no job {job_id} any longer.")
    return job


def _audit(action: str, job_id: int, by: str) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"job {job_id}")


def explain(job: Job) -> str:  # noqa: PLR0911  # one return a state
    """One sentence: the job's state, since when, and what it waits for."""
    moment = now()
    match job.state:
        case JobState.RUNNING:
            age = _age(moment, job.started_at)
            host, _, rest = job.worker.partition(":")
            process = rest.split(":")[-2:][0]
            return f"Running for {age} on {host} (process {process}), {job.progress:.0%} done."
        case JobState.WAITING if job.due_at > moment:
            left = _span((job.due_at - moment).total_seconds())
            if job.error and not job.waits_for:
                return f"Retrying in {left}: {job.error}{_for_how_long(job, moment)}"
            return f"Waiting {left}: {job.waits_for or 'not due yet'}{_for_how_long(job, moment)}"
        case JobState.WAITING:
            age = _age(moment, job.due_at)
            return f"In the {job.queue} queue for {age}, waiting for a free worker."
        case JobState.DEAD:
            return f"Failed {_age(moment, job.finished_at)} ago: {job.error}"
        case JobState.PARKED:
            return f"Has needed attention for {_age(moment, job.finished_at)}: {job.error}"
        case _:
            return f"{job.state.capitalize()} {_age(moment, job.finished_at)} ago."


def _for_how_long(job: Job, moment: datetime) -> str:
    since, shown_after = job.code_since, LONGEST_WAIT
    if job.error_code in OUTAGES:
        shown_after = SHOWN_AFTER
    if since is None or since > moment - shown_after:
        return ""
    return f" This job has met this since {since:%Y-%m-%d %H:%M} UTC ({_age(moment, since)})."


def _age(moment: datetime, then: datetime | None) -> str:
    return _span((moment - (then or moment)).total_seconds())


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"

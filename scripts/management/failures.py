"""Work that was set aside, and all that is not finished yet."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from core.errors import InputError
from models import DeadLetter, Job, JobState
from pipelines import ledger
from scripts.management.record import record

UNFINISHED = (JobState.WAITING, JobState.RUNNING, JobState.PARKED, JobState.DEAD)


def add_to(manage: click.Group) -> None:
    manage.add_command(failures)
    manage.add_command(jobs)


@click.group("jobs")
def jobs() -> None:
    """Units of work: one stage on one row."""


@jobs.command("list")
@click.option("--count", default=100, show_default=True)
def list_jobs(count: int) -> None:
    """Explain every unfinished job: where it is, since when, what it waits for."""
    table = Table("id", "stage", "row", "state", "explanation")
    with record():
        rows = Job.select().where(Job.state.in_(UNFINISHED)).order_by(Job.id).limit(count)
        for job in rows:
            table.add_row(
                str(job.id), job.stage, str(job.subject_id), job.state, ledger.explain(job)
            )
    Console().print(table)


@jobs.command("requeue")
@click.argument("job_id", type=int)
def requeue_job(job_id: int) -> None:
    """Begin a dead, parked or cancelled job anew."""
    with record():
        ledger.requeue(job_id)
    click.echo(f"Job {job_id} is in the queue again.")


@jobs.command("cancel")
@click.argument("job_id", type=int)
def cancel(job_id: int) -> None:
    """Stop a job for good."""
    with record():
        ledger.cancel(job_id)
    click.echo(f"Job {job_id} was cancelled.")


@click.group("failures")
def failures() -> None:
    """Dead letters: work that was set aside."""


@failures.command("list")
def list_failures() -> None:
    """Show every open failure."""
    table = Table("id", "job", "stage", "row", "attempts", "error")
    with record():
        rows = DeadLetter.select().where(DeadLetter.resolved_at.is_null()).order_by(DeadLetter.id)
        for letter in rows:
            table.add_row(
                str(letter.id),
                str(letter.job or ""),
                letter.stage,
                str(letter.subject_id or ""),
                str(letter.attempts),
                letter.error,
            )
    Console().print(table)


@failures.command("requeue")
@click.argument("failure_id", type=int)
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
def requeue(failure_id: int, *, dry_run: bool) -> None:
    """Begin the work of a failure anew."""
    with record():
        letter = DeadLetter.get_or_none(DeadLetter.id == failure_id)
        if letter is None or letter.job is None:
            raise InputError(f"There is no failure {failure_id} with work to begin anew.")
        if dry_run:
            click.echo(f"Would begin {letter.stage} of {letter.subject_id} anew.")
            return
        ledger.requeue(letter.job.id)
    click.echo(f"{letter.stage} of {letter.subject_id} is in the queue again.")


@failures.command("discard")
@click.argument("failure_id", type=int)
def discard(failure_id: int) -> None:
    """Decide that the work of a failure is not done."""
    with record():
        ledger.discard(failure_id)
    click.echo(f"Failure {failure_id} was discarded.")

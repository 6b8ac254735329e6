"""Failed work, and all unfinished jobs."""

from __future__ import annotations

from functools import partial
from getpass import getuser

import click
from rich.table import Table

from models import DeadLetter, Job, JobState, shown
from pipelines import failures as failures_pipeline
from pipelines import job_decisions, ledger
from scripts.management.changes import DRY_RUN, IDS, decide_each, to_each
from scripts.management.record import record
from scripts.management.showing import show
from scripts.terminal import AS_JSON, print_table

UNFINISHED = (JobState.WAITING, JobState.RUNNING, JobState.PARKED, JobState.DEAD)


def add_to(manage: click.Group) -> None:
    manage.add_command(failures)
    manage.add_command(jobs)


@click.group("jobs")
def jobs() -> None:
    """Jobs: each is one stage for one row."""


@jobs.command("list")
@click.option("--count", default=100, show_default=True, help="Most jobs to list.")
@AS_JSON
def list_jobs(count: int) -> None:
    """List unfinished jobs: their state, since when, and what they are waiting for."""
    table = Table("id", "stage", "row", "state", "explanation")
    with record():
        rows = Job.select().where(Job.state.in_(UNFINISHED)).order_by(Job.id).limit(count)
        for job in rows:
            table.add_row(
                str(job.id), job.stage, str(job.subject_id), shown(job.state), ledger.explain(job)
            )
    print_table(table)


@jobs.command("show")
@click.argument("job_id", type=int)
@AS_JSON
def show_job(job_id: int) -> None:
    """Show a job: its state, attempts, times and error."""
    from admin.api.resources.operations.jobs import detail

    with record():
        show("job", job_id, detail)


@jobs.command("requeue")
@IDS
@DRY_RUN
def requeue_jobs(ids: tuple[int, ...], *, dry_run: bool) -> None:
    """Start jobs again that failed, need attention or were cancelled."""
    with record():
        retry = partial(job_decisions.retry, by=getuser())
        decide_each(ids, retry, "Requeued", dry_run=dry_run)


@jobs.command("cancel")
@IDS
@DRY_RUN
def cancel(ids: tuple[int, ...], *, dry_run: bool) -> None:
    """Cancel jobs."""
    with record():
        stop = partial(job_decisions.cancel, by=getuser())
        decide_each(ids, stop, "Cancelled", dry_run=dry_run)


@click.group("failures")
def failures() -> None:
    """Work that failed or needs a decision (dead letters)."""


@failures.command("list")
@AS_JSON
def list_failures() -> None:
    """List all open failures."""
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
    print_table(table)


@failures.command("show")
@click.argument("failure_id", type=int)
@AS_JSON
def show_failure(failure_id: int) -> None:
    """Show a failure: its error and trace."""
    from admin.api.resources.operations.failures import detail

    with record():
        show("failure", failure_id, detail)


@failures.command("requeue")
@IDS
@DRY_RUN
def requeue(ids: tuple[int, ...], *, dry_run: bool) -> None:
    """Start failed work again."""
    with record():
        act = partial(failures_pipeline.requeue, by=getuser())
        to_each(ids, act, "Requeued", dry_run=dry_run, action="failure.requeue")


@failures.command("discard")
@IDS
@DRY_RUN
def discard(ids: tuple[int, ...], *, dry_run: bool) -> None:
    """Close failures without doing their work."""
    with record():
        act = partial(failures_pipeline.discard, by=getuser())
        to_each(ids, act, "Discarded", dry_run=dry_run, action="failure.discard")

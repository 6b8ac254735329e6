"""Periodic tasks: listed, run now, paused and resumed."""

from __future__ import annotations

from collections.abc import Callable
from getpass import getuser

import click
from rich.table import Table

from core.errors import InputError
from pipelines import undo
from pipelines.schedules import decisions
from scripts.management.changes import DRY_RUN, changes
from scripts.management.record import record
from scripts.terminal import AS_JSON, print_table


def add_to(manage: click.Group) -> None:
    manage.add_command(schedules)


@click.group("schedules")
def schedules() -> None:
    """Periodic tasks."""


@schedules.command("list")
@AS_JSON
def list_schedules() -> None:
    """List all periodic tasks: what each does, how often, its last run and its next."""
    table = Table(
        *("name", "does", "every", "last run (UTC)", "seconds", "outcome", "sentence"),
        *("next run (UTC)", "state"),
    )
    with record():
        for each in decisions.listed():
            row = each.row
            began, ended = row.last_started_at, row.last_ended_at
            seconds = f"{(ended - began).total_seconds():.1f}" if began and ended else ""
            table.add_row(
                *(each.task.name, each.task.does, str(each.task.plan)),
                *(f"{began:%Y-%m-%d %H:%M:%S}" if began else "", seconds),
                *(row.last_outcome, row.last_sentence),
                f"{each.next_at:%Y-%m-%d %H:%M:%S}" if each.next_at else "",
                each.state,
            )
    print_table(table)


@schedules.command("run")
@click.argument("name")
@DRY_RUN
def run(name: str, *, dry_run: bool) -> None:
    """Run the task NAME as soon as a worker is free, beside its plan."""
    with record(), changes(dry_run=dry_run):
        decisions.run_now(decisions.find(name).id, getuser())
        click.echo(f"{name} runs as soon as a worker is free.")


@schedules.command("pause")
@click.argument("name")
@click.option("--reason", default="", help="Shown on the page Schedules.")
@DRY_RUN
def pause(name: str, reason: str, *, dry_run: bool) -> None:
    """Let the task NAME pass its planned times until it is resumed."""

    def act(task_id: int) -> None:
        if not decisions.pause(task_id, getuser(), reason):
            raise InputError(f"{name} is paused already.")

    _decide("schedule.pause", name, act, f"{name} is paused.", dry_run=dry_run)


@schedules.command("resume")
@click.argument("name")
@DRY_RUN
def resume(name: str, *, dry_run: bool) -> None:
    """Let the task NAME run by its plan again, from its next planned time."""

    def act(task_id: int) -> None:
        if not decisions.resume(task_id, getuser()):
            raise InputError(f"{name} is not paused.")

    _decide("schedule.resume", name, act, f"{name} is resumed.", dry_run=dry_run)


def _decide(
    action: str, name: str, act: Callable[[int], None], sentence: str, *, dry_run: bool
) -> None:
    with record(), changes(dry_run=dry_run):
        undo_id = undo.decide_one(getuser(), action, decisions.find(name).id, act)
        click.echo(sentence)
        if not dry_run:
            click.echo(f"To undo it: scripts/manage undo take-back {undo_id}")

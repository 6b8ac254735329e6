"""Takes decisions back."""

from __future__ import annotations

import sys
from getpass import getuser

import click
from rich.table import Table

from pipelines import undo as pipeline
from pipelines.undo_words import WORDS, named, sentence
from scripts.management.changes import DRY_RUN, changes
from scripts.management.record import record
from scripts.terminal import AS_JSON, print_table


def add_to(manage: click.Group) -> None:
    manage.add_command(undo)


@click.group("undo")
def undo() -> None:
    """Take back what somebody decided in the last day."""


@undo.command("list")
@click.option("--user", help="Only what this person decided.")
@click.option("--count", default=50, show_default=True, type=click.IntRange(1, 1000))
@AS_JSON
def list_decisions(user: str | None, count: int) -> None:
    """List the decisions that can be taken back, newest first."""
    table = Table("id", "when (UTC)", "who", "decision")
    with record():
        for decision in pipeline.of_person(user, count):
            when = f"{decision.created_at:%Y-%m-%d %H:%M:%S}"
            table.add_row(str(decision.id), when, decision.by, sentence(decision))
    print_table(table)


@undo.command("take-back")
@click.argument("undo_id", metavar="ID", type=int)
@DRY_RUN
def take_back(undo_id: int, *, dry_run: bool) -> None:
    """Take back a decision from the list, where nobody has changed the rows since.

    Exit code 1 if some of its rows stay as they are.
    """
    with record(), changes(dry_run=dry_run):
        undone = pipeline.undo(undo_id, getuser(), of_anybody=True)
        words = WORDS[undone.action]
        if undone.ids:
            click.echo(f"Undone. {words.undone}: {named(undone.action, undone.ids)}.")
        for row_id, why in undone.refused:
            click.echo(f"Not undone: {words.name(row_id)}. {why}", err=True)
    if undone.refused:
        sys.exit(1)

"""Changes with a dry run: made, then rolled back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from getpass import getuser

import click

from core import db
from core.errors import StorymillError
from models import AuditEntry
from pipelines import undo

DRY_RUN = click.option(
    "--dry-run", is_flag=True, help="Show what would be done, and change nothing."
)
IDS = click.argument("ids", type=int, nargs=-1, required=True)


class _UndoneError(Exception):
    """Ends a dry run's transaction."""


@contextmanager
def changes(*, dry_run: bool) -> Iterator[None]:
    """A transaction; a dry run rolls it back, and so makes the same checks."""
    with _undone(dry_run=dry_run):
        yield
    _report(dry_run=dry_run)


def to_each(
    ids: Sequence[int],
    act: Callable[[int], object],
    verb: str,
    *,
    dry_run: bool,
    action: str = "",
) -> None:
    """Call ``act`` for every id, even after one was refused. Exit code 1 if any was refused.

    With an ``action`` of ``undo_actions.ACTIONS`` it says how to undo it.
    """
    refused, undo_id = list[tuple[int, str]](), None
    if action and not dry_run:
        decided = undo.decide(getuser(), action, ids, act)
        refused = [(row_id, str(error)) for row_id, error in decided.refused]
        refused += [(error.row_id, str(error)) for error in decided.overtaken]
        undo_id = decided.undo_id
    else:
        for row_id in ids:
            try:
                with _undone(dry_run=dry_run):
                    act(row_id)
            except StorymillError as error:
                refused.append((row_id, str(error)))
    click.echo(f"{verb} {len(ids) - len(refused)} of {len(ids)}.")
    if undo_id is not None:
        click.echo(f"To undo it: scripts/manage undo take-back {undo_id}")
    _report(dry_run=dry_run)
    for row_id, why in refused:
        click.echo(f"{row_id}: {why}", err=True)
    if refused:
        sys.exit(1)


def recorded(act: Callable[[int], object], action: str, kind: str) -> Callable[[int], None]:
    """``act``, with an entry in the audit log under the name of who runs the command."""

    def act_and_record(row_id: int) -> None:
        with db.transaction():
            act(row_id)
            AuditEntry.create(actor=getuser(), action=action, subject=f"{kind} {row_id}")

    return act_and_record


@contextmanager
def _undone(*, dry_run: bool) -> Iterator[None]:
    with suppress(_UndoneError), db.transaction():
        yield
        _undo(dry_run=dry_run)


def _undo(*, dry_run: bool) -> None:
    if dry_run:
        raise _UndoneError


def _report(*, dry_run: bool) -> None:
    if dry_run:
        click.echo("Dry run: nothing was changed.")

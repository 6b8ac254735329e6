"""A change that may be rehearsed: done as it would be, then undone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import click

from core import db
from core.errors import StorymillError

DRY_RUN = click.option("--dry-run", is_flag=True, help="Only say what would be done.")
IDS = click.argument("ids", type=int, nargs=-1, required=True)


class _UndoneError(Exception):
    """Ends a rehearsal's transaction."""


@contextmanager
def changes(*, dry_run: bool) -> Iterator[None]:
    """A transaction, undone in a dry run: so that checks all that the change itself would."""
    with _undone(dry_run=dry_run):
        yield
    _tell(dry_run=dry_run)


def to_each(ids: Sequence[int], act: Callable[[int], object], verb: str, *, dry_run: bool) -> None:
    """Do ``act`` to every id; one that is refused stops no other. Exit code 1 if one was."""
    refused = []
    for row_id in ids:
        try:
            with _undone(dry_run=dry_run):
                act(row_id)
        except StorymillError as error:
            refused.append(f"{row_id}: {error}")
    click.echo(f"{verb} {len(ids) - len(refused)} of {len(ids)}.")
    _tell(dry_run=dry_run)
    for sentence in refused:
        click.echo(sentence, err=True)
    if refused:
        sys.exit(1)


@contextmanager
def _undone(*, dry_run: bool) -> Iterator[None]:
    with suppress(_UndoneError), db.transaction():
        yield
        _undo(dry_run=dry_run)


def _undo(*, dry_run: bool) -> None:
    if dry_run:
        raise _UndoneError


def _tell(*, dry_run: bool) -> None:
    if dry_run:
        click.echo("That is what would be done; nothing was changed.")

"""Changes with a dry run: made, then rolled back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from getpass import getuser

import click

from core import db
from core.errors import StorymillError
from pipelines import undo
from pipelines.job_decisions import Decision

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
    refused, undo_id = _applied(ids, act, action, dry_run=dry_run)
    _tell(verb, len(ids), refused, [undo_id], dry_run=dry_run)


def decide_each(
    ids: Sequence[int], decision_about: Callable[[int], Decision], verb: str, *, dry_run: bool
) -> None:
    """Like ``to_each``, where a row may need another decision, about another row.

    Args:
        ids: the rows that were named.
        decision_about: the decision that a row needs; those of one action have the same ``act``.
        verb: as in ``to_each``.
        dry_run: as in ``to_each``.
    """
    made = {row_id: decision_about(row_id) for row_id in ids}
    refused, undo_ids = list[tuple[int, str]](), list[int | None]()
    for action, act in {each.action: each.act for each in made.values()}.items():
        named = {each.row_id: row_id for row_id, each in made.items() if each.action == action}
        left, undo_id = _applied(list(named), act, action, dry_run=dry_run)
        refused += [(named[row_id], why) for row_id, why in left]
        undo_ids.append(undo_id)
    _tell(verb, len(made), refused, undo_ids, dry_run=dry_run)


def _applied(
    ids: Sequence[int], act: Callable[[int], object], action: str, *, dry_run: bool
) -> tuple[list[tuple[int, str]], int | None]:
    """Call ``act`` for every id; the refused ones, each with why, and the number to undo it by."""
    if action and not dry_run:
        decided = undo.decide(getuser(), action, ids, act)
        refused = [(row_id, str(error)) for row_id, error in decided.refused]
        refused += [(error.row_id, str(error)) for error in decided.overtaken]
        return refused, decided.undo_id
    refused = []
    for row_id in ids:
        try:
            with _undone(dry_run=dry_run):
                act(row_id)
        except StorymillError as error:
            refused.append((row_id, str(error)))
    return refused, None


def _tell(
    verb: str,
    count: int,
    refused: Sequence[tuple[int, str]],
    undo_ids: Sequence[int | None],
    *,
    dry_run: bool,
) -> None:
    click.echo(f"{verb} {count - len(refused)} of {count}.")
    for undo_id in undo_ids:
        if undo_id is not None:
            click.echo(f"To undo it: scripts/manage undo take-back {undo_id}")
    _report(dry_run=dry_run)
    for row_id, why in refused:
        click.echo(f"{row_id}: {why}", err=True)
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


def _report(*, dry_run: bool) -> None:
    if dry_run:
        click.echo("Dry run: nothing was changed.")

"""Keys for stored secrets."""

from __future__ import annotations

import sys
from getpass import getuser

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from core import crypto
from models import AuditEntry
from pipelines import key_rotation
from scripts.management.changes import DRY_RUN
from scripts.management.record import record
from scripts.terminal import AS_JSON, print_table, say


def add_to(manage: click.Group) -> None:
    manage.add_command(new_key)
    manage.add_command(rotate_keys)


@click.command("new-key")
def new_key() -> None:
    """Print a new CRYPTOGRAPHY_KEY."""
    click.echo(crypto.new_key())


@click.command("rotate-keys")
@DRY_RUN
@click.option(
    "--batch",
    default=key_rotation.BATCH,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="Values per statement.",
)
@AS_JSON
def rotate_keys(*, dry_run: bool, batch: int) -> None:
    """Encrypt every stored secret again, with the newest key of CRYPTOGRAPHY_KEY.

    First restart each process with the new key in front; then everything can keep running. If
    interrupted, run it again: it continues where it stopped.
    """
    with record():
        newest, waiting = crypto.keyring().newest, key_rotation.under_other_keys()
        if dry_run:
            print_table(_table(key_rotation.uses()))
            say(f"Would re-encrypt {waiting} values with the newest key, {newest}.")
            return
        columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("", total=waiting)
            rotation = key_rotation.rotate(
                batch=batch, tell=lambda done: progress.advance(task, done)
            )
        AuditEntry.create(
            actor=getuser(),
            action="keys.rotate",
            subject=f"key {newest}",
            reason=f"{rotation.rewritten} values, {len(rotation.unreadable)} unreadable",
        )
        say(f"{rotation.rewritten} values re-encrypted with the newest key, {newest}.")
        for place, row in sorted(rotation.unreadable):
            click.echo(
                f"{place} of row {row} is damaged and was not changed: see the runbook.", err=True
            )
        needed = [_check_old_key(name) for name in crypto.keyring().old]
    if any(needed) or rotation.unreadable:
        sys.exit(1)


def _check_old_key(old: str) -> int:
    """Say whether an old key is still needed; returns by how many values."""
    values = sum(found[old] for found in key_rotation.uses().values())
    if values:
        click.echo(
            f"Key {old} is still needed by {values} values. If nothing was damaged, some process "
            "was started without the new key in front: restart it, then run this again.",
            err=True,
        )
    else:
        click.echo(f"Key {old} is no longer used (0 values): you can remove it.")
    return values


def _table(uses: key_rotation.Uses) -> Table:
    table = Table("where", "key", "values", "")
    ring = crypto.keyring()
    for place, found in uses.items():
        for name, values in found.items():
            table.add_row(place, name, str(values), "newest" if name == ring.newest else "old")
    return table

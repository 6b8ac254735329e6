"""The audit log: listed, sealed, and checked for changed or missing rows."""

from __future__ import annotations

import sys

import click
from rich.table import Table

from models import AuditEntry
from scripts.management.record import record
from scripts.terminal import AS_JSON, print_table


def add_to(manage: click.Group) -> None:
    manage.add_command(audit)


@click.group("audit")
def audit() -> None:
    """The audit log: who did what."""


@audit.command("list")
@click.option("--user", help="Only what this person did.")
@click.option("--count", default=50, show_default=True, type=click.IntRange(1, 10_000))
@AS_JSON
def list_entries(user: str | None, count: int) -> None:
    """List the newest entries."""
    table = Table("id", "when (UTC)", "who", "action", "subject", "details")
    with record():
        entries = AuditEntry.select().order_by(AuditEntry.id.desc()).limit(count)
        for entry in entries.where(AuditEntry.actor == user) if user else entries:
            when = f"{entry.created_at:%Y-%m-%d %H:%M:%S}"
            table.add_row(
                str(entry.id), when, entry.actor, entry.action, entry.subject, entry.reason
            )
    print_table(table)


@audit.command("verify")
@click.option("--expect", default="", help="A seal that was noted earlier, as NUMBER:HASH.")
def verify(expect: str) -> None:
    """Check that no entry was changed, removed or inserted.

    Exit code 1 if one was. Note the last seal outside this machine, and give it with --expect next
    time: that also finds entries that were cut off at the end.
    """
    from pipelines.people import audit_chain

    with record():
        found = audit_chain.verify(expect)
    for sentence in found.faults:
        click.echo(sentence, err=True)
    if found.count > len(found.faults):
        click.echo(f"… and {found.count - len(found.faults)} more.", err=True)
    click.echo(f"Sealed entries checked: {found.sealed}. Not sealed yet: {found.unsealed}.")
    if found.last:
        click.echo(f"Last seal: {found.last}")
    if found.count:
        click.echo("The audit log was altered.", err=True)
        sys.exit(1)
    click.echo("Every sealed entry is as it was written.")

"""Rate limits, changed while the workers run."""

from __future__ import annotations

from getpass import getuser

import click
from rich.table import Table

from pipelines import rate_limits as named
from scripts.management.changes import DRY_RUN, changes
from scripts.management.record import record
from scripts.terminal import AS_JSON, print_table


def add_to(manage: click.Group) -> None:
    manage.add_command(limits)


@click.group("limits")
def limits() -> None:
    """Rate limits."""


@limits.command("list")
@AS_JSON
def list_limits() -> None:
    """List all rate limits with their defaults and purposes."""
    table = Table("name", "now", "default", "per", "purpose")
    with record():
        for limit in named.describe():
            now, own = (f"{one.count} in {one.seconds:g} s" for one in (limit.now, limit.default))
            about = limit.about
            whose = "account" if about.per_account else "host" if about.per_host else ""
            shown = f"{now} (changed)" if limit.changed else now
            table.add_row(limit.now.name, shown, own, whose, limit.about.purpose)
    print_table(table)


@limits.command("set")
@click.argument("name")
@click.argument("count", type=int)
@click.argument("seconds", type=float)
@DRY_RUN
def set_limit(name: str, count: int, seconds: float, *, dry_run: bool) -> None:
    """Allow NAME COUNT times in any SECONDS; 0 stops everything."""
    with record(), changes(dry_run=dry_run):
        named.set_limit(name, count, seconds, getuser())
        click.echo(
            f"{name} is {count} in {seconds:g} s; every worker applies it within "
            f"{named.NOTICED_SECONDS:g} seconds."
        )


@limits.command("reset")
@click.argument("name")
@DRY_RUN
def reset_limit(name: str, *, dry_run: bool) -> None:
    """Set NAME back to its default."""
    with record(), changes(dry_run=dry_run):
        named.reset_limit(name, getuser())
        click.echo(f"{name} is back to its default.")

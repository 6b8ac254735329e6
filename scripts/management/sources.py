"""Where stories come from."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.table import Table

from core.db import transaction
from core.errors import InputError
from models import Job, JobState, Source, SourceKind
from pipelines import ledger
from scripts.management.record import record


def add_to(manage: click.Group) -> None:
    manage.add_command(sources)


@click.group("sources")
def sources() -> None:
    """Places that stories are fetched from."""


@sources.command("list")
def list_sources() -> None:
    """Show every source and how its last fetch went."""
    table = Table("id", "name", "kind", "place", "every", "on", "last fetched", "last error")
    with record():
        for source in Source.select().order_by(Source.id):
            table.add_row(
                str(source.id),
                source.name,
                source.kind,
                source.place,
                f"{source.interval_minutes} min",
                "yes" if source.enabled else "no",
                f"{source.last_fetched_at:%Y-%m-%d %H:%M}" if source.last_fetched_at else "never",
                source.last_error,
            )
    Console().print(table)


@sources.command("add")
@click.argument("subreddit")
@click.option("--name", help="How the back office calls it; the subreddit's name by default.")
@click.option("--listing", type=click.Choice(["hot", "new", "top", "rising"]), default="top")
@click.option(
    "--time-filter",
    type=click.Choice(["hour", "day", "week", "month", "year", "all"]),
    default="day",
    show_default=True,
)
@click.option("--count", default=25, show_default=True)
@click.option("--min-score", default=0, show_default=True)
@click.option("--every", "minutes", default=60, show_default=True, help="Minutes between fetches.")
def add_source(
    subreddit: str,
    name: str | None,
    listing: str,
    time_filter: str,
    count: int,
    min_score: int,
    minutes: int,
) -> None:
    """Fetch stories from SUBREDDIT from now on."""
    place = subreddit.removeprefix("/").removeprefix("r/")
    with record(), transaction():
        if Source.select().where(Source.name == (name or place)).exists():
            raise InputError(f"There is a source called {name or place} already.")
        source = Source.create(
            name=name or place,
            kind=SourceKind.SUBREDDIT,
            place=place,
            listing=listing,
            time_filter=time_filter,
            count=count,
            min_score=min_score,
            interval_minutes=minutes,
        )
    click.echo(f"Source {source.id} was made; its first fetch begins within a minute.")


@sources.command("fetch")
@click.argument("source_id", type=int)
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
def fetch_now(source_id: int, *, dry_run: bool) -> None:
    """Fetch SOURCE_ID now, without waiting for its time."""
    with record():
        source = Source.get_or_none(Source.id == source_id)
        if source is None:
            raise InputError(f"There is no source {source_id}.")
        running = Job.of("fetch", source_id)
        if running is not None and running.state in {JobState.WAITING, JobState.RUNNING}:
            click.echo(f"{source.name} is being fetched already: {ledger.explain(running)}")
            sys.exit(1)
        if dry_run:
            click.echo(f"Would fetch up to {source.count} stories of {source.name}.")
            return
        with transaction():
            ledger.enqueue("fetch", source.id)
    click.echo(f"The fetch of {source.name} is in the queue.")

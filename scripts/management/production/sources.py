"""Commands for story sources."""

from __future__ import annotations

import sys
from collections.abc import Callable
from getpass import getuser
from pathlib import Path
from typing import Any

import click
from peewee import fn
from rich.table import Column, Table

from core.errors import InputError
from core.files.intake_folder import IntakeFolder
from core.text.addresses import public_part
from models import Account, Intake, Job, JobState, Source, SourceKind, shown
from pipelines import ledger
from pipelines.production import channels
from pipelines.stories.intake import source_archive
from pipelines.stories.intake import sources as pipeline
from pipelines.stories.intake.fetch import OUTCOMES_KEPT_DAYS, IntakeOutcome
from pipelines.stories.intake.source_settings import (
    ALL,
    KINDS,
    SETTINGS,
    Choice,
    Figure,
    Setting,
    Share,
    Switch,
)
from scripts.management.changes import DRY_RUN, changes
from scripts.management.record import record
from scripts.terminal import AS_JSON, print_table, say

NONE = "none"
BY_SUFFIX = {".json": SourceKind.SAVED_LISTING, ".jsonl": SourceKind.SAVED_LISTING}
BY_SUFFIX |= {".csv": SourceKind.CSV, ".tsv": SourceKind.CSV}
Command = Callable[..., None]
SOURCE = click.argument("name", metavar="NAME")
KIND = click.option(
    "--kind",
    type=click.Choice([str(kind) for kind in KINDS]),
    help="Default: guessed from the place. https://… is a feed, a path is a file or folder, "
    "anything else is a subreddit.",
)


def add_to(manage: click.Group) -> None:
    manage.add_command(sources)


def kind_of(place: str, intake: IntakeFolder | None = None) -> SourceKind:
    """Guess the kind from a place: a path, or a place below ``intake``."""
    if place.startswith(("https://", "http://")):
        page = public_part(place)
        on_reddit = "reddit.com/r/" in page and not page.endswith((".rss", ".xml"))
        return SourceKind.SUBREDDIT if on_reddit else SourceKind.FEED
    path = Path(place)
    if path.suffix.lower() in BY_SUFFIX:
        return BY_SUFFIX[path.suffix.lower()]
    folders = [path] if intake is None else [path, intake.folder / place]
    if any(folder.is_dir() for folder in folders) and not place.startswith("r/"):
        return SourceKind.FOLDER
    return SourceKind.SUBREDDIT


def settings_of_a_source(command: Command) -> Command:
    """Add an option for each setting; None or empty if it is not given."""
    options: list[Callable[[Command], Command]] = [
        *(_option(setting) for setting in SETTINGS),
        click.option("--channel", help=f"Name of the channel for its stories, or {NONE}."),
        click.option(
            "--account",
            "accounts",
            multiple=True,
            help="An account that gets its videos, by name or number; repeat it for several, or "
            f"give {NONE} for all accounts.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _option(setting: Setting) -> Callable[[Command], Command]:
    name, help_text = setting.name.replace("_", "-"), setting.help or f"{setting.label}."
    match setting:
        case Switch():
            return click.option(f"--{name}/--not-{name}", default=None, help=f"{setting.label}.")
        case Figure():
            return click.option(f"--{name}", type=int, help=help_text)
        case Share():
            return click.option(f"--{name}", type=float, help=help_text)
        case Choice(choices=choices):
            return click.option(
                f"--{name}", type=click.Choice([str(each) for each in choices]), help=help_text
            )
        case _:
            return click.option(f"--{name}", help=help_text)


@click.group("sources")
def sources() -> None:
    """Manage story sources. NAME is a source's name or number."""


@sources.command("list")
@AS_JSON
def list_sources() -> None:
    """List all sources, and the errors of their last fetch."""
    table = Table("id", "name", "kind", Column("place", overflow="fold"), "every", "last fetched")
    failed = []
    with record():
        for source in Source.select().where(Source.removed_at.is_null()).order_by(Source.id):
            every = f"{source.interval_minutes} min" if source.enabled else "off"
            every = "archived" if source.archived_at else every
            fetched = source.last_fetched_at
            table.add_row(
                str(source.id),
                source.name,
                source.kind,
                source.place,
                "by hand" if source.kind == SourceKind.PASTE else every,
                f"{fetched:%m-%d %H:%M}" if fetched else "never",
            )
            if source.last_error:
                failed.append(f"{source.name}: {source.last_error}")
    print_table(table)
    for sentence in failed:
        click.echo(sentence, err=True)


@sources.command("show")
@SOURCE
@AS_JSON
def show(name: str) -> None:
    """Show all settings of the source NAME."""
    with record():
        source = pipeline.find(name)
        table = Table(show_header=False, title=source.name)
        for setting in ALL:
            value = getattr(source, setting.name)
            shown = ("yes" if value else "no") if isinstance(setting, Switch) else str(value)
            table.add_row(setting.name, shown)
        ids = pipeline.accounts_of(source)
        accounts = Account.select(Account.name, Account.open_id).where(Account.id.in_(ids or [0]))
        named = ", ".join(account.name or account.open_id for account in accounts)
        table.add_row("channel", source.channel.name if source.channel else NONE)
        table.add_row("accounts", named or "all")
    print_table(table)


@sources.command("add")
@click.argument("place")
@click.option("--name", help="Name in the back office; default: its place, or host and path.")
@KIND
@settings_of_a_source
@DRY_RUN
def add_source(
    place: str, name: str | None, kind: str | None, *, dry_run: bool, **options: Any
) -> None:
    """Add PLACE as a source: a subreddit, a feed address, a file or a folder.

    A file or folder must be below INTAKE_DIR: give its path, or its place there. It is not copied.
    """
    with record() as config, changes(dry_run=dry_run):
        intake = IntakeFolder(config.intake_dir)
        chosen = _placed(place, kind or kind_of(place, intake), intake) | _chosen(options)
        named = name or _name_of(chosen)
        source = pipeline.save(None, chosen | {"name": named}, getuser(), intake)
        begins = "its first fetch starts within a minute" if source.enabled else "it is off"
        click.echo(f"Source {source.id}, {source.name}, was added; {begins}.")


@sources.command("set")
@SOURCE
@click.option("--rename", help="New name.")
@click.option("--place", help="New subreddit, address, file or folder.")
@KIND
@settings_of_a_source
@DRY_RUN
def set_source(
    name: str,
    rename: str | None,
    place: str | None,
    kind: str | None,
    *,
    dry_run: bool,
    **options: Any,
) -> None:
    """Change the source NAME; other settings stay as they are."""
    with record() as config, changes(dry_run=dry_run):
        intake = IntakeFolder(config.intake_dir)
        source = pipeline.find(name)
        chosen = _chosen(options)
        if rename is not None:
            chosen["name"] = rename
        if place is not None or kind is not None:
            where = source.place if place is None else place
            chosen |= _placed(
                where, kind or (kind_of(where, intake) if place else source.kind), intake
            )
        if not chosen:
            raise InputError("Nothing to change: give at least one setting; --help lists them.")
        pipeline.save(source.id, chosen, getuser(), intake)
        click.echo(f"{rename or source.name} was changed.")


@sources.command("fetch")
@SOURCE
@DRY_RUN
def fetch_now(name: str, *, dry_run: bool) -> None:
    """Fetch the source NAME now."""
    with record(), changes(dry_run=dry_run):
        source = pipeline.find(name)
        running = Job.of("fetch", source.id)
        if running is not None and running.state in {JobState.WAITING, JobState.RUNNING}:
            click.echo(f"{source.name} is already being fetched. {ledger.explain(running)}")
            sys.exit(1)
        pipeline.ask(source.id, getuser())
        click.echo(f"A fetch of {source.name} is queued (up to {source.count} stories).")


@sources.command("archive")
@SOURCE
@DRY_RUN
def archive(name: str, *, dry_run: bool) -> None:
    """Keep the source NAME without fetching it. Its stories stay."""
    with record(), changes(dry_run=dry_run):
        source = source_archive.archive(pipeline.find(name).id, getuser())
        click.echo(f"{source.name} was archived. Its stories stay.")


@sources.command("unarchive")
@SOURCE
@DRY_RUN
def unarchive(name: str, *, dry_run: bool) -> None:
    """Bring the archived source NAME back. It is fetched again once it is enabled."""
    with record(), changes(dry_run=dry_run):
        source = source_archive.unarchive(pipeline.find(name).id, getuser())
        click.echo(f"{source.name} is back. Enable it: scripts/manage sources set --enabled.")


@sources.command("remove")
@SOURCE
@click.option("--yes", is_flag=True, help="Don't ask.")
@DRY_RUN
def remove(name: str, *, yes: bool, dry_run: bool) -> None:
    """Remove the source NAME with its history and its uploaded files. Its stories stay."""
    with record() as config:
        source = pipeline.find(name)
        if not yes and not dry_run:
            click.confirm(
                f"Remove {source.name} with its history? It can't be brought back.", abort=True
            )
        intake = None if dry_run else IntakeFolder(config.intake_dir)
        with changes(dry_run=dry_run):
            removed = source_archive.remove(source.id, getuser(), intake)
            click.echo(f"{removed} was removed. Its stories stay.")


@sources.command("outcomes")
@SOURCE
@click.option(
    "--outcome",
    "--fate",
    "outcome",
    type=click.Choice([outcome.value for outcome in IntakeOutcome]),
    help="Show only rows with this outcome.",
)
@click.option("--count", default=50, show_default=True, type=click.IntRange(min=1))
@AS_JSON
def outcomes(name: str, outcome: str | None, count: int) -> None:
    """Show the newest rows from the source NAME and their outcomes."""
    table = Table("when", "row", "outcome", "reason")
    with record():
        source = pipeline.find(name)
        rows = Intake.select().where(Intake.source == source).order_by(Intake.id.desc())
        for row in (rows.where(Intake.outcome == outcome) if outcome else rows).limit(count):
            title = row.title or row.external_id
            word = shown(row.outcome)
            table.add_row(f"{row.created_at:%Y-%m-%d %H:%M}", title, word, row.reason)
        of_source = Intake.select(Intake.outcome, fn.COUNT(Intake.id).alias("rows"))
        counts: Any = of_source.where(Intake.source == source).group_by(Intake.outcome)
        found = {row.outcome: row.rows for row in counts}
    print_table(table)
    counted = ", ".join(f"{found.get(each, 0)} {shown(each)}" for each in IntakeOutcome)
    say(f"{source.name}: {counted} in the last {OUTCOMES_KEPT_DAYS} days.")
    if source.last_error:
        click.echo(source.last_error, err=True)


sources.add_command(  # its old name
    click.Command(
        "fates",
        callback=outcomes.callback,
        params=outcomes.params,
        help=outcomes.help,
        hidden=True,
    )
)


def _placed(place: str, kind: str, intake: IntakeFolder) -> dict[str, Any]:
    """Kind and place; an existing path becomes absolute, so that it is the same for workers."""
    if kind in {SourceKind.SUBREDDIT, SourceKind.FEED} or not place:
        return {"kind": kind, "place": pipeline.tidy(kind, place)}
    path = Path(place).absolute()
    return {"kind": kind, "place": intake.place(str(path) if path.exists() else place)}


def _name_of(chosen: dict[str, Any]) -> str:
    """The name of a source that was given none; a feed's address may hold a secret."""
    place = str(chosen["place"])
    return pipeline.free_name(place) if chosen["kind"] == SourceKind.FEED else place[-100:]


def _chosen(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, with names replaced by ids."""
    chosen = {name: value for name, value in options.items() if value not in {None, ()}}
    if "channel" in chosen:
        chosen["channel"] = _channel(chosen["channel"])
    if "accounts" in chosen:
        chosen["accounts"] = [_account(name) for name in chosen["accounts"] if name != NONE]
    return chosen


def _channel(name: str) -> int | None:
    return None if name == NONE else int(channels.find(name).id)


def _account(name: str) -> int:
    rows = Account.select(Account.id).order_by(Account.id)
    found = [row.id for row in rows.where(Account.name == name)]
    if not found and name.isascii() and name.isdigit():
        found = [row.id for row in rows.where(Account.id == int(name))]
    if len(found) != 1:
        number = "no account" if not found else "more than one account"
        raise InputError(f"There is {number} {name}: see scripts/manage accounts list.")
    return int(found[0])

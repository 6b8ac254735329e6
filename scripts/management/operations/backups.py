"""Backups: made, listed, verified, restored."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from getpass import getuser

import click
import psycopg2
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn
from rich.table import Table

from core import crypto, db, log, queue, settings
from core.errors import InputError, Retryable
from core.settings import Settings
from models import AuditEntry, Backup, BackupState
from pipelines.backups import check, restore, runs
from pipelines.backups.archive import Archive, DamagedError, Facts, KeyMissingError
from pipelines.backups.retention import taken_at
from pipelines.backups.settle import settle as settle_restored
from pipelines.backups.setup import BackupSetup
from pipelines.backups.take import alone
from pipelines.publishing.accounts import token_recovery
from scripts.management.record import record, settle
from scripts.terminal import AS_JSON, print_table, say

NOT_ENCRYPTED = (
    "This backup is not encrypted: whoever can read its folder can read the stories, the names and "
    "the hashes of passwords. Set BACKUP_KEY to encrypt the next ones."
)
NAME = click.argument("name", default="")


def add_to(manage: click.Group) -> None:
    for command in (backup, list_backups, verify_backup, restore_backup):
        manage.add_command(command)


@click.command("backup")
def backup() -> None:
    """Back up the database and the files that it needs to BACKUP_DIR, and test the backup.

    Everything can keep running. Files that an earlier backup holds are not copied again.
    """
    with record(), _faults_of_postgres():
        setup = _setup()
        AuditEntry.create(actor=getuser(), action="backup.ask", subject="backup")
        row = Backup.create(by=getuser())
        with _bar("Backing up") as progress:
            row.move(BackupState.DONE, **runs.make(row, setup, progress))
        row = Backup.get_by_id(row.id)
    click.echo(
        f"Backup {row.name}: database {_size(row.database_bytes)}, {row.files} files of "
        f"{_size(row.file_bytes)} ({_size(row.new_bytes)} new)."
    )
    click.echo("Restored for a test: all rows are there." if row.verified_at else row.error)
    if row.missing_files:
        click.echo(f"{row.missing_files} files that the record names are not on the disk.")
    if not row.encrypted_with:
        click.echo(NOT_ENCRYPTED, err=True)
    if not row.verified_at:
        sys.exit(1)


@click.command("backups")
@AS_JSON
def list_backups() -> None:
    """List the backups in BACKUP_DIR, newest first."""
    settle()
    archive = _setup().archive
    table = Table("name", "age", "database", "files", "size", "key", "verified")
    names = archive.names()
    for name in reversed(names):
        age = _age(datetime.now(UTC) - taken_at(name))
        try:
            facts, verdict = archive.facts(name), archive.verdict(name)
        except (DamagedError, KeyMissingError) as error:
            table.add_row(name, age, "", "", "", "", str(error))
            continue
        tested = "no" if verdict is None else "yes" if verdict.good else verdict.sentence
        sizes = _size(facts.database.size), str(facts.files), _size(facts.file_bytes)
        table.add_row(name, age, *sizes, facts.encrypted_with or "not encrypted", tested)
    print_table(table)
    stored = sum(archive.place.sizes("").values())
    say(f"Backups: {len(names)}. They use {_size(stored)} in {archive.place.label}.")


@click.command("verify-backup")
@NAME
def verify_backup(name: str) -> None:
    """Read everything in the backup NAME, and restore its database for a test.

    Without NAME, the newest one. Nothing of this installation is changed.
    """
    with record(), _faults_of_postgres():
        setup = _setup()
        facts = _facts(setup.archive, name)
        with alone(setup.url), _bar("Reading") as progress:
            verdict = check.verify(facts, setup, progress)
        verified_at = verdict.at if verdict.good else None
        Backup.update(verified_at=verified_at, error=verdict.sentence).where(
            Backup.name == facts.name
        ).execute()
    if not verdict.good:
        raise DamagedError(verdict.sentence)
    click.echo(
        f"The backup {facts.name} is good: {facts.files - facts.missing_files} files have their "
        f"content, and all {sum(facts.counts.values())} rows of {len(facts.counts)} tables came "
        "back."
    )


@click.command("restore")
@NAME
@click.option("--force", is_flag=True, help="Restore although the present rows are lost.")
@click.option("--dry-run", is_flag=True, help="Only check the backup, and say what would be lost.")
@click.option(
    "--keep-posting",
    is_flag=True,
    help="Don't pause the accounts whose posts may have gone out since the backup.",
)
def restore_backup(name: str, *, force: bool, dry_run: bool, keep_posting: bool) -> None:
    """Restore the backup NAME: the database, and the files to MEDIA_DIR and INTAKE_DIR.

    Without NAME, the newest one. Stop every process first. All is checked before anything is
    touched; if the restore fails, the database is as it was.
    """
    config = _prepared()
    setup = _setup()
    facts = _facts(setup.archive, name)
    with _faults_of_postgres(), alone(setup.url):
        with _bar("Checking") as progress:
            restore.check_before(facts, setup, progress)
        _say_losses(setup, facts, force=force or dry_run)
        if dry_run:
            click.echo(f"Dry run: nothing was changed. The backup {facts.name} can be restored.")
            return
        with _bar("Restoring") as progress:
            restore.restore(facts, setup, progress)
    queue.connect(config.redis_url.get_secret_value())
    with db.session():
        paused = settle_restored(setup.archive, facts, getuser(), pause_accounts=not keep_posting)
    _say_restored(facts, paused)


def _prepared() -> Settings:
    """Settings and keys; PostgreSQL is reached, and its tables are left as they are."""
    settle()
    config = settings.current()
    log.configure("manage", "WARNING")
    crypto.configure(config.cryptography_key.get_secret_value())
    db.configure(config.database_url.get_secret_value(), max_connections=4)
    db.check(config.database_url.get_secret_value())
    db.database.close_all()  # a restore wants to be alone
    token_recovery.configure(config.media_dir)
    return config


def _say_losses(setup: BackupSetup, facts: Facts, *, force: bool) -> None:
    """Raises InputError if the database has rows and ``force`` is not given."""
    losses = restore.losses(setup.url)
    if not losses:
        return
    table = Table("table", "rows now", "newest (UTC)", "rows in the backup")
    for loss in losses:
        newest = f"{loss.newest.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if loss.newest else ""
        table.add_row(loss.table, str(loss.rows), newest, str(facts.counts.get(loss.table, 0)))
    click.echo("These rows of the present database would be replaced by those of the backup:")
    print_table(table)
    if not force:
        raise InputError(
            f"The database is not empty, so nothing was changed. The backup {facts.name} is from "
            f"{facts.created_at:%Y-%m-%d %H:%M} UTC; what is newer would be lost. Take a backup of "
            f"what is there with scripts/manage backup, then run: "
            f"scripts/manage restore {facts.name} --force"
        )


def _say_restored(facts: Facts, paused: list[int]) -> None:
    rows = sum(facts.counts.values())
    click.echo(
        f"Restored the backup {facts.name}: {rows} rows in {len(facts.counts)} tables, "
        f"{facts.files - facts.missing_files} files."
    )
    if facts.missing_files:
        click.echo(f"{facts.missing_files} files were missing already when it was made.")
    if paused:
        click.echo(
            f"Accounts paused: {', '.join(map(str, paused))}. Posts of theirs whose time has come "
            "may have gone out after the backup was made: look on TikTok, then resume them."
        )
    click.echo("Now start Storymill: scripts/manage run, or your containers.")


def _setup() -> BackupSetup:
    from workers import wiring

    setup = wiring.backups()
    if setup is None:
        raise InputError(runs.OFF)
    return setup


def _facts(archive: Archive, name: str) -> Facts:
    """What is in the backup of that name, or in the newest one."""
    if not name:
        names = archive.names()
        if not names:
            raise InputError(f"There is no backup in {archive.place.label}.")
        name = names[-1]
    return archive.facts(name)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[float], None]]:
    columns = (what, BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share: bar.update(task, completed=share)


@contextmanager
def _faults_of_postgres() -> Iterator[None]:
    try:
        yield
    except psycopg2.Error as error:
        said = (error.pgerror or "").splitlines()[:1] or ["the connection was lost"]
        raise Retryable(f"PostgreSQL was in the way: {said[0]}. Run this again.") from None


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:  # noqa: PLR2004  # of the next unit
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _age(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours < 2 * 24 else f"{hours / 24:.0f} days"

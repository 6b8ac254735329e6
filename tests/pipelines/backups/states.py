"""An installation with backups, and everything in it by its hash."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg2

from core import db
from models import Backup, BackupState
from pipelines.backups import restore, runs
from pipelines.backups.archive import Facts
from pipelines.backups.files import Folders
from pipelines.backups.setup import BackupSetup


@dataclass(frozen=True)
class Installation:
    setup: BackupSetup
    place: Path

    def back_up(self) -> Backup:
        with db.session():
            row = Backup.create(by="olga")
        changes = runs.make(row, self.setup, lambda _: None)
        with db.session():
            row.move(BackupState.DONE, **changes)
            done: Backup = Backup.get_by_id(row.id)
        return done

    def facts(self, row: Backup) -> Facts:
        return self.setup.archive.facts(row.name)

    def restore(self, row: Backup) -> None:
        """Check, then restore, as the command does."""
        db.database.close_all()
        facts = self.facts(row)
        restore.check_before(facts, self.setup, lambda _: None)
        restore.restore(facts, self.setup, lambda _: None)

    def moved(self, folder: Path) -> Installation:
        """The same with other folders for files."""
        folders = Folders(media=folder / "other-media", intake=folder / "other-intake")
        return replace(self, setup=replace(self.setup, folders=folders))

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        return execute(self.setup.url, statement)


def execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def destroy(url: str) -> None:
    execute(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def rows(url: str) -> dict[str, str]:
    """The hash of all rows of each table."""
    tables = execute(
        url,
        "SELECT relname FROM pg_class WHERE relkind = 'r' "
        "AND relnamespace = 'public'::regnamespace",
    )
    return {
        table: execute(
            url, f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} AS t"
        )[0][0]
        for (table,) in tables
    }


def sequences(url: str) -> list[tuple[Any, ...]]:
    return execute(url, "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")


def contents(folder: Path) -> dict[str, str]:
    """The hash of each file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }

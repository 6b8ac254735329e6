"""Restoring a backup: everything is checked before anything is touched.

Files come first: they only add to the media folder. Then the database's tables are set aside in
another schema, the backup's are restored in one transaction and counted, and the old ones are
dropped. Whatever goes wrong before that, the old tables are put back; if this process is killed,
the next restore does it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import mkstemp
from typing import Any

import psycopg2
import structlog
from psycopg2 import sql

from adapters.ports import Progress
from core import crypto
from core.db import migrate
from core.errors import InputError
from core.files import disk
from pipelines.backups import check, files
from pipelines.backups.archive import Archive, Facts, KeyMissingError
from pipelines.backups.files import File, Folders
from pipelines.backups.setup import BackupSetup
from pipelines.backups.take import DATABASE, MIGRATIONS, counted

log = structlog.get_logger(__name__)

ROOM = 200_000_000
"""Bytes that a disk must still have free after the files are there."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What a table of the present database has, which a restore deletes."""

    table: str
    rows: int
    newest: datetime | None


def losses(url: str) -> list[Loss]:
    """What the database has now; empty if it has no rows of ours."""
    with (
        closing(psycopg2.connect(url, connect_timeout=5)) as connection,
        connection.cursor() as cursor,
    ):
        found = {table: rows for table, rows in counted(cursor).items() if rows}
        found.pop(MIGRATIONS, None)
        return [Loss(table, rows, _newest(cursor, table)) for table, rows in found.items()]


def _newest(cursor: Any, table: str) -> datetime | None:
    cursor.execute(
        "SELECT 1 FROM information_schema.columns WHERE table_schema = 'public' "
        "AND table_name = %s AND column_name = 'created_at'",
        (table,),
    )
    if not cursor.fetchone():
        return None
    cursor.execute(sql.SQL("SELECT max(created_at) FROM public.{}").format(sql.Identifier(table)))
    newest: datetime | None = cursor.fetchone()[0]
    return newest


def check_before(facts: Facts, setup: BackupSetup, progress: Progress) -> None:
    """Check that this installation can restore the backup. Touches nothing.

    Raises:
        InputError: a piece of the backup is missing or damaged, a key is missing, it was made by a
            newer Storymill, or a disk has no room.
    """
    archive, folders = setup.archive, setup.folders
    unknown = sorted(set(facts.migrations) - migrate.known())
    if unknown:
        raise InputError(
            f"The backup {facts.name} was made by Storymill {facts.storymill}, whose tables are "
            f"newer (migration {unknown[-1]}): update Storymill first."
        )
    missing = [key for key in facts.key_ids if key not in crypto.keyring().keys]
    if missing:
        raise KeyMissingError(
            f"The backup {facts.name} holds secrets under the key {', '.join(missing)}, which is "
            f"missing from CRYPTOGRAPHY_KEY: {crypto.ADD_KEY}. If it was in var/secrets.json, copy "
            "that file from the machine that the backup is from."
        )
    check.pieces(archive, facts, progress)
    needed = sum(
        file.size
        for file in files.listed(archive, facts)
        if file.sha256 and not _target(folders, file).exists()
    )
    folders.media.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folders.media).free
    if needed + ROOM > free:
        raise InputError(
            f"The files need {needed / 1e9:.1f} GB, and the disk with {folders.media} (MEDIA_DIR) "
            f"has {free / 1e9:.1f} GB free: free some space, or choose another folder."
        )


def restore(facts: Facts, setup: BackupSetup, progress: Progress) -> None:
    """Restore the backup over whatever is there. Call ``check_before`` first.

    Raises:
        InputError: other processes use the database, or a piece of the backup is damaged.
        Retryable: PostgreSQL or a disk was in the way. The database is as it was.
    """
    archive = setup.archive
    with _only_user(setup.url) as cursor:
        _put_back_what_was_set_aside(cursor)
        for number, file in enumerate(files.listed(archive, facts)):
            progress(number / max(facts.files, 1))
            if file.sha256:
                _write(archive, facts, file, _target(setup.folders, file))
        _replace_database(cursor, facts, setup)
    log.info("backup_restored", backup=facts.name)


def _target(folders: Folders, file: File) -> Path:
    path = folders.path(file.name)
    if path is None:
        raise InputError(f"The backup names a file outside the media folder: {file.name}.")
    return path


def _write(archive: Archive, facts: Facts, file: File, path: Path) -> None:
    """Write the file completely or not at all, with its old time."""
    if files.same(path, file):
        os.utime(path, ns=(file.mtime, file.mtime))
        return
    new: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = mkstemp(dir=path.parent, prefix=".restored-")
        new = Path(name)
        with os.fdopen(descriptor, "wb") as made:
            for chunk in files.content(archive, facts, file):
                made.write(chunk)
            made.flush()
            os.fsync(made.fileno())
        os.utime(new, ns=(file.mtime, file.mtime))
        new.replace(path)
        new = None
    except OSError as error:
        what = "is full" if error.errno in disk.FULL else f"can't be written ({error.strerror})"
        raise InputError(
            f"The disk with {path.parent} {what}. The database was not changed; run the restore "
            "again when that is settled."
        ) from error
    finally:
        if new is not None:
            new.unlink(missing_ok=True)


@contextmanager
def _only_user(url: str) -> Iterator[Any]:
    """A cursor; no other process may use the database, and those that start wait.

    Raises:
        InputError: a process of Storymill is connected.
    """
    with closing(psycopg2.connect(url, connect_timeout=5)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            # Every process takes this lock at its start, before it does anything else.
            cursor.execute("SELECT pg_try_advisory_lock(%s)", (migrate.LOCK,))
            free = cursor.fetchone() == (True,)
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'storymill'"
            )
            others = cursor.fetchall()[0][0]
            if others or not free:
                raise InputError(
                    f"Storymill is still running (connections to the database: {others}): stop "
                    "every process on every host, then restore."
                )
            yield cursor


def _put_back_what_was_set_aside(cursor: Any) -> None:
    """Undo a restore that was killed: its tables may be incomplete, the old ones are whole."""
    cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (migrate.SET_ASIDE,))
    if cursor.fetchone():
        _put_back(cursor)
        log.warning("killed_restore_undone")


def _replace_database(cursor: Any, facts: Facts, setup: BackupSetup) -> None:
    cursor.execute(
        f"ALTER SCHEMA public RENAME TO {migrate.SET_ASIDE}; CREATE SCHEMA public; "
        "GRANT USAGE ON SCHEMA public TO PUBLIC"
    )
    try:
        dump = setup.archive.read(facts.name, DATABASE, facts.database, facts.encrypted_with)
        setup.programs.restore(setup.url, dump)
        check.compare(facts, counted(cursor))
    except BaseException:
        _put_back(cursor)
        raise
    cursor.execute(f"DROP SCHEMA {migrate.SET_ASIDE} CASCADE")


def _put_back(cursor: Any) -> None:
    cursor.execute(
        f"DROP SCHEMA IF EXISTS public CASCADE; ALTER SCHEMA {migrate.SET_ASIDE} RENAME TO public"
    )

"""Taking a backup: one snapshot of the record, then the files that it names."""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg2
import structlog
from psycopg2 import sql

from adapters.ports import Progress
from core.errors import Wait
from core.settings import ROOT
from pipelines import key_rotation
from pipelines.backups import files
from pipelines.backups.archive import FORMAT, Archive, DamagedError, Facts, KeyMissingError
from pipelines.backups.files import MANIFEST, File, Sums
from pipelines.backups.setup import BackupSetup

log = structlog.get_logger(__name__)

DATABASE = "database"
MIGRATIONS = "schema_migration"
BUSY_SECONDS = 60.0
"""Until a backup looks again whether the one that is being made is done."""
_LOCK = 0x5708
_SHARE_OF_DUMP = 0.5
_PACKED = 5
"""A dump is about a fifth of the database; only the progress is told by it."""


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Nobody else makes, removes or restores backups of this database during the block.

    The lock belongs to a connection of its own: it ends with the process, however that dies.

    Raises:
        Wait: somebody does.
    """
    with closing(psycopg2.connect(url, connect_timeout=5)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))
            if cursor.fetchone() != (True,):
                raise Wait(
                    "Another backup or restore is running: wait for its end.",
                    after=BUSY_SECONDS,
                    code="backup_running",
                )
        yield


def new_name() -> str:
    """A name that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def take(name: str, setup: BackupSetup, progress: Progress) -> tuple[Facts, set[str]]:
    """Take the backup ``name``; returns what is in it, and where its new files are stored.

    Must be called inside ``alone``. Nothing counts as a backup before its end.

    Raises:
        Retryable: PostgreSQL, a file or the place was in the way.
    """
    archive, url, folders = setup.archive, setup.url, setup.folders
    created_at = datetime.now(UTC)
    key_ids = {key for place in key_rotation.uses().values() for key in place if key}
    with _snapshot(url) as (cursor, snapshot):
        names = files.needed(cursor, folders)
        counts = counted(cursor)
        cursor.execute(f"SELECT name FROM {MIGRATIONS} ORDER BY name")
        migrations = [each for (each,) in cursor]
        cursor.execute("SELECT pg_database_size(current_database())")
        size = cursor.fetchone()[0]
        version = cursor.connection.server_version // 10_000
        dump = _told(setup.programs.dump(url, snapshot), size / _PACKED, progress)
        database = archive.write(name, DATABASE, dump)
    sums = Sums()
    rest = 1 - _SHARE_OF_DUMP
    manifest = archive.write(
        name,
        MANIFEST,
        files.store(
            archive,
            names,
            folders,
            _earlier(archive),
            sums,
            progress=lambda share: progress(_SHARE_OF_DUMP + rest * share),
        ),
    )
    facts = Facts(
        format=FORMAT,
        name=name,
        created_at=created_at,
        finished_at=datetime.now(UTC),
        storymill=storymill_version(),
        postgresql=version,
        migrations=migrations,
        key_ids=sorted(key_ids),
        encrypted_with=archive.keys.newest,
        counts=counts,
        database=database,
        manifest=manifest,
        files=sums.files,
        file_bytes=sums.file_bytes,
        new_bytes=sums.new_bytes,
        missing_files=sums.missing,
    )
    archive.finish(facts)
    log.info("backup_taken", backup=name, files=sums.files, missing=sums.missing)
    return facts, sums.new


def counted(cursor: Any) -> dict[str, int]:
    """Rows of each table."""
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' "
        "AND relnamespace = 'public'::regnamespace ORDER BY relname"
    )
    counts = {}
    for (table,) in cursor.fetchall():
        cursor.execute(sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(table)))
        counts[table] = cursor.fetchone()[0]
    return counts


def storymill_version() -> str:
    """As the installed source says."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


@contextmanager
def _snapshot(url: str) -> Iterator[tuple[Any, str]]:
    """A cursor that sees one moment of the database, and the moment's name for pg_dump."""
    with closing(psycopg2.connect(url, connect_timeout=5)) as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot()")
            row = cursor.fetchone()
            assert row is not None  # noqa: S101  # for the type checker
            yield cursor, row[0]


def _told(chunks: Iterable[bytes], expected: float, progress: Progress) -> Iterator[bytes]:
    done = 0
    for chunk in chunks:
        done += len(chunk)
        progress(_SHARE_OF_DUMP * min(1.0, done / max(expected, 1)))
        yield chunk


def _earlier(archive: Archive) -> list[File]:
    """The files of the newest backup that can be read; without one, all files are read again."""
    for name in reversed(archive.names()):
        try:
            return list(files.listed(archive, archive.facts(name)))
        except (DamagedError, KeyMissingError) as error:
            log.warning("earlier_backup_unreadable", backup=name, reason=str(error))
    return []

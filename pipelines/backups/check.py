"""Is a backup good? Its pieces are read, and its database is restored for a test."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import psycopg2
import structlog
from psycopg2 import errors as pg_errors
from psycopg2 import sql

from adapters.ports import Progress
from core.errors import InputError, Retryable
from core.files.encrypted_stream import encrypted_size
from pipelines.backups import files
from pipelines.backups.archive import FILES, Archive, DamagedError, Facts, Verdict
from pipelines.backups.setup import BackupSetup
from pipelines.backups.take import DATABASE, counted

log = structlog.get_logger(__name__)

SCRATCH = "_check_"
"""What the name of a database for tests has after the name of the real one."""
OF_SCRATCH = "[0-9a-f]{8}"
"""What follows, by chance; other databases are left alone."""
LONGEST_NAME = 63
"""Bytes of a name in PostgreSQL."""


def verify(
    facts: Facts, setup: BackupSetup, progress: Progress, *, only: Collection[str] | None = None
) -> Verdict:
    """Test the backup and keep how that ended; it isn't raised. Must be called inside ``alone``.

    Args:
        facts: what is in it.
        setup: where it is; it is restored on the same server under another name.
        progress: told the share that is done.
        only: the files whose content is read; None reads all. The others must be there.

    Raises:
        KeyMissingError: it is encrypted, and the key is not here: nothing is known about it.
        NotTestedError: no database could be created for the test.
    """
    try:
        pieces(setup.archive, facts, progress, only=only)
        _restorable(facts, setup)
    except (DamagedError, Retryable) as error:
        log.error("backup_not_good", backup=facts.name, reason=str(error))  # noqa: TRY400  # the sentence says it all
        verdict = Verdict(at=datetime.now(UTC), good=False, sentence=str(error))
    else:
        verdict = Verdict(at=datetime.now(UTC), good=True)
    setup.archive.judge(facts, verdict)
    return verdict


class NotTestedError(InputError):
    """The server gives no database for the test; nothing is known to be wrong with the backup."""


def pieces(
    archive: Archive, facts: Facts, progress: Progress, *, only: Collection[str] | None = None
) -> None:
    """Read the database's dump, the list of files and the files.

    Raises:
        DamagedError: the first thing that is missing or damaged.
        KeyMissingError: it needs another key.
    """
    for _ in archive.read(facts.name, DATABASE, facts.database, facts.encrypted_with):
        progress(0)
    held = archive.place.sizes(FILES)
    read: set[str] = set()
    for number, file in enumerate(files.listed(archive, facts)):
        progress(min(1.0, number / max(facts.files, 1)))
        if not file.sha256 or file.stored_as in read:
            continue
        size = encrypted_size(file.size) if facts.encrypted_with else file.size
        if held.get(file.stored_as) != size:
            what = "damaged" if file.stored_as in held else "missing"
            raise DamagedError(f"The stored copy of {file.name} is {what}: use another backup.")
        read.add(file.stored_as)
        if only is None or file.stored_as in only:
            for _ in files.content(archive, facts, file):
                progress(min(1.0, number / max(facts.files, 1)))


def _restorable(facts: Facts, setup: BackupSetup) -> None:
    """Restore the database under another name, compare its counts, and drop it.

    Raises:
        NotTestedError: no database could be created.
        DamagedError: it can't be restored, or what comes out is not what went in.
    """
    with scratch_database(setup.url) as scratch:
        dump = setup.archive.read(facts.name, DATABASE, facts.database, facts.encrypted_with)
        setup.programs.restore(scratch, dump)
        with closing(psycopg2.connect(scratch)) as connection, connection.cursor() as cursor:
            compare(facts, counted(cursor))


def compare(facts: Facts, found: dict[str, int]) -> None:
    """Raises DamagedError unless the restored tables have as many rows as the backup says."""
    for table in sorted(facts.counts.keys() | found.keys()):
        expected, there = facts.counts.get(table), found.get(table)
        if expected != there:
            raise DamagedError(
                f"The backup {facts.name} doesn't restore what it holds: the table {table} has "
                f"{there} rows instead of {expected}. Use another backup."
            )


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """URL of an empty database on the same server; dropped afterwards.

    One that a killed process left is dropped first: nobody else may be testing this database's
    backups.

    Raises:
        NotTestedError: this user may not create databases.
    """
    with closing(psycopg2.connect(url, connect_timeout=5)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            own = connection.info.dbname
            begin = (
                own.encode()[: LONGEST_NAME - len(SCRATCH) - 8].decode(errors="ignore") + SCRATCH
            )
            cursor.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (begin,)
            )
            for (left,) in cursor.fetchall():
                if re.fullmatch(OF_SCRATCH, left.removeprefix(begin)):
                    cursor.execute(_drop(left))
            name = begin + secrets.token_hex(4)
            try:
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
                )
            except pg_errors.InsufficientPrivilege:
                raise NotTestedError(
                    "It could not be tested by restoring it: the database user "
                    f"{connection.info.user} may not create databases. Allow it with "
                    "ALTER ROLE … CREATEDB."
                ) from None
            try:
                yield urlsplit(url)._replace(path=f"/{name}").geturl()
            finally:
                cursor.execute(_drop(name))


def _drop(name: str) -> sql.Composed:
    return sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))

"""Migrations, forward and back; run at every start, one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playhouse.migrations import Runner

from core import db
from core.errors import ConfigurationError
from core.settings import ROOT

if TYPE_CHECKING:
    from core.db import Database

FOLDER = ROOT / "migrations"
SET_ASIDE = "before_restore"
"""The schema that a restore keeps the old tables in until it is done; never part of a dump."""
LOCK = 0x5707
"""The advisory lock that every process takes at its start."""


@contextmanager
def _alone(database: Database) -> Iterator[Runner]:
    """Other processes wait for the advisory lock, then find nothing left to do."""
    with db.session():
        database.execute_sql("SELECT pg_advisory_lock(%s)", (LOCK,))
        try:
            yield Runner(database, directory=str(FOLDER))
        finally:
            database.execute_sql("SELECT pg_advisory_unlock(%s)", (LOCK,))


def forward() -> list[str]:
    """Apply the missing migrations; returns their names.

    Raises:
        ConfigurationError: a restore of a backup was killed: the tables may be incomplete.
    """
    with _alone(db.database) as runner:
        interrupted = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
        if db.database.execute_sql(interrupted, (SET_ASIDE,)).fetchone():
            raise ConfigurationError(
                "The restore of a backup was interrupted: run it again (scripts/manage restore). "
                "The tables from before it are still there."
            )
        return list(runner.up())


def back(steps: int = 1) -> list[str]:
    """Undo the newest ``steps`` migrations; returns their names."""
    with _alone(db.database) as runner:
        return [name for _ in range(steps) for name in runner.down()]


def applied() -> list[str]:
    """Names of the migrations that the database has, oldest first."""
    with _alone(db.database) as runner:
        return sorted(runner.applied())


def known() -> set[str]:
    """Names of all migrations of this version."""
    return {file.stem for file in FOLDER.glob("[0-9]*.py")}


def missing() -> list[str]:
    """Names of the migrations that the database lacks, oldest first."""
    with _alone(db.database) as runner:
        return [each.name for each in runner.status() if not each.applied]


def migrate(database_url: str) -> None:
    """Bring the database at ``database_url`` up to date."""
    db.configure(database_url)
    try:
        forward()
    finally:
        db.database.close_all()

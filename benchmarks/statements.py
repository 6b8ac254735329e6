"""The statements of the database: run several in a row, watch which run, count what they read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core import db


@dataclass(frozen=True, slots=True)
class Ran:
    """A statement that has run, its values, and the seconds that it took."""

    sql: str
    values: Any
    seconds: float


def run(statements: str, values: Mapping[str, object]) -> None:
    """Run statements that end with ``;`` and a line break, and may contain SQL's own percent signs.

    A percent sign of SQL has spaces around it.
    """
    for statement in filter(str.strip, statements.split(";\n")):
        db.database.execute_sql(statement.replace(" % ", " %% "), values)


@contextmanager
def watched() -> Iterator[list[Ran]]:
    """The statements that run in the block, in their order."""
    ran: list[Ran] = []
    execute: Any = db.Database.execute_sql

    def timed(self: db.Database, sql: str, params: Any = None, *args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(self, sql, params, *args, **kwargs)
        finally:
            ran.append(Ran(sql, params, time.perf_counter() - began))

    database: Any = db.Database
    database.execute_sql = timed
    try:
        yield ran
    finally:
        database.execute_sql = execute


def rows_read() -> int:
    """Rows of tables and entries of indexes that PostgreSQL has read in this database.

    Call it on the connection that has read them, behind their transaction.
    """
    db.database.execute_sql("SELECT pg_stat_force_next_flush()")
    cursor = db.database.execute_sql(
        "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables) "
        "+ (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)"
    )
    return int(cursor.fetchone()[0])

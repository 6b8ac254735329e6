"""Explains each statement of a worker right before it runs, in the state that it meets.

Later would be too late: a claimed job is no longer due, and a statement that finds nothing reads
nothing. What the explained statement writes is rolled back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from peewee import PeeweeException
from structlog.contextvars import get_contextvars

from benchmarks import plans
from benchmarks.statements import Ran
from core import db
from pipelines.people import audit_chain
from pipelines.production.script import pace
from pipelines.stories import duplicates
from pipelines.stories.text import similarity

KEEPERS = "keepers"
"""Whose statements those of the threads are that renew leases and sweep."""
KEEPER_THREAD = "lease-keeper"
EXPLAINED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")

MOST = 200
"""Rows that a statement may read at a hundredth of the full size: those of a story, of an account's
queue, or of what is due. One account has more in its past, and so has one source."""
FEW = 100
"""Rows that a step may read for nothing."""
BOUNDED = {
    "FROM audit_seal WHERE entry_id": 2 * (audit_chain.LATE + audit_chain.BATCH),
    "unnest(%(sketch)s": 2 * similarity.SIZE * duplicates.LOOKED_AT,
    "FROM narration ORDER BY id DESC LIMIT": pace.LOOKED_AT,
}
"""Statements that read more, but never more than these rows, however much there is: the newest ids
of the audit log, the beginnings of a sketch's lists, and the newest narrations."""


@dataclass(slots=True)
class Judged:
    """The statements of each stage and tick, without their values, and what is wrong with them."""

    ran: dict[str, set[str]] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    """By stage and statement."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, whose: str, sql: str, wrong: list[str]) -> None:
        with self._lock:
            self.ran.setdefault(whose, set()).add(sql)
            if wrong:
                self.faults.setdefault(f"{whose}: {' '.join(sql.split())}", wrong)


@contextmanager
def judged() -> Iterator[Judged]:
    """Judge the statements of stages, ticks and keepers that run in the block, in any thread."""
    found = Judged()
    execute: Any = db.Database.execute_sql

    def explained(self: db.Database, sql: str, params: Any = None, **options: Any) -> Any:
        whose = _whose()
        if not whose or not sql.lstrip().upper().startswith(EXPLAINED):
            return execute(self, sql, params, **options)
        wrong = _faults(self, sql, params)
        cursor = execute(self, sql, params, **options)
        found.note(whose, sql, wrong)
        return cursor

    database: Any = db.Database
    database.execute_sql = explained
    try:
        yield found
    finally:
        database.execute_sql = execute


def _whose() -> str:
    """The stage or tick that this thread works on; empty for everybody else."""
    if threading.current_thread().name == KEEPER_THREAD:
        return KEEPERS
    return str(get_contextvars().get("stage", ""))


def _most(sql: str) -> int:
    return next((rows for text, rows in BOUNDED.items() if text in sql), MOST)


def _faults(database: db.Database, sql: str, params: Any) -> list[str]:
    begin, *undo = ("BEGIN", "ROLLBACK")
    if database.in_transaction():
        begin, *undo = ("SAVEPOINT judged", "ROLLBACK TO judged", "RELEASE judged")
    database.execute_sql(begin)
    try:
        return plans.faults(Ran(sql, params, 0.0), most=_most(sql), few=FEW)
    except PeeweeException as error:  # the statement itself is refused too, as its caller expects
        return [f"It can't be explained: {error}"]
    finally:
        for each in undo:
            database.execute_sql(each)

"""Transactions that run at the same moment, again and again, with a pause before each statement."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest

from core import db
from core.errors import StageError, StorymillError

LONGEST_PAUSE = 0.003
"""Seconds; a few times as long as a statement takes."""

ROUNDS = 25

Work = Callable[[], object]
Round = Callable[[int], tuple[Work, ...]]
"""Sets the rows back, and gives what then happens at once."""
Race = Callable[[Round], list[Exception]]


def race(prepare: Round, monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Run many rounds; the errors that no stage and no person expects."""
    errors = []
    for number in range(ROUNDS):
        works = prepare(number)
        with slow_statements(monkeypatch):
            errors += at_once(*works)
    return errors


@contextmanager
def slow_statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each statement waits a little first, so two transactions overlap in every possible way."""
    execute: Any = db.Database.execute_sql

    def later(self: db.Database, *args: Any, **kwargs: Any) -> Any:
        time.sleep(random.uniform(0, LONGEST_PAUSE))  # noqa: S311  # keeps no secret
        return execute(self, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(db.Database, "execute_sql", later)
        yield


def at_once(*works: Work) -> list[Exception]:
    """Run each work in a thread of its own; the errors that no stage and no person expects."""
    start, errors = threading.Barrier(len(works)), list[Exception]()

    def run(work: Work) -> None:
        with db.session():
            start.wait()
            try:
                work()
            except (StorymillError, StageError):
                pass  # somebody else was first
            except Exception as error:  # noqa: BLE001  # the caller checks that there is none
                errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def deadlocks(database_url: str) -> int:
    """How many PostgreSQL has found in this database; counts of open connections come later."""
    db.database.close_all()
    db.database.connect()
    connection = psycopg2.connect(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            )
            ((count,),) = cursor.fetchall()
            return int(count)
    finally:
        connection.close()

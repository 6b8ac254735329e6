"""The database: a connection pool, transactions with after-commit hooks, long work without one.

Connections are never opened by accident (``autoconnect`` is off): a worker's middleware, a web
request or ``session()`` opens one, and ``closed_for_long_work()`` returns it for a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import structlog
from peewee import InterfaceError, OperationalError
from playhouse.db_url import parse as parse_url
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase
from playhouse.postgres_ext import PostgresqlExtDatabase
from prometheus_client import Counter

from core.db.slow_queries import SlowQueries
from core.errors import ConfigurationError

log = structlog.get_logger(__name__)

Unavailable = (OperationalError, InterfaceError, MaxConnectionsExceeded)
"""What peewee raises when PostgreSQL is unavailable, and also for some mistakes of ours;
``core.db.errors.meaning`` tells them apart."""

NEARLY_USED_UP = Counter(
    "storymill_pool_nearly_used_up_total", "Connections taken while 90 % of the pool was in use"
)
NEARLY_FULL = 0.9
"""Part of the pool in use from which a warning is logged."""
WARN_EVERY = 60.0
"""Seconds between two such warnings."""


class Database(PooledPostgresqlDatabase, PostgresqlExtDatabase):  # type: ignore[misc]  # untyped bases
    """Pooled PostgreSQL with JSON and array fields.

    It warns when the pool is nearly used up, and notes slow statements.
    """

    slow: SlowQueries | None = None
    _warned_at = -WARN_EVERY

    def execute_sql(self, sql: str, params: Any = None, named_cursor: Any = None) -> Any:
        began = time.perf_counter()
        try:
            return super().execute_sql(sql, params, named_cursor)  # type: ignore[no-untyped-call]  # untyped base
        finally:
            seconds = time.perf_counter() - began
            if self.slow is not None and seconds >= self.slow.seconds:
                self.slow.note(sql, params, seconds)

    def _connect(self) -> Any:
        connection = super()._connect()
        used, size = pool_use()
        if used >= NEARLY_FULL * size:
            NEARLY_USED_UP.inc()
            if time.monotonic() - self._warned_at >= WARN_EVERY:
                self._warned_at = time.monotonic()
                log.warning("pool_nearly_used_up", in_use=used, size=size)
        return connection


database = Database(None, autoconnect=False)


def watch(seconds: float) -> None:
    """Note statements that take ``seconds`` or longer; 0 notes none."""
    database.slow = SlowQueries(seconds, connect_beside) if seconds else None


def connect_beside(**settled: Any) -> Any:
    """A plain connection that is not of the pool; ``settled`` replaces what the pool's have."""
    return psycopg2.connect(dbname=database.database, **{**database.connect_params, **settled})


def pool_use() -> tuple[int, int]:
    """Connections that this process's threads hold, and the most that they may hold."""
    return len(database._in_use), database._max_connections  # noqa: SLF001  # has no public name


class _Pending(threading.local):
    def __init__(self) -> None:
        self.hooks: list[Callable[[], object]] = []


_pending = _Pending()


def configure(url: str, *, max_connections: int = 20) -> None:
    database.init(
        **parse_url(url),
        max_connections=max_connections,
        stale_timeout=300,
        timeout=10,
        connect_timeout=5,
        application_name="storymill",
        keepalives_idle=30,
    )


def check(url: str) -> None:
    """Raises ConfigurationError, naming host and port, when PostgreSQL can't be reached."""
    try:
        with session():
            database.execute_sql("SELECT 1")
    except Unavailable as error:
        place = urlsplit(url)
        reason = str(error).strip().splitlines()[-1].split("FATAL:")[-1].strip()
        raise ConfigurationError(
            f"PostgreSQL at {place.hostname or 'the local socket'}:{place.port or 5432} "
            f"can't be used ({reason}): start it or correct DATABASE_URL."
        ) from None


@contextmanager
def session() -> Iterator[None]:
    """A connection for the block; reuses the thread's open one."""
    if not database.is_closed():
        yield
        return
    database.connect()
    try:
        yield
    finally:
        release()


def release() -> None:
    """Return the thread's connection to the pool."""
    if not database.is_closed():
        database.close()


def discard() -> None:
    """Close the thread's connection, because it is broken."""
    if not database.is_closed():
        database.manual_close()


@contextmanager
def transaction() -> Iterator[None]:
    """All or nothing; hooks given to ``on_commit`` run after the outermost commit."""
    if database.in_transaction():
        kept = len(_pending.hooks)
        try:
            with database.atomic():
                yield
        except BaseException:
            del _pending.hooks[kept:]
            raise
        return
    _pending.hooks = []
    with session(), database.atomic():
        yield
    hooks, _pending.hooks = _pending.hooks, []
    for hook in hooks:
        hook()


def on_commit(hook: Callable[[], object]) -> None:
    """Run ``hook`` once the transaction has been committed; never if it is rolled back."""
    if not database.in_transaction():
        raise RuntimeError("on_commit() needs a transaction")
    _pending.hooks.append(hook)


@contextmanager
def closed_for_long_work() -> Iterator[None]:
    """Hold no connection during the block; reconnect after it."""
    if database.in_transaction():
        raise RuntimeError("long work inside a transaction would hold its locks")
    was_open = not database.is_closed()
    release()
    try:
        yield
    finally:
        if was_open:
            database.connect(reuse_if_open=True)

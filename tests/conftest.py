"""Real services for every test.

PostgreSQL and Redis are the embedded ones, in a folder of their own, unless ``DATABASE_URL`` or
``REDIS_URL`` name others; then tests make databases named ``storymill_test_*`` there, and ask for
an empty Redis database.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis
from psycopg2 import sql

from scripts.embedded import ServiceAddresses, ensure_running, stop
from scripts.embedded.home import Home

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def services() -> Iterator[ServiceAddresses]:
    """PostgreSQL and Redis for this run, faster than they are safe."""
    root = Path(tempfile.mkdtemp(prefix="storymill-tests-"))
    root.chmod(0o755)  # started by root, the servers run as another user
    try:
        yield ensure_running(root, durable=False)
    finally:
        stop(root)
        shutil.rmtree(Home.of(root).path)
        shutil.rmtree(root)


@pytest.fixture(scope="session")
def template_database(services: ServiceAddresses) -> Iterator[str]:
    """Name of a migrated database that each test gets a copy of."""
    from core.migrate import migrate

    with _database(services, f"storymill_test_{os.getpid()}_template") as name:
        migrate(_with_database(services.database_url, name))
        # A copy can't be made of a database that somebody is connected to.
        _execute(
            services,
            sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}"),
            sql.Literal(name),
        )
        yield name


@pytest.fixture
def database_url(services: ServiceAddresses, template_database: str) -> Iterator[str]:
    """URL of a migrated, empty database of this test alone."""
    name = f"storymill_test_{os.getpid()}_{next(DATABASE_NUMBERS)}"
    with _database(services, name, template=template_database):
        yield _with_database(services.database_url, name)


@pytest.fixture(scope="session")
def empty_redis(services: ServiceAddresses) -> str:
    """URL of a Redis database that tests may clear: it was empty when they began."""
    with closing(redis.Redis.from_url(services.redis_url)) as client:
        if keys := client.dbsize():
            pytest.exit(f"REDIS_URL's database holds {keys} keys: tests clear it, so give another.")
    return services.redis_url


@pytest.fixture
def redis_url(empty_redis: str) -> Iterator[str]:
    """URL of a Redis database with nothing in it."""
    with closing(redis.Redis.from_url(empty_redis)) as client:
        client.flushdb()
        yield empty_redis
        client.flushdb()


@pytest.fixture
def record(database_url: str, redis_url: str) -> Iterator[None]:
    """The test's own database, connected, and a broker for its hints."""
    from core import crypto, db, queue

    crypto.configure(crypto.new_key())
    db.configure(database_url)
    queue.connect(redis_url)
    with db.session():
        yield
    db.database.close_all()


@contextmanager
def _database(
    services: ServiceAddresses, name: str, *, template: str = "template1"
) -> Iterator[str]:
    _execute(
        services,
        sql.SQL("CREATE DATABASE {} TEMPLATE {}"),
        sql.Identifier(name),
        sql.Identifier(template),
    )
    try:
        yield name
    finally:
        _execute(services, sql.SQL("DROP DATABASE {} WITH (FORCE)"), sql.Identifier(name))


def _execute(services: ServiceAddresses, statement: sql.SQL, *parts: sql.Composable) -> None:
    with closing(psycopg2.connect(services.database_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement.format(*parts))


def _with_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()

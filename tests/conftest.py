"""Real services for every test.

PostgreSQL and Redis are embedded, in their own folder, unless ``DATABASE_URL`` or ``REDIS_URL`` is
set. Then tests create databases named ``storymill_test_*`` there, and need an empty Redis database.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis
import structlog

from sandbox.testing import RunningSandbox, running_sandbox
from services import ServiceAddresses, ensure_running, stop
from services.home import Home
from tests.databases import Databases

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def plain_tracebacks() -> None:
    """Leave out structlog's coloured tracebacks with all their variables: each takes seconds."""
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Restore the log configuration after each test."""
    level, configured = logging.getLogger().level, structlog.get_config()
    yield
    logging.getLogger().setLevel(level)
    structlog.configure(**configured)


@pytest.fixture(scope="session")
def services() -> Iterator[ServiceAddresses]:
    """PostgreSQL and Redis for this run: fast, not durable."""
    root = Path(tempfile.mkdtemp(prefix="storymill-tests-"))
    root.chmod(0o755)  # when root starts them, the servers run as another user
    try:
        yield ensure_running(root, durable=False)
    finally:
        stop(root)
        shutil.rmtree(Home.of(root).path)
        shutil.rmtree(root)


@pytest.fixture(scope="session")
def databases(services: ServiceAddresses) -> Iterator[Databases]:
    with closing(Databases(services.database_url)) as databases:
        yield databases


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """URL of a migrated, empty database for this test only."""
    with databases.one() as url:
        yield url


@pytest.fixture(scope="session")
def empty_redis(services: ServiceAddresses) -> str:
    """URL of a Redis database that tests may clear: it was empty at the start."""
    with closing(redis.Redis.from_url(services.redis_url)) as client:
        if keys := client.dbsize():
            pytest.exit(
                f"REDIS_URL's database holds {keys} keys, but tests clear it: use another one."
            )
    return services.redis_url


@pytest.fixture
def redis_url(empty_redis: str) -> Iterator[str]:
    """URL of an empty Redis database."""
    with closing(redis.Redis.from_url(empty_redis)) as client:
        client.flushdb()
        yield empty_redis
        client.flushdb()


@pytest.fixture
def record(database_url: str, redis_url: str) -> Iterator[None]:
    """The test's own database, connected, and a broker for its wake-ups."""
    from core import crypto, db, queue

    crypto.configure(crypto.new_key())
    db.configure(database_url)
    queue.connect(redis_url)
    with db.session():
        yield
    db.database.close_all()


@pytest.fixture(scope="session")
def served() -> Iterator[RunningSandbox]:
    """A sandbox that works quickly, and whose limits are high enough for all tests in a row."""
    with running_sandbox(
        processing_seconds=0.05,
        daily_posts=1_000,
        creator_info_a_minute=10_000,
        init_a_minute=10_000,
        status_a_minute=10_000,
    ) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: RunningSandbox) -> RunningSandbox:
    """The sandbox as after its start."""
    served.reset()
    return served

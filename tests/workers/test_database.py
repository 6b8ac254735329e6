"""PostgreSQL goes down during work and comes back: work pauses and continues."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import dramatiq
import psycopg2
import pytest
from psycopg2 import sql
from redis import Redis
from structlog.testing import capture_logs

from core import db
from core.errors import Permanent
from models import DeadLetter, JobState
from services import ServiceAddresses
from tests.waiting import until
from tests.workers.running import enqueued, job, running
from workers.middleware.dead_letter import DeadLetters
from workers.middleware.lease import GENERATION
from workers.stage_actor import claim

pytestmark = pytest.mark.usefixtures("record")


class Server:
    """Controls the test's database as an administrator, from another database."""

    def __init__(self, url: str, database: str) -> None:
        self.url, self.database = url, database

    def end_sessions(self) -> int:
        """Cut every connection except the test's own; returns how many."""
        cursor = db.database.execute_sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])

    def let_in(self, allowed: bool) -> None:
        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            statement = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
            with connection.cursor() as cursor:
                cursor.execute(
                    statement.format(sql.Identifier(self.database), sql.Literal(allowed))
                )

    def go_away(self) -> None:
        self.let_in(False)
        self.end_sessions()


@pytest.fixture
def server(services: ServiceAddresses, database_url: str) -> Iterator[Server]:
    server = Server(services.database_url, database_url.rpartition("/")[2].partition("?")[0])
    yield server
    server.let_in(True)


def outcomes() -> DeadLetters:
    """The middleware of this process that writes outcomes."""
    return next(one for one in dramatiq.get_broker().middleware if isinstance(one, DeadLetters))


@pytest.mark.slow
def test_work_continues_when_its_connections_are_cut(redis_url: str, server: Server) -> None:
    # Given two jobs, one in long work without a connection and one in mid-transaction
    begun = threading.Barrier(3, timeout=30)
    in_transaction, cut = threading.Event(), threading.Event()

    def wait_for_cut() -> None:
        if not cut.is_set():
            begun.wait()
            cut.wait(30)

    def prepare(story_id: int) -> None:
        if story_id == 1:
            assert in_transaction.wait(30)  # so that the two don't take turns with one connection
            with db.closed_for_long_work():
                wait_for_cut()
        else:
            with claim().step():
                in_transaction.set()
                wait_for_cut()
        with claim().finish():
            pass

    with running(redis_url, prepare, threads=2):
        enqueued("prepare", 1, 2)
        begun.wait()

        # When all connections of the worker are cut, including its keeper's and pooled ones
        assert server.end_sessions() >= 2
        cut.set()

        # Then both jobs are done anyway, and it cost neither an attempt
        until(lambda: {job("prepare", n).state for n in (1, 2)} == {JobState.DONE})
    assert [job("prepare", n).attempts for n in (1, 2)] == [1, 1]
    assert DeadLetter.select().count() == 0


def test_while_postgresql_is_down_no_message_is_dropped(redis_url: str, server: Server) -> None:
    # Given a worker, and a PostgreSQL that is down
    ran: list[int] = []

    def prepare(story_id: int) -> None:
        ran.append(story_id)
        with claim().finish():
            pass

    with running(redis_url, prepare), Redis.from_url(redis_url) as client:
        until(lambda: client.exists(GENERATION))
        server.go_away()

        # When a job's wake-up comes, then nothing happens
        enqueued("prepare", 1)
        time.sleep(0.7)
        assert ran == []

        # Until PostgreSQL is back
        server.let_in(True)
        until(lambda: job("prepare").state == JobState.DONE)
    assert (ran, job("prepare").attempts) == ([1], 1)


def test_an_outcome_is_written_once_postgresql_is_back(redis_url: str, server: Server) -> None:
    # Given a stage that fails while PostgreSQL is down
    begun, away = threading.Event(), threading.Event()
    runs: list[int] = []

    def prepare(story_id: int) -> None:
        runs.append(story_id)
        begun.set()
        away.wait(30)
        raise Permanent("There is no such voice.")

    with running(redis_url, prepare):
        outcomes().patience = 0.0  # which only counts once the worker is to stop
        enqueued("prepare", 1)
        assert begun.wait(30)
        server.go_away()
        away.set()
        time.sleep(0.7)
        assert job("prepare").state == JobState.RUNNING

        # When it comes back
        server.let_in(True)

        # Then the job has failed, as it should
        until(lambda: job("prepare").state == JobState.DEAD)
    assert DeadLetter.get().error == "There is no such voice."
    assert runs == [1]


@pytest.mark.parametrize("answer", ["P0001", "55P03"])
def test_an_outcome_that_postgresql_refuses_does_not_hold_the_worker(
    redis_url: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a stage whose failure can't be written, although PostgreSQL answers
    monkeypatch.setattr("workers.middleware.dead_letter.AGAIN_SECONDS", 0.01)
    db.database.execute_sql(
        f"CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE SQLSTATE '{answer}'; END $$ "
        "LANGUAGE plpgsql; CREATE TRIGGER refused BEFORE INSERT ON dead_letter "
        "FOR EACH ROW EXECUTE FUNCTION refuse()"
    )

    def prepare(story_id: int) -> None:
        if story_id == 1:
            raise Permanent("There is no such voice.")
        with claim().finish():
            pass

    # When its worker has more to do
    with capture_logs() as logs, running(redis_url, prepare):
        enqueued("prepare", 1)
        until(lambda: job("prepare").state == JobState.RUNNING)
        enqueued("prepare", 2)

        # Then it does that, and leaves the job to its lease, which counts as a crash
        until(lambda: job("prepare", 2).state == JobState.DONE)
    assert "outcome_not_written" in {entry["event"] for entry in logs}
    assert job("prepare").state == JobState.RUNNING

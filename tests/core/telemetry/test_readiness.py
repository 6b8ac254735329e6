"""Readiness answers within two seconds, whatever is down, stopped or unreachable."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core import db, queue
from core.telemetry.readiness import OK, Readiness

pytestmark = pytest.mark.usefixtures("record")


@pytest.fixture
def readiness(tmp_path: Path) -> Readiness:
    return Readiness(tmp_path)


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that takes connections, and never answers: as a server that was stopped."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield listening.getsockname()[1]


def look(readiness: Readiness) -> dict[str, str]:
    began = time.monotonic()
    found = readiness.look()
    assert time.monotonic() - began < 2.0 + 3.0  # the second is for a busy machine
    return found


def test_all_is_well(readiness: Readiness) -> None:
    assert look(readiness) == {"database": OK, "broker": OK, "disk": OK}


def test_servers_that_hang_are_named_in_time(
    readiness: Readiness, database_url: str, redis_url: str
) -> None:
    # Given PostgreSQL and Redis that take connections but don't answer
    with black_hole() as port:
        db.configure(f"postgresql://canary_user:canary_word@127.0.0.1:{port}/mill")
        queue.connect(f"redis://:canary_word@127.0.0.1:{port}/0")

        # When it is asked again and again
        for _ in range(3):
            found = look(readiness)

    # Then each answer names both, and says no secret
    assert found["disk"] == OK
    assert found["database"].startswith("PostgreSQL ")
    assert found["broker"].startswith("The message broker ")
    assert "canary" not in str(found)

    # When they answer again, then it is ready again
    db.configure(database_url)
    queue.connect(redis_url)
    deadline = time.monotonic() + 60
    while look(readiness) != {"database": OK, "broker": OK, "disk": OK}:
        assert time.monotonic() < deadline


def test_a_refused_connection_is_named_without_its_address(
    readiness: Readiness, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    there = urlsplit(database_url)
    db.configure(database_url.replace(there.path, "/canary_name"))
    found = look(readiness)
    db.configure(database_url)
    assert found["database"] == "PostgreSQL can't be reached; the log says why."


def test_a_full_pool_is_not_an_outage(readiness: Readiness, database_url: str) -> None:
    # Given a pool whose only connection is in use
    db.database.close_all()
    db.configure(database_url, max_connections=1)
    with db.session():
        # Then the process is ready: it works as fast as it can
        assert look(readiness)["database"] == OK
    db.configure(database_url)


def test_the_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Readiness(tmp_path / "gone")
    assert gone.look()["disk"] == "The media folder is missing or read-only."
    monkeypatch.setattr("core.telemetry.readiness.LEAST_FREE_BYTES", 10**18)
    assert "nearly full" in Readiness(tmp_path).look()["disk"]

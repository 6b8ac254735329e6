"""The metrics port: what it answers, to whom, on which port, and when something hangs."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from prometheus_client import Counter
from redis.exceptions import ConnectionError as RedisAwayError

from core.errors import ConfigurationError
from core.telemetry import endpoint, ports
from core.telemetry.endpoint import MOST_AT_ONCE, Endpoint, check_host
from tests.waiting import until

READY = {"database": "ok", "broker": "ok", "disk": "ok"}


@contextmanager
def served(
    *, ready: Mapping[str, str] = READY, free: tuple[int, ...] = (0,), targets: Any = list
) -> Iterator[str]:
    """The address of a running endpoint."""
    running = Endpoint(host="127.0.0.1", ports=free, ready=lambda: ready, targets=targets)
    running.start()
    try:
        yield f"http://{running.address}"
    finally:
        running.stop()


def test_metrics_of_this_process_are_served() -> None:
    # Given a counter that has counted
    counter = Counter("storymill_tries_of_this_test_total", "Only here", ["way"])
    counter.labels("direct").inc(3)

    # When somebody asks
    with served() as address:
        answer = requests.get(f"{address}/metrics", timeout=10)

    # Then it is there, in Prometheus' text format
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert 'storymill_tries_of_this_test_total{way="direct"} 3.0' in answer.text


def test_a_process_that_lacks_a_part_is_alive_but_not_ready() -> None:
    away = {**READY, "database": "PostgreSQL can't be reached; the log says why."}
    with served() as well, served(ready=away) as ill:
        assert requests.get(f"{well}/ready", timeout=10).json() == {"status": "ok", **READY}
        answer = requests.get(f"{ill}/ready", timeout=10)
        assert (answer.status_code, answer.json()) == (503, {"status": "not ready", **away})
        assert requests.get(f"{ill}/health", timeout=10).json() == {"status": "ok"}


def test_only_get_and_known_pages_are_answered() -> None:
    with served() as address:
        assert requests.post(f"{address}/metrics", data="x", timeout=10).status_code == 405
        assert requests.get(f"{address}/../etc/passwd", timeout=10).status_code == 404


def test_without_redis_prometheus_keeps_the_targets_it_knows() -> None:
    def no_redis() -> None:
        raise RedisAwayError("redis://:canary@localhost is away")

    with served(targets=no_redis) as address:
        answer = requests.get(f"{address}/targets", timeout=10)
    assert answer.status_code == 503  # an empty list would drop them
    assert "canary" not in answer.text


def test_a_busy_port_is_left_for_the_next_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        with served(free=(busy, 0)) as address:
            assert not address.endswith(f":{busy}")
            assert requests.get(f"{address}/health", timeout=10).ok


def test_each_kind_of_process_has_ten_ports_of_its_own() -> None:
    assert ports("web", 9750)[:10] == tuple(range(9750, 9760))
    assert ports("schedule", 9750) == (*range(9790, 9800), 0)
    assert ports("cpu", 0) == (0,)


def test_a_wrong_address_is_refused_with_a_sentence() -> None:
    with pytest.raises(ConfigurationError, match=r"METRICS_HOST: can't listen on 192\.0\.2\.1"):
        check_host("192.0.2.1")
    check_host("127.0.0.1")


def test_clients_that_stay_silent_block_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given as many silent clients as are answered at once
    monkeypatch.setattr(endpoint._Handler, "timeout", 0.5)  # noqa: SLF001
    with served() as address:
        host, port = address.removeprefix("http://").split(":")
        silent = [socket.create_connection((host, int(port))) for _ in range(MOST_AT_ONCE)]

        # When somebody asks, then there is an answer as soon as they are dropped
        def answers() -> bool:
            try:
                return requests.get(f"{address}/health", timeout=10).ok
            except requests.ConnectionError:
                return False

        began = time.monotonic()
        until(answers)
        assert time.monotonic() - began < 60
        for client in silent:
            client.close()

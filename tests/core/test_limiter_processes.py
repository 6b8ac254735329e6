"""The limiter with many processes and wrong clocks: a small ``scripts/bench limiter``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from redis import Redis

from benchmarks.limits.grants import count_grants
from benchmarks.limits.limit_clients import PROCESSES, Round, ask
from core.limiter import PREFIX, Limit, beside

pytestmark = pytest.mark.slow

SHORT, LONG = Limit("short", 20, 0.5, "account"), Limit("long", 70, 2.0, "account")


@pytest.fixture
def grants_at(redis_url: str) -> Iterator[str]:
    """Address of a Redis without grants."""
    with closing(Redis.from_url(beside(redis_url))) as redis:
        yield redis_url
        for key in redis.scan_iter(f"{PREFIX}:*"):
            redis.delete(key)


def test_no_window_ever_holds_more_than_its_limit(grants_at: str) -> None:
    # Given eight processes with clocks up to a minute off, either way
    # When all of them ask for both limits, for four seconds
    asked = ask(grants_at, [SHORT, LONG], Round(seconds=4.0))

    # Then no window, wherever it starts, has more grants than are allowed
    assert len(asked) == PROCESSES
    grants = [grant for one in asked for grant in one.grants]
    for limit in (SHORT, LONG):
        found = count_grants(grants, count=limit.count, seconds=limit.seconds)
        assert found.over == 0, f"{found.most} in {limit.seconds} s"

    # And grants go on after the longest window is full
    assert len(grants) > LONG.count
    # And nobody used a wrong clock
    assert sum(one.clock_reads for one in asked) == 0

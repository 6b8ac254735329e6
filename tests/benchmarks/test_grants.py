"""The limiter test's count finds excess grants."""

from __future__ import annotations

from contextlib import closing

import pytest
from redis import ConnectionPool

from benchmarks.limits.grants import Count, Grant, StampedRedis, count_grants

SECOND = 1_000_000


def at(*microseconds: int) -> list[Grant]:
    """Grants whose time is known exactly."""
    return [Grant(moment, moment) for moment in microseconds]


def test_an_excess_grant_is_found_wherever_its_window_starts() -> None:
    # Given three per second, twice, which a count by whole seconds would accept
    late_then_early = at(900_000, 950_000, 990_000, 1_000_000, 1_010_000, 1_020_000)

    found = count_grants(late_then_early, count=3, seconds=1)

    # Then the windows that start at the first three have more than three
    assert found == Count(most=6, over=3)


@pytest.mark.parametrize(
    ("fourth", "found"),
    [
        (SECOND + 1, Count(most=3, over=0)),
        (SECOND, Count(most=4, over=1)),  # both ends belong to a window
        (SECOND - 1, Count(most=4, over=1)),
    ],
)
def test_a_window_is_measured_to_the_microsecond(fourth: int, found: Count) -> None:
    log = at(0, 10, 20, fourth)

    assert count_grants(log, count=3, seconds=1) == found
    assert count_grants(reversed(log), count=3, seconds=1) == found  # in any order


def test_only_certain_grants_count_as_an_excess() -> None:
    # Given a second grant that may be inside the window or after it
    log = [Grant(0, 10), Grant(SECOND - 5, SECOND + 5)]

    assert count_grants(log, count=1, seconds=1) == Count(most=1, over=0)
    assert count_grants([], count=1, seconds=1) == Count(most=0, over=0)


def test_stamps_surround_the_call(redis_url: str) -> None:
    # Given a script that returns its own time and keeps the server busy
    clock = "local t = redis.call('TIME') for i = 1, 1000000 do end return t"

    # When it is called on a stamping connection, the first time not yet loaded on the server
    with closing(StampedRedis(connection_pool=ConnectionPool.from_url(redis_url))) as redis:
        redis.script_flush()
        seconds, microseconds = map(int, redis.register_script(clock)())

        # Then its time is between the stamps, and only the script's answer is returned
        assert redis.stamps is not None
        before, after = redis.stamps
        assert before <= seconds * SECOND + microseconds <= after

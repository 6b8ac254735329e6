"""The limiter against real Redis; for many callers at once see ``test_limiter_processes.py``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from redis import Redis

from core.errors import ConfigurationError
from core.limiter import PREFIX, Limit, Limiter, LimiterUnavailableError, beside


@pytest.fixture
def limiter(redis_url: str) -> Iterator[Limiter]:
    with Redis.from_url(beside(redis_url)) as redis:
        forget(redis)
        yield Limiter.at(redis_url)
        forget(redis)


def forget(redis: Redis) -> None:
    for key in redis.scan_iter(f"{PREFIX}:*"):
        redis.delete(key)


def granted(limiter: Limiter, *limits: Limit, times: int = 1) -> int:
    """How many of ``times`` different askers may pass."""
    turns = [limiter.acquire(limits, who=f"asker-{time.monotonic_ns()}") for _ in range(times)]
    return sum(turn.granted for turn in turns)


# ── several limits, turns, changes ───────────────────────────────────────────────────────────


def test_a_limit_is_full_and_free_again_when_its_window_has_passed(limiter: Limiter) -> None:
    limit = Limit("init", 2, 60, "account")

    assert granted(limiter, limit, times=5) == 2
    assert granted(limiter, Limit("init", 2, 60, "another account")) == 1

    # The first one that was refused comes back on time and may pass
    began = time.monotonic()
    limiter.acquire([Limit("queue", 1, 1.0)], who="first")
    refused = limiter.acquire([Limit("queue", 1, 1.0)], who="second")
    passed = time.monotonic() - began
    assert 0.99 - passed <= refused.seconds <= 1.01
    time.sleep(refused.seconds + 0.01)
    assert limiter.acquire([Limit("queue", 1, 1.0)], who="second").granted


def test_all_limits_are_granted_or_none(limiter: Limiter) -> None:
    # Given a limit with room and one that is full
    roomy, full = Limit("creator_info", 3, 60), Limit("init", 1, 60)
    assert granted(limiter, full) == 1

    # When both are asked for, in either order
    assert granted(limiter, roomy, full, times=5) == 0
    assert granted(limiter, full, roomy, times=5) == 0

    # Then the limit with room is unused, and the answer names the full one
    assert granted(limiter, roomy, times=5) == 3
    turn = limiter.acquire([Limit("other", 3, 60), full], who="me")
    assert turn.waits_for == full


@pytest.mark.slow
def test_everybody_gets_a_different_time_and_newcomers_go_last(limiter: Limiter) -> None:
    # Given a limit of two in two seconds that is full
    limit = Limit("fetch", 2, 2.0)
    assert granted(limiter, limit, times=2) == 2

    # When five more ask
    turns = [limiter.acquire([limit], who=f"job-{number}").seconds for number in range(5)]

    # Then they don't all come back at once: two every two seconds
    assert [round(seconds / 2) for seconds in turns] == [1, 1, 2, 2, 3]

    # And a free place goes to the first in line, not to a newcomer
    time.sleep(turns[1] + 0.02)
    assert not limiter.acquire([limit], who="newcomer").granted
    assert limiter.acquire([limit], who="job-1").granted
    assert limiter.acquire([limit], who="job-0").granted


def test_asking_too_early_keeps_the_place_in_the_line(limiter: Limiter) -> None:
    limit = Limit("fetch", 1, 1.0)
    limiter.acquire([limit], who="runs")
    first = limiter.acquire([limit], who="first").seconds
    limiter.acquire([limit], who="second")

    assert limiter.acquire([limit], who="first").seconds <= first


def test_the_same_run_takes_one_grant_and_the_same_post_counts_once(limiter: Limiter) -> None:
    # Given a message that came twice for the same run of a job
    init = Limit("init", 2, 60)
    for _ in range(2):
        assert limiter.acquire([init], who="publish:1", grant="job 1, run 1").granted
    # Then one of the two grants is left
    assert granted(limiter, init, times=3) == 1

    # Given two posts a day, and a post that is tried three times
    for run in range(3):
        day = Limit("posts", 2, 86_400, counted="post:1")
        assert limiter.acquire([day], who="publish:1", grant=f"run {run}").granted
    # Then another post fits into the day, but not a third one
    assert limiter.acquire([Limit("posts", 2, 86_400, counted="post:2")], who="2").granted
    assert not limiter.acquire([Limit("posts", 2, 86_400, counted="post:3")], who="3").granted


def test_a_limit_for_later_is_only_checked_and_keeps_the_place_in_line(limiter: Limiter) -> None:
    # Given a limit that is only checked now
    limit = Limit("init", 1, 1.0)
    for _ in range(3):
        assert limiter.acquire([replace(limit, later=True)], who="first").granted

    # Then nothing is taken
    assert limiter.usage([limit])[0].used == 0

    # When it is used up, the one who checks gets a place in line, and keeps it after its turn
    assert granted(limiter, limit) == 1
    turn = limiter.acquire([replace(limit, later=True)], who="first")
    assert turn.waits_for is not None
    time.sleep(turn.seconds + 0.01)
    assert limiter.acquire([replace(limit, later=True)], who="first").granted
    assert not limiter.acquire([limit], who="newcomer").granted
    assert limiter.acquire([limit], who="first").granted


def test_what_was_not_used_is_given_back(limiter: Limiter) -> None:
    day = Limit("posts", 1, 86_400, "account", counted="post:1")
    another = replace(day, counted="post:2")
    assert limiter.acquire([day], who="publish:1").granted
    assert not limiter.acquire([another], who="publish:2").granted

    limiter.give_back(another)  # it was never taken
    assert limiter.usage([day])[0].used == 1
    limiter.give_back(day)

    assert limiter.usage([day])[0].used == 0


def test_a_margin_makes_the_window_longer(limiter: Limiter) -> None:
    limit = Limit("init", 1, 1.0, margin=0.5)
    assert granted(limiter, limit) == 1
    assert 1.4 < limiter.acquire([limit], who="second").seconds <= 1.5


def test_a_changed_limit_counts_at_once_and_zero_stops_everything(limiter: Limiter) -> None:
    assert granted(limiter, Limit("init", 3, 60), times=9) == 3

    assert granted(limiter, Limit("init", 1, 60)) == 0
    assert limiter.acquire([Limit("init", 20, 60)], who="me").granted
    stopped = limiter.acquire([Limit("other", 0, 60)], who="me")
    assert (stopped.granted, stopped.seconds) == (False, 60.0)


def test_a_pause_holds_everybody_on_the_same_key(limiter: Limiter, redis_url: str) -> None:
    # Given a service that asked one worker to wait
    limit = Limit("init", 5, 60, "account")
    began = time.monotonic()
    limiter.hold(limit, 1.0)

    # Then another worker waits too, and knows why; other accounts don't wait
    turn = Limiter.at(redis_url).acquire([limit], who="another worker's job")
    assert turn.held
    assert 0.99 - (time.monotonic() - began) <= turn.seconds <= 1.0
    assert granted(limiter, Limit("init", 5, 60, "another account")) == 1

    time.sleep(1.05)
    assert granted(limiter, limit, times=4) == 4


def test_no_pause_is_longer_than_a_day(limiter: Limiter) -> None:
    limit = Limit("init", 5, 60, "account")
    limiter.hold(limit, 1e12)
    assert 86_390 < limiter.acquire([limit], who="me").seconds <= 86_400


def test_entries_expire_by_themselves(limiter: Limiter, redis_url: str) -> None:
    granted(limiter, Limit("init", 1, 2.0), times=3)

    with Redis.from_url(beside(redis_url)) as redis:
        left = [redis.pttl(key) for key in redis.scan_iter(f"{PREFIX}:*")]
    assert len(left) == 2
    assert all(0 < milliseconds <= 12_000 for milliseconds in left)


# ── the service ──────────────────────────────────────────────────────────────────────────────


def test_without_redis_nothing_may_pass() -> None:
    limiter = Limiter.at("redis://:canary-password@127.0.0.1:9/0")

    with pytest.raises(LimiterUnavailableError, match="nothing may pass") as caught:
        limiter.acquire([Limit("init", 6, 60)], who="me")
    assert "canary-password" not in str(caught.value)
    with pytest.raises(LimiterUnavailableError):
        limiter.hold(Limit("init", 6, 60), 1)
    with pytest.raises(LimiterUnavailableError):
        limiter.give_back(Limit("init", 6, 60), "run 1")


@pytest.mark.parametrize(
    ("broker", "limits"),
    [
        ("redis://:secret@host:6379/0", "redis://:secret@host:6379/1"),
        ("redis://host", "redis://host/1"),
        ("rediss://host:6380/4?ssl_cert_reqs=none", "rediss://host:6380/5?ssl_cert_reqs=none"),
        ("redis://host:6379?db=2", "redis://host:6379?db=3"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=2"),
    ],
)
def test_limits_are_in_the_database_next_to_the_brokers(broker: str, limits: str) -> None:
    assert beside(broker) == limits


def test_an_address_without_a_database_number_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="database number"):
        beside("redis://host:6379/storymill")


# ── usage ────────────────────────────────────────────────────────────────────────────────────


def test_use_is_counted_for_each_key_and_changes_nothing(limiter: Limiter) -> None:
    mine, yours = Limit("looked", 3, 1.0, "mine"), Limit("looked", 3, 1.0, "yours")
    assert granted(limiter, mine, times=5) == 3
    limiter.hold(yours, 20)

    used, held = limiter.usage([mine, yours])

    assert (used.used, used.waiting, used.held) == (3, 2, 0)
    assert (held.used, held.waiting) == (0, 0)
    assert 19 < held.held <= 20
    # Reading it takes nothing, and grants that left the window no longer count
    assert limiter.usage([mine]) == [used]
    time.sleep(1.05)
    assert limiter.usage([mine])[0].used == 0
    assert len(limiter.usage([mine] * 1_201)) == 1_201
    assert limiter.usage([]) == []


def test_usage_needs_redis() -> None:
    with pytest.raises(LimiterUnavailableError):
        Limiter.at("redis://127.0.0.1:9/0").usage([Limit("looked", 1, 1)])

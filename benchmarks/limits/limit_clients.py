"""Many processes with wrong clocks that ask for the same limits at once."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from dramatiq.rate_limits import WindowRateLimiter
from dramatiq.rate_limits.backends import RedisBackend
from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from benchmarks.limits.grants import Grant, StampedRedis, moment
from core.limiter import ANSWER_SECONDS, Limit, Limiter, LimiterUnavailableError, beside

PROCESSES = 8
CLOCK_ERRORS = (-60.0, 60.0)
"""Seconds by which the first and the last process are wrong; the others lie between."""
ASKERS = 5
"""Names under which a process asks in turn: so many of its jobs wait."""


@dataclass(slots=True)
class Asked:
    """What one process was told.

    Attributes:
        grants: with their stamps, if it was ``stamped``.
        granted: how often it was let through.
        refused: how often it was told to wait.
        unavailable: how often it was told that Redis is away.
        unstamped: let through without an answer from Redis.
        clock_reads: how often anything in the process read its wrong clock.
    """

    grants: list[Grant] = field(default_factory=list)
    granted: int = 0
    refused: int = 0
    unavailable: int = 0
    unstamped: int = 0
    clock_reads: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """How a process asks.

    Attributes:
        seconds: for how long.
        pause: seconds that it rests after each answer, at the most (a random part of it).
        stamped: whether the grants are stamped, which makes a request three times as long.
    """

    seconds: float
    pause: float = 0.01
    stamped: bool = True


def ask(
    redis_url: str,
    limits: Sequence[Limit],
    how: Round,
    *,
    meanwhile: Callable[[], None] = lambda: None,
) -> list[Asked]:
    """Let all processes ask for ``limits``; ``meanwhile`` runs here while they do."""
    return _in_processes(lambda name: _ask(redis_url, limits, how, name), meanwhile)


def ask_dramatiq(redis_url: str, limit: Limit, how: Round) -> list[Asked]:
    """The same of dramatiq's ``WindowRateLimiter``, whose grants are stamped from outside."""
    return _in_processes(lambda _: _ask_dramatiq(redis_url, limit, how), lambda: None)


def _in_processes(work: Callable[[str], Asked], meanwhile: Callable[[], None]) -> list[Asked]:
    fork = multiprocessing.get_context("fork")
    begin = fork.Barrier(PROCESSES + 1)
    pipes, processes = [], []
    first, last = CLOCK_ERRORS
    for number in range(PROCESSES):
        here, there = fork.Pipe(duplex=False)
        error = first + (last - first) * number / (PROCESSES - 1)

        def run(there: Connection = there, number: int = number, error: float = error) -> None:
            clock = WrongClock(error)
            begin.wait()
            asked = work(f"process-{number}")
            asked.clock_reads = clock.reads
            there.send(asked)

        processes.append(fork.Process(target=run, daemon=True))
        pipes.append(here)
        processes[-1].start()
        there.close()  # so that a process that fails ends the wait for it
    begin.wait()
    meanwhile()
    asked = [pipe.recv() for pipe in pipes]
    for process in processes:
        process.join()
    return asked


class WrongClock:
    """From now on this process's ``time.time`` and ``time.time_ns`` are ``error`` seconds off."""

    def __init__(self, error: float) -> None:
        self.reads = 0
        self._error = error
        self._right = time.time_ns
        time.time, time.time_ns = self._seconds, self._nanoseconds

    def _seconds(self) -> float:
        return self._nanoseconds() / 1e9

    def _nanoseconds(self) -> int:
        self.reads += 1
        return self._right() + int(self._error * 1e9)


def _ask(redis_url: str, limits: Sequence[Limit], how: Round, name: str) -> Asked:
    asked = Asked()
    redis, limiter = _limiter(redis_url) if how.stamped else (None, Limiter.at(redis_url))
    until = time.monotonic() + how.seconds
    while time.monotonic() < until:
        who = f"{name}-{(asked.granted + asked.refused) % ASKERS}"
        if redis:
            redis.stamps = None
        try:
            admission = limiter.acquire(limits, who=who)
        except LimiterUnavailableError:
            asked.unavailable += 1
        else:
            asked.granted += admission.granted
            asked.refused += not admission.granted
            if admission.granted and redis:
                if redis.stamps:
                    asked.grants.append(redis.stamps)
                else:
                    asked.unstamped += 1
        if how.pause:
            time.sleep(random.uniform(0, how.pause))  # noqa: S311 - no secret
    return asked


def _limiter(redis_url: str) -> tuple[StampedRedis, Limiter]:
    """As ``Limiter.at``, on a client that stamps."""
    pool = ConnectionPool.from_url(
        beside(redis_url),
        socket_connect_timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
    redis = StampedRedis(connection_pool=pool)
    return redis, Limiter(redis)


def _ask_dramatiq(redis_url: str, limit: Limit, how: Round) -> Asked:
    asked, server = Asked(), Redis.from_url(redis_url)
    limiter = WindowRateLimiter(
        RedisBackend(client=Redis.from_url(redis_url)),
        f"dramatiq-{limit.name}",
        limit=limit.count,
        window=int(limit.seconds),
    )
    until = time.monotonic() + how.seconds
    while time.monotonic() < until:
        before = moment(server.time())
        with limiter.acquire(raise_on_failure=False) as granted:
            after = moment(server.time())
        asked.granted += granted
        asked.refused += not granted
        if granted:
            asked.grants.append(Grant(before, after))
        time.sleep(random.uniform(0, how.pause))  # noqa: S311 - no secret
    return asked

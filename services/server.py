"""What embedded PostgreSQL and Redis have in common: a port, a password, a start and a stop.

Nothing here trusts a pid file. A server is *ours* when it answers at the stored port, accepts the
stored password and reports our data directory. Its processes are those whose working directory is
the data directory; both servers change to it at start.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import signal
import socket
import time
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, ClassVar

import psutil
import structlog

from core.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from services.home import Home

HOST = "127.0.0.1"
START_SECONDS = 60.0
"""How long a server may take to recover from a crash before we report an error."""
STOP_SECONDS = 30.0
POLL_SECONDS = 0.05
PORT_TRIES = 3

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Endpoint:
    port: int
    password: str = field(repr=False)


class Server(ABC):
    """One embedded server; not safe for two callers at once (the package's lock prevents that).

    Args:
        home: where it lives.
        durable: False does not force writes to disk: faster, for tests.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self.home = home
        self.durable = durable
        self.folder = home.path / self.name.lower()
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"

    # ── what a server knows about itself ─────────────────────────────────────────────────────

    @abstractmethod
    def url(self, endpoint: Endpoint) -> str: ...

    @abstractmethod
    def answers(self, endpoint: Endpoint) -> bool:
        """Whether our server, with our data, answers there."""

    @abstractmethod
    def prepare(self, endpoint: Endpoint) -> None:
        """Prepare the data directory, while no server runs in it."""

    @abstractmethod
    def launch(self, endpoint: Endpoint) -> None:
        """Start the server; on return it may still be starting, or have failed."""

    # ── start, stop, check ───────────────────────────────────────────────────────────────────

    def ensure_running(self) -> str:
        """Start it unless it runs; returns its URL.

        Raises:
            ConfigurationError: it does not start; the message names its log.
        """
        endpoint = self.endpoint()
        if endpoint is None:
            endpoint = self._store(Endpoint(_free_port(), secrets.token_urlsafe(24)))
        if self._comes_up(endpoint):
            return self.url(endpoint)
        if self.processes():
            raise ConfigurationError(
                f"The embedded {self.name} runs but does not answer at {HOST}:{endpoint.port}: "
                f"stop it with `scripts/services stop` (its log: {self.log})."
            )
        self.prepare(endpoint)
        for _ in range(PORT_TRIES):
            if not _is_free(endpoint.port):
                taken, free = endpoint.port, _free_port()
                log.info("port_taken", server=self.name, taken=taken, instead=free)
                endpoint = self._store(Endpoint(free, endpoint.password))
            self.launch(endpoint)
            if self._comes_up(endpoint):
                return self.url(endpoint)
            if self.processes():
                break
        raise ConfigurationError(
            f"The embedded {self.name} does not start: see its log {self.log}."
        )

    def stop(self) -> None:
        """Stop it cleanly, or by force if it does not end within 30 s."""
        processes = self.processes()
        pids = {process.pid for process in processes}
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.ppid() not in pids:  # a parent stops its children
                    process.send_signal(self.stop_signal)
        if self._ends():
            return
        log.warning("killed_server", server=self.name, after_seconds=STOP_SECONDS)
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._ends()

    def endpoint(self) -> Endpoint | None:
        """The stored port and password; None before the first start."""
        if not self._endpoint_file.exists():
            return None
        return Endpoint(**json.loads(self._endpoint_file.read_text()))

    def is_running(self) -> bool:
        endpoint = self.endpoint()
        return bool(endpoint and self.processes() and self.answers(endpoint))

    def processes(self) -> list[psutil.Process]:
        """The living processes of this data directory, including any left by a crash."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.cwd() == str(self.data):
                    found.append(process)
        return found

    # ── helpers ──────────────────────────────────────────────────────────────────────────────

    @property
    def _endpoint_file(self) -> Path:
        return self.folder / "endpoint.json"

    def _store(self, endpoint: Endpoint) -> Endpoint:
        self.home.directory(self.folder.name)
        self.home.write(self._endpoint_file, json.dumps(asdict(endpoint)))
        return endpoint

    def _comes_up(self, endpoint: Endpoint) -> bool:
        """Wait until it answers; False if it has no process or time runs out."""
        deadline = time.monotonic() + START_SECONDS
        while self.processes():
            if self.answers(endpoint):
                return True
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        return False

    def _ends(self) -> bool:
        deadline = time.monotonic() + STOP_SECONDS
        while self.processes():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers bind: connections that are still closing do not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True

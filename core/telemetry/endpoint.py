"""The HTTP server of a process's metrics port: ``/metrics``, ``/health``, ``/ready``, ``/targets``.

It runs in threads of its own, so it answers while every worker thread is busy. It needs no sign-in
and shows nothing secret: numbers, names of stages and limits, and fixed sentences.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import Any, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIEnvironment

import structlog
from prometheus_client import make_wsgi_app
from redis.exceptions import RedisError

from core.errors import ConfigurationError

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 8
"""Requests that are answered at the same time; further ones are dropped."""
SLOWEST_CLIENT = 5.0
"""Seconds after which a client that doesn't go on is dropped."""
ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104  # compared, not bound

Targets = list[dict[str, Any]]


class Endpoint:
    """Serves a process's metrics and state.

    Args:
        host: address to listen on.
        ports: tried in order; the first free one is taken.
        ready: the state of each part, "ok" or a sentence.
        targets: the addresses of all processes, as Prometheus' HTTP discovery reads them.

    Raises:
        ConfigurationError: the address is not one of this machine.
    """

    def __init__(
        self,
        *,
        host: str,
        ports: Sequence[int],
        ready: Callable[[], Mapping[str, str]],
        targets: Callable[[], Targets],
    ) -> None:
        self._ready = ready
        self._targets = targets
        self._metrics = make_wsgi_app()
        self._server = _listen(host, ports)
        self._server.set_app(self._answer)
        named = socket.gethostname() if host in ANYWHERE else host
        port = self._server.server_address[1]
        self.address = f"[{named}]:{port}" if ":" in named else f"{named}:{port}"
        """Where others reach it."""

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return _json(start, HTTPStatus.METHOD_NOT_ALLOWED, {"status": "only GET is answered"})
        match environ["PATH_INFO"]:
            case "/metrics":
                return cast("Iterable[bytes]", self._metrics(environ, start))
            case "/health":
                return _json(start, HTTPStatus.OK, {"status": "ok"})
            case "/ready":
                return _json(start, *readiness_answer(self._ready()))
            case "/targets":
                return self._list_targets(start)
            case _:
                return _json(start, HTTPStatus.NOT_FOUND, {"status": "there is no such page"})

    def _list_targets(self, start: StartResponse) -> Iterable[bytes]:
        try:
            return _json(start, HTTPStatus.OK, self._targets())
        except RedisError:
            # Prometheus then keeps the targets that it knows.
            return _json(
                start, HTTPStatus.SERVICE_UNAVAILABLE, {"status": "Redis does not answer."}
            )


def readiness_answer(parts: Mapping[str, str]) -> tuple[HTTPStatus, dict[str, str]]:
    """The status and body of ``/ready``."""
    if all(state == "ok" for state in parts.values()):
        return HTTPStatus.OK, {"status": "ok", **parts}
    return HTTPStatus.SERVICE_UNAVAILABLE, {"status": "not ready", **parts}


def check_host(host: str) -> None:
    """Raises ConfigurationError if a process could not listen on METRICS_HOST."""
    _listen(host, (0,)).server_close()


def _json(start: StartResponse, status: HTTPStatus, body: Any) -> Iterable[bytes]:
    content = json.dumps(body).encode()
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(content))),
        ("Cache-Control", "no-store"),
    ]
    start(f"{status.value} {status.phrase}", headers)
    return [content]


def _listen(host: str, ports: Sequence[int]) -> _Server:
    kind = _ServerV6 if ":" in host else _Server
    for port in ports:
        try:
            return kind((host, port), _Handler)
        except (OSError, OverflowError) as error:
            refused = error
            log.debug("metrics_port_busy", port=port, error=str(error))
    raise ConfigurationError(
        f"METRICS_HOST: can't listen on {host} ({refused}): use an address of this machine."
    )


class _Handler(WSGIRequestHandler):
    timeout = SLOWEST_CLIENT

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its own name
        """Log nothing: Prometheus asks every few seconds."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *args: Any) -> None:
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(*args)

    def server_bind(self) -> None:
        """Without looking up the machine's full name, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """A client that went away is no trouble of ours."""
        log.debug("metrics_client_lost")


class _ServerV6(_Server):
    address_family = socket.AF_INET6

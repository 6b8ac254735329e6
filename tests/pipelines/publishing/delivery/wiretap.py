"""A provider that repeats requests in its answers, and remembers every secret it saw.

It passes calls on to a sandbox, and takes the events that workers send to Sentry.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from sandbox.testing import RunningSandbox

SECRET_FIELDS = ("client_secret", "refresh_token", "access_token", "code", "code_verifier")
COOKIE = "canary-of-the-providers-cookie"
RST = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Trouble:
    """What happens to the calls whose address ends in ``call``, with the secret ``who``."""

    call: str
    who: str
    what: str
    """``careless``, ``reset``, ``late``, ``echoed`` (in a good answer), or a status with a code."""


class Wiretap(ThreadingHTTPServer):
    """Answers at ``url`` for the sandbox."""

    daemon_threads = True

    def __init__(self, sandbox: RunningSandbox) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.sandbox = sandbox
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.troubles: list[Trouble] = []
        self.struck: set[Trouble] = set()
        self.secrets = {COOKIE: "provider's cookie"}
        self.owners: dict[str, str] = {}
        """Access token by upload token."""
        self.events: list[str] = []

    def learn(self, fields: dict[str, Any]) -> None:
        for name in SECRET_FIELDS:
            if value := fields.get(name):
                self.secrets[str(value)] = name


class Handler(BaseHTTPRequestHandler):
    server: Wiretap
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        tap, body = self.server, self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/api/"):
            packed = self.headers.get("Content-Encoding") == "gzip"
            tap.events.append((gzip.decompress(body) if packed else body).decode())
            self._answer(HTTPStatus.OK, b"{}")
            return
        who = self._who(body)
        address = urlsplit(self.path).path
        for trouble in tap.troubles:
            if address.endswith(trouble.call) and trouble.who in who:
                tap.struck.add(trouble)
                self._strike(trouble, body)
                return
        self._pass_on(body, who)

    do_GET = do_PUT = do_POST  # noqa: N815  # the base's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """Log nothing: it would only fill the test's output."""

    def _who(self, body: bytes) -> set[str]:
        tap, who = self.server, set()
        if self.headers.get("Content-Type", "").endswith("urlencoded"):
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            tap.learn(form)
            who |= set(form.values())
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token:
            tap.learn({"access_token": token})
            who.add(token)
        for upload_token in parse_qs(urlsplit(self.path).query).get("upload_token", []):
            who.add(tap.owners.get(upload_token, ""))
        return who

    def _strike(self, trouble: Trouble, body: bytes) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        echo = f"{self.command} {self.path} {dict(self.headers)} {body[:2000]!r}"
        match trouble.what.split():
            case ["reset"]:
                linger = (socket.SOL_SOCKET, socket.SO_LINGER, RST)
                self.connection.setsockopt(*linger)
                self.close_connection = True
                self.connection.close()
            case ["late"]:
                time.sleep(2)
                self._answer(HTTPStatus.OK, echo.encode())
            case ["careless"]:
                self._answer(HTTPStatus.OK, b"{}", {"X-Careless": "yes"})
            case ["echoed"]:
                data = {"status": "FAILED", "fail_reason": token}
                error = {"code": "ok", "message": echo, "log_id": token}
                self._answer(HTTPStatus.OK, json.dumps({"data": data, "error": error}).encode())
            case [status, code] if "/oauth/" in self.path:
                answer = {"error": code, "error_description": echo, "log_id": echo}
                self._answer(HTTPStatus(int(status)), json.dumps(answer).encode())
            case [status, code]:
                error = {"code": code, "message": echo, "log_id": echo}
                self._answer(HTTPStatus(int(status)), json.dumps({"error": error}).encode())

    def _pass_on(self, body: bytes, who: set[str]) -> None:
        tap = self.server
        headers = {k: v for k, v in self.headers.items() if k not in {"Connection", "Cookie"}}
        answer = requests.request(
            self.command,
            f"{tap.sandbox.url}{self.path}",
            data=body,
            headers=headers,  # with its Host: upload addresses lead here too
            allow_redirects=False,
            timeout=10,
        )
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            fields = answer.json()
            tap.learn(fields)
            address = (fields.get("data") or {}).get("upload_url", "")
            for upload_token in parse_qs(urlsplit(address).query).get("upload_token", []):
                tap.secrets[upload_token] = "upload address"
                tap.owners[upload_token] = next(iter(who), "")
        kept = {k: v for k, v in answer.headers.items() if k in {"Retry-After", "Content-Type"}}
        self._answer(HTTPStatus(answer.status_code), answer.content, kept)

    def _answer(
        self, status: HTTPStatus, body: bytes, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        sent = {"Content-Type": "application/json", **(headers or {})}
        for name, value in {**sent, "Set-Cookie": f"sid={COOKIE}; Path=/"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True  # the late answer: nobody waits for it any longer


@contextmanager
def tapped(sandbox: RunningSandbox) -> Iterator[Wiretap]:
    with Wiretap(sandbox) as tap:
        thread = threading.Thread(target=tap.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield tap
        finally:
            tap.shutdown()
            thread.join()

"""A server that accepts uploads as fast as possible: it counts the bytes and stores nothing.

The sandbox writes every byte to disk and enforces TikTok's rules, such as no 500 MB upload in one
piece. Comparing senders needs a server that is faster than they are, and that accepts the same
bytes from any client, in one piece or in chunks.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from multiprocessing.connection import Connection
from pathlib import Path

HOST = "127.0.0.1"
STARTS_WITHIN_SECONDS = 30
BUFFER_BYTES = 2**20
HASHED = "/hashed"
"""Uploads to this path are hashed, to check that they are complete; this takes time."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files of a server's certificate and key."""

    certificate: Path
    key: Path


@dataclass(slots=True)
class Received:
    """Bytes received over all connections, and the SHA-256 of uploads to ``HASHED``."""

    count: int = 0
    sha256: str = ""


class Sink:
    """A running server in its own process."""

    def __init__(self, url: str, pipe: Connection) -> None:
        self.url = url
        self._pipe = pipe

    def received(self) -> Received:
        """What was received since the last call."""
        self._pipe.send(None)
        received: Received = self._pipe.recv()
        return received


@contextmanager
def running_sink(certificate: Certificate | None = None) -> Iterator[Sink]:
    """Start a server on a free loopback port, with TLS if there is a certificate."""
    spawn = multiprocessing.get_context("spawn")
    ours, its = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(its, certificate), daemon=True)
    process.start()
    try:
        if not ours.poll(STARTS_WITHIN_SECONDS):
            raise RuntimeError("The bench's server did not start.")
        scheme = "https" if certificate else "http"
        yield Sink(f"{scheme}://{HOST}:{ours.recv()}", ours)
    finally:
        process.kill()
        process.join()


def _serve(pipe: Connection, certificate: Certificate | None) -> None:
    tally = _Tally()
    with socket.create_server((HOST, 0), backlog=64) as server:
        threading.Thread(target=_accept, args=(server, tally, certificate), daemon=True).start()
        pipe.send(server.getsockname()[1])
        while True:
            pipe.recv()
            pipe.send(tally.take())


class _Tally:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._hash = hashlib.sha256()

    def add(self, count: int) -> None:
        with self._lock:
            self._count += count

    def hash(self, piece: memoryview) -> None:
        self._hash.update(piece)

    def take(self) -> Received:
        with self._lock:
            received = Received(self._count, self._hash.hexdigest())
            self._count, self._hash = 0, hashlib.sha256()
        return received


def _accept(server: socket.socket, tally: _Tally, certificate: Certificate | None) -> None:
    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate.certificate, certificate.key)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=_converse, args=(connection, tls, tally), daemon=True).start()


def _converse(connection: socket.socket, tls: ssl.SSLContext | None, tally: _Tally) -> None:
    """Answer one request after another until the client disconnects."""
    if tls:
        connection = tls.wrap_socket(connection, server_side=True)
    buffer = memoryview(bytearray(BUFFER_BYTES))
    with closing(connection):
        while head := _head(connection):
            _take_body(connection, head, buffer, tally)
            status = _status(head)
            connection.sendall(
                f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Length: 0\r\n"
                "Connection: keep-alive\r\n\r\n".encode()
            )


@dataclass(frozen=True, slots=True)
class _Head:
    path: str
    fields: str
    """Header lines in lower case."""
    body: bytes
    """The part of the body that arrived with the header."""

    def field(self, pattern: str) -> tuple[int, ...]:
        found = re.search(rf"^{pattern}", self.fields, re.MULTILINE)
        return tuple(map(int, found.groups())) if found else ()


def _head(connection: socket.socket) -> _Head | None:
    """The next request's header; None if the client has disconnected."""
    came = b""
    while b"\r\n\r\n" not in came:
        piece = connection.recv(65_536)
        if not piece:
            return None
        came += piece
    head, _, body = came.partition(b"\r\n\r\n")
    request, _, fields = head.decode("latin-1").partition("\r\n")
    return _Head(request.split(" ")[1], fields.lower(), body)


def _take_body(connection: socket.socket, head: _Head, buffer: memoryview, tally: _Tally) -> None:
    (length,) = head.field(r"content-length: (\d+)")
    if "expect: 100-continue" in head.fields:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    hashes = head.path.startswith(HASHED)
    piece, left = memoryview(head.body), length
    while True:
        if hashes:
            tally.hash(piece)
        left -= len(piece)
        if not left:
            break
        count = connection.recv_into(buffer[: min(left, BUFFER_BYTES)])
        if not count:
            raise ConnectionError("The client disconnected within a body.")
        piece = buffer[:count]
    tally.add(length)


def _status(head: _Head) -> HTTPStatus:
    """Answer as TikTok does: 206 if more chunks follow, 201 for the last."""
    if place := head.field(r"content-range: bytes (\d+)-(\d+)/(\d+)"):
        _, last, total = place
        return HTTPStatus.CREATED if last + 1 == total else HTTPStatus.PARTIAL_CONTENT
    return HTTPStatus.CREATED

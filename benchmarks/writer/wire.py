"""A server that speaks Ollama's wire, on loopback: ``/api/tags`` and ``/api/chat``."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """One request to ``/api/chat``."""

    system: str
    user: str
    schema: dict[str, Any] | None
    options: dict[str, float]


class ModelError(Exception):
    """The model gave no answer."""


Model = Callable[[Question], str]
"""Answers a question; raises ModelError."""


class OllamaWire(HTTPServer):
    """Answers one request at a time, as one model does.

    Args:
        name: of the model, as clients ask for it.
    """

    def __init__(self, *, name: str, model: Model) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model_name = name
        self.model = model
        self.asked: list[Question] = []
        """The questions, in order, also those without an answer."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def served(wire: OllamaWire) -> Iterator[OllamaWire]:
    """Serve in a thread until the block ends."""
    thread = threading.Thread(target=wire.serve_forever, name="ollama-wire", daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.shutdown()
        wire.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: OllamaWire

    def do_GET(self) -> None:  # the name that http.server calls
        if self.path != "/api/tags":
            self._send(HTTPStatus.NOT_FOUND, {"error": "not found"})
            return
        name = self.server.model_name
        self._send(HTTPStatus.OK, {"models": [{"name": name, "model": name}]})

    def do_POST(self) -> None:  # the name that http.server calls
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/api/chat":
            self._send(HTTPStatus.NOT_FOUND, {"error": "not found"})
        elif asked["model"] != self.server.model_name:
            self._send(HTTPStatus.NOT_FOUND, {"error": f"model '{asked['model']}' not found"})
        else:
            self._chat(asked)

    def _chat(self, asked: dict[str, Any]) -> None:
        said = {message["role"]: message["content"] for message in asked["messages"]}
        question = Question(
            said.get("system", ""), said["user"], asked.get("format"), asked.get("options", {})
        )
        self.server.asked.append(question)
        try:
            content = self.server.model(question)
        except ModelError as error:
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": str(error)})
            return
        answer = {
            "model": asked["model"],
            "created_at": datetime.now(UTC).isoformat(),
            "message": {"role": "assistant", "content": content},
            "done": True,
            "done_reason": "stop",
        }
        self._send(HTTPStatus.OK, answer)

    def _send(self, status: HTTPStatus, body: dict[str, Any]) -> None:
        sent = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)
        except ConnectionError:
            pass  # the client stopped waiting

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # as http.server has it
        """Not logged: the bench counts the answers."""

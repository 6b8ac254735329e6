"""Webhooks reach public addresses only, and say how the receiver answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from adapters.ports import Webhook
from adapters.webhooks.sender import HttpWebhooks
from core.errors import Permanent, Retryable


class Receiver:
    """A program on the loopback that gets webhooks, and answers with ``status``."""

    def __init__(self) -> None:
        self.status, self.got = 200, list[tuple[dict[str, str], bytes]]()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the library's name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.status)
                if receiver.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.webhook = Webhook(
            address=f"http://{self.host}/hook", body=b'{"a": 1}', headers={"X-Event": "ping"}
        )
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def test_a_webhook_arrives_as_it_is(receiver: Receiver) -> None:
    sender = HttpWebhooks(allowed_hosts=[receiver.host])

    assert sender.send(receiver.webhook) == 200

    [(headers, body)] = receiver.got
    assert body == b'{"a": 1}'
    assert headers["X-Event"] == "ping"
    assert headers["User-Agent"] == "Storymill-Webhooks"


def test_an_inner_address_is_never_asked(receiver: Receiver) -> None:
    with pytest.raises(Permanent, match="not on the public internet"):
        HttpWebhooks().send(receiver.webhook)

    assert receiver.got == []


def test_each_answer_says_whether_to_try_again(receiver: Receiver) -> None:
    sender = HttpWebhooks(allowed_hosts=[receiver.host])
    answers: dict[int, type[Exception]] = {
        302: Retryable,
        404: Retryable,
        500: Retryable,
        410: Permanent,
    }
    for status, expected in answers.items():
        receiver.status = status
        with pytest.raises(expected, match=f"HTTP {status}"):
            sender.send(receiver.webhook)

    assert len(receiver.got) == len(answers)  # no redirect was followed


def test_a_receiver_that_is_away_is_tried_again(receiver: Receiver) -> None:
    receiver.server.server_close()
    receiver.server.shutdown()

    with pytest.raises(Retryable, match="can't be reached"):
        HttpWebhooks(allowed_hosts=[receiver.host]).send(receiver.webhook)

"""TikTok's webhooks: signed, and repeated until they are accepted."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sandbox.testing import RunningSandbox
from tests.sandbox.conftest import MakeVideo
from tests.sandbox.posting import ask, publish


class Receiver(ThreadingHTTPServer):
    """Stores deliveries, and refuses the first ``refusals`` of them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refusals = 0
        self.came: list[tuple[str, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/webhooks"

    def events(self, count: int) -> list[dict[str, Any]]:
        """Wait for ``count`` deliveries; returns their bodies."""
        end = time.monotonic() + 30
        while len(self.came) < count and time.monotonic() < end:
            time.sleep(0.05)
        return [json.loads(body) for _, body in self.came]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.refusals -= 1
        if self.server.refusals < 0:
            self.server.came.append((self.headers["TikTok-Signature"], body))
        self.send_response(503 if self.server.refusals >= 0 else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver(sandbox: RunningSandbox) -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sandbox.change(webhook_url=server.url)
    yield server
    server.shutdown()
    server.server_close()


def test_a_published_post_is_reported_signed_and_repeated_until_accepted(
    sandbox: RunningSandbox, receiver: Receiver, make_video: MakeVideo
) -> None:
    receiver.refusals = 2

    publish_id = publish(sandbox, sandbox.grant()["access_token"], make_video())
    events = receiver.events(2)

    assert {event["event"] for event in events} == {
        "post.publish.complete",
        "post.publish.publicly_available",
    }
    assert json.loads(events[0]["content"])["publish_id"] == publish_id
    assert events[0]["user_openid"] == "-000sandbox-storymill_tales"
    signature, body = receiver.came[0]
    parts = dict(part.split("=", 1) for part in signature.split(","))
    secret = sandbox.settings.tiktok_client_secret.encode()
    wanted = hmac.new(secret, f"{parts['t']}.".encode() + body, hashlib.sha256).hexdigest()
    assert parts["s"] == wanted


def test_failure_and_revocation_are_reported_and_can_come_twice(
    sandbox: RunningSandbox, receiver: Receiver, make_video: MakeVideo
) -> None:
    token = sandbox.grant()["access_token"]
    sandbox.fault("tiktok", "processing", "spam_risk")
    sandbox.fault("tiktok", "webhook", "duplicate")

    publish(sandbox, token, make_video())
    failed, again = receiver.events(2)
    sandbox.fault("tiktok", "creator_info", "revoked")
    ask(sandbox, token, "post/publish/creator_info/query")
    removed = receiver.events(3)[2]

    assert failed == again
    assert removed["event"] == "authorization.removed"
    assert failed["event"] == "post.publish.failed"
    assert json.loads(failed["content"])["reason"] == "spam_risk"


@pytest.mark.slow
def test_a_reset_during_processing_does_not_stop_later_videos(
    sandbox: RunningSandbox, receiver: Receiver, make_video: MakeVideo
) -> None:
    # Given a sandbox that is reset repeatedly, at any moment after a video arrived
    for moment in range(25):
        publish(sandbox, sandbox.grant()["access_token"], make_video(seconds=3))
        time.sleep(moment * 0.005)
        sandbox.reset()

    # When another video arrives, then it is reported
    sandbox.change(webhook_url=receiver.url)
    publish(sandbox, sandbox.grant()["access_token"], make_video())
    assert receiver.events(2)

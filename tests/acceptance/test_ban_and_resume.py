"""A real worker process: a ban pauses the account, its webhook says so, one click goes on."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from admin.api.webhook_bodies import BODIES
from admin.app import create_app
from admin.auth import create_user
from benchmarks.posting.posting import Stand, stand
from benchmarks.posting.worker_kills import worker
from core.settings import Settings
from models import Account, PauseCause, Post, PostState
from pipelines.subscriptions import subscriptions
from pipelines.subscriptions.events import EventName
from sandbox.testing import running_sandbox
from services import ServiceAddresses
from tests.admin.conftest import PASSWORD, Browser
from tests.waiting import until

pytestmark = pytest.mark.slow


class Receiver:
    """A program on this machine that is told about events."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, Any]] = []
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append((body, self.headers))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def told(self) -> dict[str, dict[str, Any]]:
        """What it was told, by event."""
        bodies = [json.loads(body) for body, _ in self.got]
        return {body["event"]: body for body in bodies}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def bench(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Stand]:
    with (
        running_sandbox() as sandbox,
        stand(ServiceAddresses(database_url, redis_url), sandbox, tmp_path) as bench,
    ):
        bench.start_over()
        yield bench


def owner_of(bench: Stand) -> Browser:
    around = bench.surroundings
    settings = Settings(
        database_url=SecretStr(around.services.database_url),
        redis_url=SecretStr(around.services.redis_url),
        cryptography_key=SecretStr(around.cryptography_key),
        secret_key=SecretStr("a secret for tests only"),
        media_dir=around.media_dir,
    )
    create_user("olga", PASSWORD, "owner")
    browser = Browser(create_app(settings))
    browser.sign_in("olga")
    return browser


def test_a_banned_account_pauses_says_so_and_posts_again_after_one_click(
    bench: Stand, receiver: Receiver
) -> None:
    # Given an account that TikTok has banned, and a program that is told about events
    events = ["account.paused", "post.published"]
    _, secret = subscriptions.add(
        f"http://{receiver.host}/hook", events, "olga", allowed={receiver.host}
    )
    browser = owner_of(bench)
    bench.sandbox.fault("tiktok", "init", "spam_risk_user_banned_from_posting", times=None)
    (post,) = bench.plan(1)

    with worker(bench, FETCH_ALLOWED_HOSTS=receiver.host):
        # When a worker tries its post
        until(lambda: Account.get().paused_at)
        # Then the account has paused itself, its page says why, and the program is told
        account = Account.get()
        assert account.paused_cause == PauseCause.REFUSED
        page = browser.get(f"/accounts/{account.id}").text
        assert "banned" in page
        assert Post.get_by_id(post.id).state == PostState.PLANNED
        until(lambda: "account.paused" in receiver.told())

        # When the ban is over, and somebody resumes the account by one click
        bench.sandbox.clear_faults()
        resume = f"/accounts/{account.id}/resume"
        assert f'action="{resume}"' in page
        browser.post(resume, on=f"/accounts/{account.id}")
        # Then its post goes out, once, and the program is told that, too
        until(lambda: Post.get_by_id(post.id).state == PostState.PUBLISHED)
        until(lambda: "post.published" in receiver.told())
    assert len(bench.sandbox.posts()) == 1

    # And each delivery is signed, and has the body that the API's document promises
    for body, headers in receiver.got:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature-256"] == f"sha256={digest}"
        event = EventName(headers["X-Storymill-Event"])
        assert BODIES[event].model_validate_json(body).data.id in {account.id, post.id}  # type: ignore[attr-defined]  # of each body

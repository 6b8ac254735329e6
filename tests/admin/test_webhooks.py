"""TikTok's events over HTTP: which are accepted, the responses, and a storm of events."""

from __future__ import annotations

import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import imageio_ffmpeg
import pytest
from pydantic import SecretStr

from admin.app import create_app
from benchmarks.admin.office import served
from core import db
from models import Account, AccountState, Job, JobState, Post, PostState, WebhookEvent, now
from pipelines.publishing.webhooks.events import EVENTS
from sandbox.testing import running_sandbox
from tests.admin import records
from tests.pipelines.publishing.events import SECRET, about, body, signed
from tests.sandbox.posting import ask, publish
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from core.settings import Settings
from tests.admin.conftest import Browser

COMPLETE = "post.publish.complete"
IN_VIEW = "post.publish.publicly_available"


@pytest.fixture
def app(settings: Settings, record: None) -> Flask:
    return create_app(settings.model_copy(update={"tiktok_client_secret": SecretStr(SECRET)}))


def send(client: FlaskClient, text: bytes, signature: str | None = None) -> TestResponse:
    headers = {"TikTok-Signature": signed(text) if signature is None else signature}
    with db.closed_for_long_work():
        return client.post(
            "/webhooks/tiktok", data=text, headers=headers, content_type="application/json"
        )


def test_a_signed_event_is_accepted_without_sign_in_or_csrf_token(app: Flask) -> None:
    event = body(COMPLETE, publish_id="p1")

    answers = [send(app.test_client(), event) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert WebhookEvent.select().count() == 1
    assert answers[0].mimetype == "text/plain"
    assert "Set-Cookie" not in answers[0].headers


def test_requests_that_are_not_from_tiktok_are_refused(
    app: Flask, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    client, event = app.test_client(), body(COMPLETE, publish_id="canary-body")
    refused = EVENTS.labels("forged")._value.get()  # noqa: SLF001  # the library's own way

    answers = {
        "unsigned": send(client, event, ""),
        "garbled": send(client, event, "t=now,s=trust-me"),
        "forged": send(client, event, signed(event, secret="guessed")),
        "old": send(client, event, signed(event, at=time.time() - 3_600)),
        "no event": send(client, b"[1]"),
        "large": send(client, b"[" + b" " * 70_000 + b"]"),
    }

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "unsigned": 400,
        "garbled": 400,
        "forged": 401,
        "old": 401,
        "no event": 400,
        "large": 413,
    }
    assert WebhookEvent.select().count() == 0
    assert EVENTS.labels("forged")._value.get() == refused + 1  # noqa: SLF001  # the library's own way
    written = caplog.text + capsys.readouterr().out
    assert "webhook_refused" in written
    assert "canary" not in written + "".join(answer.text for answer in answers.values())
    assert client.get("/webhooks/tiktok").status_code == 405


def test_without_the_apps_secret_no_event_is_accepted(settings: Settings, record: None) -> None:
    event = body(COMPLETE)
    answer = send(create_app(settings).test_client(), event, signed(event, secret=""))

    assert answer.status_code == 503
    assert "TIKTOK_CLIENT_SECRET is not set" in answer.text


def test_the_page_shows_the_url_and_the_events(app: Flask, viewer: Browser) -> None:
    assert "http://127.0.0.1:8080/webhooks/tiktok" in viewer.get("/webhooks/").text

    send(app.test_client(), body("authorization.removed", "open-nobody"))

    page = viewer.get("/webhooks/").text
    assert "authorization.removed" in page
    assert "not used: no such account" in page


@pytest.mark.slow
def test_a_storm_of_repeated_events_in_any_order_leaves_the_right_states(
    app: Flask, settings: Settings
) -> None:
    # given posts in the inbox, and in processing
    posts = [post(settings.media_dir, f"p{number}", inbox=number % 2 == 0) for number in range(60)]
    # when their events arrive in parallel and shuffled, half of them twice
    events = [
        about(row, event, post_id=7_000 + row.id) for row in posts for event in (COMPLETE, IN_VIEW)
    ]
    storm = events + events[: len(events) // 2]
    random.Random(7).shuffle(storm)  # noqa: S311  # the same storm each time
    with db.closed_for_long_work(), ThreadPoolExecutor(6) as senders:
        answers = list(senders.map(lambda event: status_of(app, event), storm))
    # then each is stored once
    assert set(answers) == {200}
    assert WebhookEvent.select().count() == len(events)
    # and inbox posts are published; the jobs of the others are woken to poll
    for row in posts:
        after, job = Post.get_by_id(row.id), Job.of("confirm", row.id)
        assert after.platform_id == str(7_000 + row.id)
        if row.state == PostState.INBOX:
            assert (after.state, job) == (PostState.PUBLISHED, None)
        else:
            assert after.state == PostState.PROCESSING
            assert job is not None
            assert (job.state, job.sent_at is not None) == (JobState.WAITING, True)


@pytest.mark.slow
def test_events_of_the_sandbox_are_understood(
    settings: Settings, record: None, tmp_path: Path
) -> None:
    with running_sandbox(processing_seconds=0.05, webhook_retry_seconds=0.1) as tiktok:
        # given a creator's account, and a post that TikTok is processing
        secret = SecretStr(tiktok.settings.tiktok_client_secret)
        key = tiktok.settings.tiktok_client_key
        app = create_app(
            settings.model_copy(update={"tiktok_client_secret": secret, "tiktok_client_key": key})
        )
        grant = tiktok.grant()
        account = records.account(
            open_id=grant["open_id"], last_refreshed_at=now() - timedelta(minutes=5)
        )
        with served(app) as url:
            tiktok.change(webhook_url=f"{url}/webhooks/tiktok")
            publish_id = publish(tiktok, grant["access_token"], clip(tmp_path))
            records.post(
                records.video(settings.media_dir),
                account,
                PostState.PUBLISHED,
                publish_id=publish_id,
            )
            # when TikTok reports that the post is public, and then that the creator has left
            received = events(2)
            tiktok.fault("tiktok", "creator_info", "revoked")
            ask(tiktok, grant["access_token"], "post/publish/creator_info/query")
            removed = events(3)[-1]
    # then both have their effect
    assert {event.event for event in received} == {COMPLETE, IN_VIEW}
    assert removed.outcome == "the account needs to be connected again"
    assert Account.get_by_id(account.id).state == AccountState.EXPIRED
    assert len(Post.get().platform_id) == 19


def events(count: int) -> list[WebhookEvent]:
    """The events, once there are ``count``."""
    until(lambda: WebhookEvent.select().count() >= count)
    return list(WebhookEvent.select().order_by(WebhookEvent.id))


def clip(folder: Path) -> Path:
    made = folder / "clip.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
    command += ["-i", "testsrc2=s=540x960:r=30:d=1", "-pix_fmt", "yuv420p", str(made)]
    subprocess.run(command, check=True)
    return made


def status_of(app: Flask, event: bytes) -> int:
    headers = {"TikTok-Signature": signed(event)}
    return app.test_client().post("/webhooks/tiktok", data=event, headers=headers).status_code


def post(media: Path, publish_id: str, *, inbox: bool) -> Post:
    video = records.video(media, records.part(records.story(publish_id)))
    on = Account.get_or_none() or records.account()
    state = PostState.INBOX if inbox else PostState.PROCESSING
    made = records.post(video, on, state, publish_id=publish_id)
    if not inbox:
        records.job("confirm", made.id)
    return made

"""Users see and change only what their role allows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from models import Attempt, Channel, StoryState
from pipelines.subscriptions import subscriptions
from tests.admin import records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from werkzeug.routing import Rule

    from core.settings import Settings
    from tests.admin.conftest import Browser

pytestmark = pytest.mark.slow

PUBLIC = {
    "static",
    "home.static",
    "auth.sign_in",
    "auth.code",
    "reset.ask",
    "reset.choose",
    "downloads.video",
    "health.alive",
    "health.ready",
    "webhook_receiver.tiktok",  # has its own tests
}
OWN = ("me.", "apitokens.")
"""Everybody may change what is on their own pages."""
OF_PROGRAMS = "api_v1."
"""Opened by tokens only: ``test_route_matrix.py``."""


def rules(app: Flask, method: str) -> Iterator[tuple[str, str]]:
    """Endpoint and URL of each rule that accepts ``method`` and isn't public."""
    for rule in app.url_map.iter_rules():
        for_people = not rule.endpoint.startswith(OF_PROGRAMS)
        if for_people and rule.endpoint not in PUBLIC and method in (rule.methods or ()):
            yield rule.endpoint, address(app, rule)


def address(app: Flask, rule: Rule) -> str:
    values = {name: "srt" if name == "form" else 1 for name in rule.arguments}
    values |= {"filename": "app.css"} if "filename" in rule.arguments else {}
    values |= {"task": "seal_audit_log"} if "task" in rule.arguments else {}
    return str(app.url_map.bind("").build(rule.endpoint, values, force_external=False))


@pytest.fixture
def rows(settings: Settings, record: None) -> None:
    """A row of each kind with id 1, with secrets that must not be shown."""
    post = records.post(records.video(settings.media_dir), records.account(), publish_id="p1")
    records.failure("publish", post.id)
    Channel.create(name="Evening")
    (settings.media_dir / "shown.png").write_bytes(b"a picture")
    Attempt.create(post=post, method="browser", outcome="browser_captcha", screenshot="shown.png")
    records.story("The flagged one", StoryState.FLAGGED, reason="Too much blood.")
    subscriptions.add("https://example.com/told", ["story.waiting"], "olga")


def test_strangers_are_sent_to_the_sign_in_page(app: Flask, rows: None, stranger: Browser) -> None:
    for endpoint, path in rules(app, "GET"):
        answer = stranger.get(path)
        sent = answer.status_code == 302 and answer.location.startswith("/sign-in?next=")
        assert sent or answer.status_code == 401, endpoint
    for endpoint, path in rules(app, "POST"):
        assert stranger.post(path, on="/sign-in").status_code == 401, endpoint


FOR_OTHERS = ("users.", "first_steps.")
"""Pages for owners, and for those who set an installation up."""


def test_viewers_see_everything_but_change_nothing(app: Flask, rows: None, viewer: Browser) -> None:
    for endpoint, path in rules(app, "GET"):
        expected = {403} if endpoint.startswith(FOR_OTHERS) else {200, 400}
        if endpoint != "accounts.callback":
            assert viewer.get(path).status_code in expected, endpoint
    for endpoint, path in rules(app, "POST"):
        if endpoint != "auth.sign_out" and not endpoint.startswith(OWN):
            assert viewer.post(path).status_code == 403, endpoint


def test_only_owners_manage_users(app: Flask, rows: None, editor: Browser, owner: Browser) -> None:
    assert editor.get("/users/").status_code == 403
    assert editor.post("/users/new", name="x").status_code == 403
    assert owner.get("/users/").status_code == 200


def test_a_form_without_its_token_is_refused(rows: None, editor: Browser) -> None:
    answer = editor._ask("POST", "/stories/2/reject", data={"reason": "dull"})  # noqa: SLF001

    assert answer.status_code == 400
    assert "out of date" in answer.text


def test_pages_show_no_secret_and_no_other_host(app: Flask, rows: None, owner: Browser) -> None:
    # given an account with tokens, a post with an upload URL, a trace with a bearer token
    for endpoint, path in rules(app, "GET"):
        page = owner.get(path)
        text = page.data.decode(errors="replace")  # some are pictures
        # then no page shows any of it
        assert "canary" not in text, endpoint
        # and a page loads only our own resources, with security headers
        assert not re.findall(r'<(?:script|link|img|video|audio|track)[^>]*"https?:', text)
        policy = page.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in page.headers["Permissions-Policy"]
        nonces = set(re.findall(r'<script nonce="([^"]+)"', text))
        assert all(f"'nonce-{nonce}'" in policy for nonce in nonces), endpoint
        assert "<script>" not in text
        assert not re.search(r'\son[a-z]+="|\sstyle="', text), endpoint


def test_story_text_is_shown_as_text_and_never_as_markup(owner: Browser, tmp_path: Path) -> None:
    evil = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    story = records.story(evil, body=evil, narratable_text=evil, reason=evil, url="javascript:x()")

    for path in ("/stories/", f"/stories/{story.id}", f"/stories/{story.id}/edit"):
        page = owner.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "javascript:" not in page

"""Sessions are kept at the server: they end by themselves, one by one, or all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from admin.auth import sessions
from core import db
from models import AuditEntry, SignInSession, User, now
from pipelines.people import forgetting
from tests.admin.conftest import Browser

if TYPE_CHECKING:
    from flask import Flask

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML) Chrome/126.0 Safari/537.36"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1"


@pytest.mark.parametrize(
    ("field", "ago"),
    [
        ("last_seen_at", SignInSession.IDLE + timedelta(minutes=1)),
        ("created_at", SignInSession.LONGEST + timedelta(minutes=1)),
    ],
)
def test_a_session_ends_without_use_and_after_a_week(
    owner: Browser, field: str, ago: timedelta
) -> None:
    SignInSession.update({field: now() - ago + timedelta(minutes=5)}).execute()
    assert owner.get("/").status_code == 200

    SignInSession.update({field: now() - ago}).execute()

    assert owner.get("/").status_code == 302
    # and the hourly tick deletes it, and says so
    assert forgetting.forget_ended() == 1
    assert not SignInSession.select().exists()
    assert AuditEntry.select().order_by(AuditEntry.id.desc()).get().action == "user.session_expired"


def test_each_use_keeps_a_session_from_ending(owner: Browser) -> None:
    SignInSession.update(last_seen_at=now() - timedelta(hours=11)).execute()

    owner.get("/")

    assert now() - SignInSession.get().last_seen_at < timedelta(minutes=1)


@pytest.mark.slow
def test_a_person_sees_and_ends_sessions_one_by_one_or_all(app: Flask, owner: Browser) -> None:
    # Given three browsers of one person
    phone, old = Browser(app), Browser(app)
    phone.client.environ_base["HTTP_USER_AGENT"] = SAFARI
    phone.sign_in("olga")
    old.sign_in("olga")
    shown = owner.get("/me/").text
    assert "Safari on iPhone" in shown
    assert "127.0.0.0/24" in shown  # shortened

    # When one is ended, only that one is
    session = SignInSession.get(SignInSession.agent == "Safari on iPhone")
    owner.post(f"/me/sessions/{session.id}/end")
    assert phone.get("/").status_code == 302
    assert old.get("/").status_code == 200

    # When all others are ended, this one stays
    assert "1 other session ended" in owner.get(owner.post("/me/sessions/end").location).text
    assert old.get("/").status_code == 302
    assert owner.get("/").status_code == 200


def test_nobody_ends_a_session_of_somebody_else(owner: Browser, viewer: Browser) -> None:
    session = SignInSession.get(SignInSession.user == User.get(User.name == "olga"))

    viewer.post(f"/me/sessions/{session.id}/end")

    assert owner.get("/").status_code == 200


@pytest.mark.slow
def test_another_role_applies_to_the_next_click(owner: Browser, editor: Browser) -> None:
    emil = User.get(User.name == "emil")
    assert editor.get("/stories/paste").status_code == 200

    owner.post(f"/users/{emil.id}/role", on="/users/", role="viewer")

    assert editor.post("/stories/paste", title="x", text="y").status_code == 403


@pytest.mark.slow
def test_an_owner_ends_the_sessions_of_somebody(owner: Browser, viewer: Browser) -> None:
    vera = User.get(User.name == "vera")

    owner.post(f"/users/{vera.id}/sessions/end", on="/users/")

    assert viewer.get("/").status_code == 302
    assert owner.get("/").status_code == 200


def test_the_table_has_no_token(owner: Browser) -> None:
    with db.closed_for_long_work(), owner.client.session_transaction() as cookie:
        token = cookie["_user_id"]

    assert len(token) >= 43  # 256 bits
    row = SignInSession.select().dicts().get()
    assert token not in str(row)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Chrome on Linux"),
        (EDGE, "Edge on Windows"),
        (SAFARI, "Safari on iPhone"),
        ("<script>", "unknown browser"),
        ("", "unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(agent: str, words: str) -> None:
    assert sessions.described(agent) == words

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.ports import TokenGrant
from admin.app import create_app
from core.errors import Permanent
from models import Account, AccountState, Post, PostState
from tests.admin import records
from tests.admin.conftest import Browser, signed_in

if TYPE_CHECKING:
    from flask import Flask

    from core.settings import Settings


class Consent:
    """A platform whose creators consent with the code ``good``."""

    def __init__(self) -> None:
        self.revoked: list[str] = []

    def authorize_url(self, *, state: str, redirect_uri: str, **_: str) -> str:
        return f"https://consent.example/?state={state}&redirect_uri={redirect_uri}"

    def exchange_code(self, code: str, **_: str) -> TokenGrant:
        if code != "good":
            raise Permanent("TikTok refuses the code: connect again.")
        return TokenGrant("open-1", ("video.publish",), "act.canary", 7200, "rft.canary", 86400)

    def refresh(self, refresh_token: str) -> TokenGrant:
        raise NotImplementedError

    def name_of(self, _access_token: str) -> str:
        return "ladder_tales"

    def revoke(self, access_token: str) -> None:
        self.revoked.append(access_token)


@pytest.fixture
def platform() -> Consent:
    return Consent()


@pytest.fixture
def app(settings: Settings, record: None, platform: Consent) -> Flask:
    return create_app(settings, platform)


def begin(browser: Browser) -> str:
    """Press Connect; the state that the platform is told."""
    asked = parse_qs(urlsplit(browser.post("/accounts/connect").location).query)
    assert asked["redirect_uri"] == ["http://127.0.0.1:8080/accounts/callback"]
    return asked["state"][0]


def test_an_account_is_connected_and_disconnected(editor: Browser, platform: Consent) -> None:
    state = begin(editor)

    done = editor.get(f"/accounts/callback?state={state}&code=good")

    account = Account.get()
    assert done.location == "/accounts/"
    assert account.state == AccountState.CONNECTED
    page = editor.get("/accounts/").text
    assert "video.publish" in page
    assert "ladder_tales" in page
    assert "canary" not in page

    editor.post(f"/accounts/{account.id}/disconnect")

    assert platform.revoked == ["act.canary"]
    assert Account.get().state == AccountState.DISCONNECTED


def test_a_code_is_good_once_and_only_in_the_session_that_asked(
    app: Flask, editor: Browser
) -> None:
    state = begin(editor)
    somebody_else = signed_in(app, "otto", "editor")

    foreign = somebody_else.get(f"/accounts/callback?state={state}&code=good")
    first = editor.get(f"/accounts/callback?state={state}&code=good")
    replayed = editor.get(f"/accounts/callback?state={state}&code=good")

    assert "not begun here" in foreign.text
    assert first.status_code == 303
    assert "finished already" in replayed.text
    assert Account.select().count() == 1


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("error=access_denied", "You declined"),
        ("error=invalid_scope", "redirect address and scopes"),
        ("state=made-up&code=good", "begin it again"),
        ("", "begin it again"),
    ],
)
def test_what_went_wrong_is_said_plainly(editor: Browser, query: str, sentence: str) -> None:
    page = editor.get(f"/accounts/callback?{query}").text

    assert sentence in page
    assert "Try again" in page
    assert Account.select().count() == 0


def test_a_refused_code_connects_nothing(editor: Browser) -> None:
    page = editor.get(f"/accounts/callback?state={begin(editor)}&code=bad").text

    assert "refuses the code" in page
    assert Account.select().count() == 0


def test_a_viewer_can_not_finish_what_an_editor_began(viewer: Browser, editor: Browser) -> None:
    assert viewer.get(f"/accounts/callback?state={begin(editor)}&code=good").status_code == 403


def test_a_parked_post_is_decided_by_a_person(settings: Settings, editor: Browser) -> None:
    post = records.post(
        records.video(settings.media_dir), records.account(), PostState.PARKED, reason="Unknown."
    )
    page = editor.get(f"/posts/{post.id}").text
    assert "Mark as published" in page

    editor.post(f"/posts/{post.id}/published", platform_id="7411")

    seen = Post.get_by_id(post.id)
    assert (seen.state, seen.platform_id) == (PostState.PUBLISHED, "7411")

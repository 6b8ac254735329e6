from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.ports import TokenGrant
from admin.app import create_app
from core import db
from core.errors import Permanent
from models import (
    Account,
    AccountState,
    Job,
    JobState,
    LateStory,
    Method,
    Post,
    PostState,
    Slot,
    now,
)
from tests.admin import records
from tests.admin.conftest import Browser, signed_in

if TYPE_CHECKING:
    from flask import Flask

    from core.settings import Settings


class Consent:
    """A fake platform whose creators consent with the code ``good``."""

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
        raise NotImplementedError

    def check_app(self) -> None:
        raise NotImplementedError


@pytest.fixture
def platform() -> Consent:
    return Consent()


@pytest.fixture
def app(settings: Settings, record: None, platform: Consent) -> Flask:
    return create_app(settings, platform)


def start(browser: Browser) -> str:
    """Click Connect account; returns the state sent to the platform."""
    asked = parse_qs(urlsplit(browser.post("/accounts/connect").location).query)
    assert asked["redirect_uri"] == ["http://127.0.0.1:8080/accounts/callback"]
    return asked["state"][0]


def test_an_account_is_connected_and_disconnected(editor: Browser) -> None:
    state = start(editor)

    done = editor.get(f"/accounts/callback?state={state}&code=good")

    account = Account.get()
    assert done.location == f"/accounts/{account.id}"
    assert account.state == AccountState.CONNECTED
    pages = [editor.get(path).text for path in ("/accounts/", f"/accounts/{account.id}")]
    assert "video.publish" in pages[1]
    assert all("ladder_tales" in page and "canary" not in page for page in pages)

    editor.post(f"/accounts/{account.id}/disconnect")

    assert Account.get().state == AccountState.DISCONNECTED
    assert Job.get().stage == "revoke"


def test_a_code_works_once_and_only_in_the_session_that_started(
    app: Flask, editor: Browser
) -> None:
    state = start(editor)
    somebody_else = signed_in(app, "otto", "editor")

    foreign = somebody_else.get(f"/accounts/callback?state={state}&code=good")
    first = editor.get(f"/accounts/callback?state={state}&code=good")
    replayed = editor.get(f"/accounts/callback?state={state}&code=good")

    assert "started in another browser" in foreign.text
    assert first.status_code == 303
    assert "already finished" in replayed.text
    assert Account.select().count() == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("error=access_denied", "You declined"),
        ("error=invalid_scope", "TIKTOK_SCOPES"),
        ("error=server_error", "TikTok reported an error"),
        ("state=made-up&code=good", "start it again"),
        ("", "no code"),
    ],
)
def test_a_failed_connection_says_what_went_wrong(
    editor: Browser, query: str, sentence: str
) -> None:
    page = editor.get(f"/accounts/callback?{query}").text

    assert sentence in page
    assert "Try again" in page
    assert Account.select().count() == 0


def test_a_refused_code_connects_nothing(editor: Browser) -> None:
    page = editor.get(f"/accounts/callback?state={start(editor)}&code=bad").text

    assert "refuses the code" in page
    assert Account.select().count() == 0


def test_a_viewer_cannot_finish_a_connection_of_an_editor(viewer: Browser, editor: Browser) -> None:
    assert viewer.get(f"/accounts/callback?state={start(editor)}&code=good").status_code == 403


# ── pause, and stories that began elsewhere ──────────────────────────────────────────────────


def test_an_account_is_paused_with_its_reason_shown_and_resumed(
    editor: Browser, viewer: Browser
) -> None:
    account = records.account()

    editor.post(f"/accounts/{account.id}/pause", reason="The creator is on holiday.")

    for page in ("/accounts/", f"/accounts/{account.id}"):
        assert "The creator is on holiday." in viewer.get(page).text
    assert viewer.post(f"/accounts/{account.id}/resume").status_code == 403
    editor.post(f"/accounts/{account.id}/resume")
    assert "holiday" not in editor.get(f"/accounts/{account.id}").text
    assert Account.get_by_id(account.id).paused_at is None


def test_the_page_asks_about_stories_that_began_on_other_accounts(
    editor: Browser, settings: Settings
) -> None:
    account = records.account()
    script = records.part(records.story("s1")).script
    LateStory.create(account=account, script=script)

    assert "1 story had begun" in editor.get(f"/accounts/{account.id}").text
    editor.post(f"/accounts/{account.id}/late-stories/skip")

    page = editor.get(f"/accounts/{account.id}").text
    assert "had begun" not in page
    assert "not posted here" in page


# ── settings ─────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_preselected_and_consent_is_required(editor: Browser) -> None:
    account = records.account()

    page = editor.get(f"/accounts/{account.id}").text

    assert "Posted as <strong>ladder_tales</strong>" in page
    assert re.findall(r'<input type="radio" name="privacy"[^>]*checked', page) == []
    assert checked(page) == {"ai_label", "direct", "inbox", "browser", "manual"}
    assert re.search(r'<input type="checkbox" name="agreed" required>', page)
    assert re.search(
        r"By posting, you agree to TikTok's <a [^>]*>Music Usage Confirmation</a>", page
    )


def test_settings_are_saved_with_who_agreed(editor: Browser) -> None:
    account = records.account()
    address = f"/accounts/{account.id}"

    refused = editor.post(f"{address}/posting", privacy="SELF_ONLY")
    assert "Music Usage Confirmation: tick it" in editor.after(refused)
    assert Account.get().privacy == ""

    editor.post(f"{address}/posting", privacy="SELF_ONLY", allow_comment="on", agreed="on")

    chosen = Account.get()
    assert (chosen.privacy, chosen.allow_comment, chosen.ai_label) == ("SELF_ONLY", True, False)
    page = editor.get(address).text
    assert "emil agreed" in page
    assert {"allow_comment"} <= checked(page)
    assert "ai_label" not in checked(page)


def test_methods_say_what_is_missing_and_one_must_remain(editor: Browser) -> None:
    account = records.account()
    address = f"/accounts/{account.id}"
    page = editor.get(address).text
    assert "The creator has not allowed video.upload" in page
    assert "No cookies of a signed-in browser are stored" in page
    assert "put videos into the creator&#39;s TikTok inbox as drafts" in page

    editor.post(f"{address}/methods", method=["manual", "direct"])
    refused = editor.post(f"{address}/methods", on=address)

    assert "Keep at least one method" in editor.after(refused)
    assert Account.get().methods == [Method.DIRECT, Method.MANUAL]


def test_the_schedule_uses_the_accounts_time_zone(editor: Browser) -> None:
    account = records.account()
    address = f"/accounts/{account.id}"

    editor.post(f"{address}/times", timezone="asia/tokyo", posts_a_day="4", gap_minutes="60")
    refused = editor.post(f"{address}/times", timezone="Tokio", posts_a_day="x", gap_minutes="")

    assert "There is no time zone Tokio" in editor.after(refused)
    saved = Account.get()
    assert (saved.timezone, saved.posts_a_day, saved.gap_minutes) == ("Asia/Tokyo", 4, 60)


def test_weekly_slots_are_added_copied_and_removed(editor: Browser) -> None:
    account = records.account()
    address = f"/accounts/{account.id}/slots"

    editor.post(f"{address}/add", at="18:30", weekday=["1", "2", "3"])
    editor.post(f"{address}/add", at="18:30", weekday=["3", "4"])
    assert [slot.weekday for slot in Slot.select().order_by(Slot.weekday)] == [1, 2, 3, 4]
    editor.post(f"{address}/copy", weekday="1")
    assert Slot.select().count() == 7
    sunday = Slot.get(Slot.weekday == 7)
    answer = editor.post(f"{address}/{sunday.id}/remove")

    assert answer.location == f"/accounts/{account.id}#times"
    page = editor.get(f"/accounts/{account.id}").text
    assert "Remove 18:30 on Saturday" in page
    assert "Remove 18:30 on Sunday" not in page


def test_cookies_are_stored_and_never_shown_again(editor: Browser) -> None:
    account = records.account()
    address = f"/accounts/{account.id}"
    good = json.dumps([{"name": "sessionid", "value": "canary-cookie", "domain": ".tiktok.com"}])

    for pasted in ("canary-cookie", good.replace("sessionid", "canary-other"), good[:40]):
        refused = editor.post(
            f"{address}/browser", referrer=address, username="tales", cookies=pasted
        )
        page = editor.after(refused)
        assert 'class="alert alert-danger"' in page
        assert "canary" not in page
    assert Account.get().browser_session is None

    editor.post(f"{address}/browser", username="tales", cookies=good)

    assert "canary-cookie" in Account.get().browser_session
    assert "has not been tried yet" in editor.get(address).text
    for path in (address, "/audit/", "/accounts/"):
        assert "canary" not in editor.get(path).text
    editor.post(f"{address}/browser/forget")
    assert Account.get().browser_session is None


def test_a_viewer_sees_the_settings_but_no_form(viewer: Browser) -> None:
    account = records.account()
    address = f"/accounts/{account.id}"

    page = viewer.get(address).text

    assert "Who can see the posts" in page
    assert ">Save<" not in page
    assert "textarea" not in page
    for action in ("posting", "methods", "times", "slots/add", "browser", "requeue"):
        assert viewer.post(f"{address}/{action}").status_code == 403


def test_posts_of_a_reconnected_account_are_retried(settings: Settings, editor: Browser) -> None:
    account = records.account(state=AccountState.EXPIRED)
    waits = records.post(records.video(settings.media_dir), account, PostState.PARKED)
    other = records.post(records.video(settings.media_dir), account, PostState.PARKED)
    for post, code in ((waits, "account_expired"), (other, "unknown_publish_id")):
        stopped = {"error_code": code, "finished_at": now()}
        records.job("publish", post.id, JobState.PARKED, **stopped)
    address = f"/accounts/{account.id}"
    assert "Retry these posts" not in editor.get(address).text
    Account.update(state=AccountState.CONNECTED).execute()
    assert (
        "1 post needs attention because this account was not connected" in editor.get(address).text
    )

    editor.post(f"{address}/requeue")

    assert Post.get_by_id(waits.id).state == PostState.PLANNED
    assert Post.get_by_id(other.id).state == PostState.PARKED


@pytest.mark.slow
def test_a_long_list_of_accounts_decrypts_nothing(editor: Browser) -> None:
    rows = [
        {"open_id": f"open-{n}", "name": f"tales_{n}", "state": "connected", "access_token": "a"}
        for n in range(1_000)
    ]
    with db.transaction():
        Account.insert_many(rows).execute()
        db.database.execute_sql("UPDATE account SET access_token = 'no such ciphertext'")

    page = editor.get("/accounts/")

    assert page.status_code == 200
    assert page.text.count('aria-label="Select tales_') == 200
    assert "Page 1 of 5, 1000 accounts" in page.text
    assert 'aria-label="Select tales_999"' in editor.get("/accounts/?page=5").text
    assert editor.get(f"/accounts/{Account.select(Account.id).first().id}").status_code == 200


def checked(page: str) -> set[str]:
    """Names of the checked boxes, or their values where several share a name."""
    boxes = re.findall(r'<input type="checkbox" name="(\w+)"(?: value="(\w+)")? +checked', page)
    return {value or name for name, value in boxes}

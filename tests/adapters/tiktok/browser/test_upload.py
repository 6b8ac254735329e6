"""A real browser on the sandbox's upload page: what is posted, and what is read there."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.ports import BrowserPost
from adapters.tiktok.browser.uploader import Patience, TikTokBrowser
from core.cookies import parse_cookies
from core.errors import BrowserStopped, StageError, Wait
from sandbox.testing import RunningSandbox
from tests.adapters.tiktok.browser.browsing import ME, POST, TITLE, nothing
from tests.browsers import needs_chromium

pytestmark = [needs_chromium, pytest.mark.slow]


def test_a_video_is_uploaded_as_asked(
    sandbox: RunningSandbox, session: str, browser: TikTokBrowser, clip: Path
) -> None:
    # given a connection on which the upload takes a moment
    sandbox.change(studio_bytes_a_second=clip.stat().st_size)
    shares: list[float] = []
    posts_before: list[int] = []
    since = datetime.now(UTC)

    # when it is posted
    outcome = browser.post(
        session,
        clip,
        POST,
        about_to_post=lambda: posts_before.append(len(sandbox.posts())),
        progress=shares.append,
    )

    # then there is one post with these bytes, this title and these settings
    [post] = sandbox.posts()
    assert (post["via"], post["creator"], post["title"]) == ("browser", ME, TITLE)
    assert post["privacy_level"] == "SELF_ONLY"
    assert post["size"] == clip.stat().st_size
    info = post["info"]
    assert (info["disable_comment"], info["disable_duet"], info["is_aigc"]) == (False, True, True)
    assert (outcome.platform_id, outcome.address[-19:]) == (post["post_id"], post["post_id"])
    # and it was announced once, right before
    assert posts_before == [0]
    # and progress went from 0 to 1
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert any(0 < share < 1 for share in shares)
    # and the renewed cookies came back for the next time
    assert token_in(outcome.session) != token_in(session)
    assert browser.find(outcome.session, POST, since) is not None


def token_in(session: str) -> str:
    return next(str(c["value"]) for c in json.loads(session) if c["name"] == "msToken")


@pytest.mark.parametrize("variant", ["dialogs", "no_redirect"])
def test_the_pages_own_questions_are_answered(
    sandbox: RunningSandbox, session: str, browser: TikTokBrowser, clip: Path, variant: str
) -> None:
    sandbox.fault("studio", "page", variant)

    outcome = browser.post(session, clip, POST, about_to_post=nothing)

    [post] = sandbox.posts()
    assert outcome.platform_id == post["post_id"]
    assert post["info"]["is_aigc"]


def test_a_private_account_posts_to_its_followers_unlabelled(
    sandbox: RunningSandbox, browser: TikTokBrowser, clip: Path
) -> None:
    creator = "quiet_confessions"
    session = parse_cookies(sandbox.browser_session(creator), "127.0.0.1")
    post = BrowserPost(creator, "Plain", "MUTUAL_FOLLOW_FRIENDS", ai_generated=False)

    browser.post(session, clip, post, about_to_post=nothing)

    [made] = sandbox.posts()
    assert made["privacy_level"] == "MUTUAL_FOLLOW_FRIENDS"
    assert not made["info"]["is_aigc"]


def test_a_check_says_who_is_signed_in_and_until_when(session: str, browser: TikTokBrowser) -> None:
    strange = [*json.loads(session), {"name": "__Host-x", "value": "1", "domain": "", "path": "/"}]

    health = browser.check(json.dumps(strange))

    assert health.username == ME
    assert health.good_until is not None
    assert health.good_until > datetime.now(UTC) + timedelta(days=59)


def test_a_session_that_can_t_be_read_counts_as_signed_out(browser: TikTokBrowser) -> None:
    with pytest.raises(BrowserStopped) as stopped:
        browser.check("not cookies")

    assert stopped.value.code == "browser_signed_out"


def test_the_sign_in_is_in_no_log_and_no_value_shown(
    sandbox: RunningSandbox,
    session: str,
    browser: TikTokBrowser,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("selenium").setLevel(logging.NOTSET)

    health = browser.check(session)
    sandbox.fault("studio", "page", "captcha")
    with pytest.raises(StageError) as stopped:
        browser.check(session)

    said = caplog.text + repr(health) + repr(stopped.value) + str(stopped.value)
    values = {str(c["value"]) for c in json.loads(session) + json.loads(health.session)}
    assert len(values) >= 2
    assert not any(value in said for value in values)


def test_the_list_is_read_from_its_data_or_its_table(
    sandbox: RunningSandbox, session: str, browser: TikTokBrowser, clip: Path
) -> None:
    since = datetime.now(UTC)
    outcome = browser.post(session, clip, POST, about_to_post=nothing)

    sandbox.fault("studio", "content", "no_data")
    found = browser.find(session, POST, since)
    sandbox.fault("studio", "content", "no_table")
    with pytest.raises(BrowserStopped) as unreadable:
        browser.find(session, POST, since)

    assert found is not None
    assert found.platform_id == outcome.platform_id
    assert unreadable.value.code == "browser_page_changed"


def test_a_post_may_take_its_time_to_be_listed(
    sandbox: RunningSandbox, session: str, screenshots: Path
) -> None:
    patient = TikTokBrowser(
        screenshots=screenshots, studio_url=sandbox.studio_url, patience=Patience(settle=60)
    )

    with pytest.raises(Wait) as early:
        patient.find(session, POST, datetime.now(UTC) - timedelta(seconds=20))

    assert early.value.code == "browser_settling"
    assert early.value.after == pytest.approx(40, abs=10)
    assert patient.find(session, POST, datetime.now(UTC) - timedelta(hours=1)) is None

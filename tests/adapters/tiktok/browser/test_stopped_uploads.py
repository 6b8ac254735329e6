"""Uploads that stop: for a person, for good, for a while, or with an unknown result."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.tiktok.browser.uploader import Patience, TikTokBrowser
from core.errors import BrowserStopped, Permanent, Retryable
from sandbox.testing import RunningSandbox
from tests.adapters.tiktok.browser.browsing import POST, nothing
from tests.browsers import needs_chromium

pytestmark = [needs_chromium, pytest.mark.slow]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("signed_out", "browser_signed_out"),
        ("captcha", "browser_captcha"),
        ("wrong_account", "browser_wrong_account"),
        ("renamed_button", "browser_page_changed"),
        ("missing_editor", "browser_page_changed"),
    ],
)
def test_what_a_person_must_see_stops_before_anything_is_posted(
    *,
    sandbox: RunningSandbox,
    session: str,
    browser: TikTokBrowser,
    clip: Path,
    screenshots: Path,
    fault: str,
    code: str,
) -> None:
    sandbox.fault("studio", "page", fault)
    announced: list[bool] = []

    with pytest.raises(BrowserStopped) as stopped:
        browser.post(session, clip, POST, about_to_post=lambda: announced.append(True))

    assert stopped.value.code == code
    assert sandbox.posts() == []
    assert not announced
    picture = stopped.value.screenshot
    assert picture is not None
    assert picture.parent == screenshots
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_mode & 0o077 == 0


def test_a_video_that_the_page_rejects_is_not_retried(
    sandbox: RunningSandbox, session: str, browser: TikTokBrowser, clip: Path
) -> None:
    sandbox.fault("studio", "upload", "rejected")

    with pytest.raises(Permanent, match="format is not supported") as refused:
        browser.post(session, clip, POST, about_to_post=nothing)

    assert refused.value.code == "browser_rejected"


@pytest.mark.parametrize(
    ("call", "fault", "code"),
    [
        ("page", {"fault": "slow", "seconds": 4}, "browser_slow"),
        ("page", {"fault": "500"}, "browser_unreachable"),
        ("upload", {"fault": "stuck"}, "browser_slow"),
        ("upload", {"fault": "reset"}, "browser_upload_failed"),
    ],
)
def test_temporary_failures_are_retried(
    *,
    sandbox: RunningSandbox,
    session: str,
    clip: Path,
    screenshots: Path,
    call: str,
    fault: dict[str, Any],
    code: str,
) -> None:
    sandbox.fault("studio", call, **fault)
    hasty = TikTokBrowser(
        screenshots=screenshots,
        studio_url=sandbox.studio_url,
        patience=Patience(page=3, step=5, stall=1),
    )

    with pytest.raises(Retryable) as late:
        hasty.post(session, clip, POST, about_to_post=nothing)

    assert late.value.code == code
    assert sandbox.posts() == []


@pytest.mark.parametrize(("fault", "was_made"), [("lost_response", True), ("captcha", False)])
def test_an_unknown_result_is_resolved_by_the_list(
    *,
    sandbox: RunningSandbox,
    session: str,
    browser: TikTokBrowser,
    clip: Path,
    fault: str,
    was_made: bool,
) -> None:
    sandbox.fault("studio", "post", fault)
    pressed_at: list[datetime] = []

    with pytest.raises(BrowserStopped) as stopped:
        browser.post(
            session, clip, POST, about_to_post=lambda: pressed_at.append(datetime.now(UTC))
        )
    found = browser.find(session, POST, pressed_at[0])

    assert stopped.value.code == "browser_unknown"
    assert stopped.value.screenshot is not None
    assert (found is not None) is was_made
    assert [post["post_id"] for post in sandbox.posts()] == (
        [found.platform_id] if found is not None else []
    )


def test_a_clear_refusal_after_the_button_is_an_answer(
    sandbox: RunningSandbox, session: str, browser: TikTokBrowser, clip: Path
) -> None:
    sandbox.fault("studio", "post", "rejected")

    with pytest.raises(Permanent, match="Community Guidelines"):
        browser.post(session, clip, POST, about_to_post=nothing)

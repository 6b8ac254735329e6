"""A post whose account may use the browser: real Chromium on the sandbox's upload page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.tiktok.browser.uploader import TikTokBrowser
from models import Account, Method, Post, Video
from pipelines.publishing.accounts import session_settings
from sandbox.testing import RunningSandbox
from tests.adapters.tiktok.browser.browsing import QUICK
from tests.pipelines.publishing.delivery.browser.by_browser import ME
from tests.pipelines.publishing.job_runner import Desk


@pytest.fixture
def post(
    desk: Desk,
    connect: Callable[..., Account],
    make_videos: Callable[..., list[Video]],
    sandbox: RunningSandbox,
    tmp_path: Path,
) -> Post:
    """A post whose account allows the browser, and posting by hand."""
    account = connect(ME)
    desk.platform = replace(
        desk.platform,
        browser=TikTokBrowser(
            screenshots=tmp_path / "screenshots",
            studio_url=sandbox.studio_url,
            patience=QUICK,
        ),
    )
    cookies = sandbox.browser_session(ME)
    session_settings.set_browser_session(account.id, cookies, "ada", username=ME, site="127.0.0.1")
    Account.update(methods=[Method.BROWSER, Method.MANUAL]).execute()
    (post,) = desk.plan(make_videos()[0])
    return post

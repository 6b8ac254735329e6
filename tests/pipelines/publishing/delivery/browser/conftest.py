"""A post whose account may use the browser: real Chromium on the sandbox's upload page."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.tiktok.browser.chromium import BROWSERS, DRIVERS
from adapters.tiktok.browser.uploader import Patience, TikTokBrowser
from models import Account, Method, Post, Video
from pipelines.publishing.accounts import account_settings
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.job_runner import Desk

IN_CHROMIUM = [
    pytest.mark.skipif(
        not (any(map(shutil.which, BROWSERS)) and any(map(shutil.which, DRIVERS))),
        reason="Chromium and its driver are not installed",
    ),
    pytest.mark.slow,
]

ME = "storymill_tales"


def fresh(post: Post) -> Post:
    return Post.get_by_id(post.id)


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
            patience=Patience(page=10, step=3, answer=2, settle=0),
        ),
    )
    cookies = sandbox.browser_session(ME)
    account_settings.set_browser_session(account.id, cookies, "ada", username=ME, site="127.0.0.1")
    Account.update(methods=[Method.BROWSER, Method.MANUAL]).execute()
    (post,) = desk.plan(make_videos()[0])
    return post

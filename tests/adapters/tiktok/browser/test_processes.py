"""The browser's processes: they end when they die, hang, or lose their worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from adapters.tiktok.browser.uploader import Patience, TikTokBrowser
from core.errors import BrowserStopped, Retryable
from sandbox.testing import RunningSandbox
from tests.adapters.tiktok.browser.browsing import POST, left_by, nothing
from tests.browsers import needs_chromium
from tests.waiting import until

pytestmark = [needs_chromium, pytest.mark.slow]


class Cancelled(Exception):
    pass


def test_cancelling_closes_the_browser_at_once(
    sandbox: RunningSandbox, session: str, browser: TikTokBrowser, clip: Path
) -> None:
    sandbox.change(studio_bytes_a_second=clip.stat().st_size // 20)
    cancelled_at = 0.0

    def progress(share: float) -> None:
        nonlocal cancelled_at
        if share > 0:
            cancelled_at = time.monotonic()
            raise Cancelled

    with pytest.raises(Cancelled):
        browser.post(session, clip, POST, about_to_post=nothing, progress=progress)

    assert time.monotonic() - cancelled_at < 10, "the upload takes 20 s"
    assert left_by(os.getpid()) == ([], [])
    assert sandbox.posts() == []


def own(name: str) -> list[psutil.Process]:
    """Processes of this name among our own children and theirs; nobody else's."""
    return [p for p in psutil.Process().children(recursive=True) if p.name() == name]


def kill_browser() -> None:
    for process in own("chromium"):
        with suppress(psutil.NoSuchProcess):  # it ended with another one
            process.kill()


def test_a_browser_that_dies_is_harmless_before_and_unknown_after_the_button(
    sandbox: RunningSandbox, session: str, browser: TikTokBrowser, clip: Path
) -> None:
    with pytest.raises(Retryable) as before:
        browser.post(
            session,
            clip,
            POST,
            about_to_post=nothing,
            progress=lambda share: kill_browser() if share == 1 else None,
        )
    with pytest.raises(BrowserStopped) as after:
        browser.post(session, clip, POST, about_to_post=kill_browser)

    assert (before.value.code, after.value.code) == ("browser_crashed", "browser_unknown")


def test_a_driver_that_hangs_is_killed_with_its_browser(
    sandbox: RunningSandbox, session: str, screenshots: Path, clip: Path
) -> None:
    browser = TikTokBrowser(
        screenshots=screenshots, studio_url=sandbox.studio_url, patience=Patience(page=2, call=3)
    )

    def freeze(share: float) -> None:
        for driver in own("chromedriver"):
            driver.suspend()

    with pytest.raises(Retryable) as hung:
        browser.post(session, clip, POST, about_to_post=nothing, progress=freeze)

    assert hung.value.code == "browser_crashed"
    assert left_by(os.getpid()) == ([], [])


def test_a_killed_worker_leaves_no_browser_and_its_profile_only_until_the_next(
    sandbox: RunningSandbox, session: str, browser: TikTokBrowser, tmp_path: Path, clip: Path
) -> None:
    # given a worker during an upload
    sandbox.change(studio_bytes_a_second=clip.stat().st_size // 30)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, sandbox.studio_url, str(tmp_path), str(clip)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[4],
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(session.encode())
    worker.stdin.close()
    assert worker.stdout.readline() == b"uploading\n"
    running, [profile] = left_by(worker.pid)
    assert running

    # and its cookies are only in memory: not on disk, and not readable by others
    assert any("--incognito" in psutil.Process(pid).cmdline() for pid in running)
    secrets = [str(c["value"]).encode() for c in json.loads(session)]
    for file in filter(Path.is_file, profile.rglob("*")):
        assert not any(secret in file.read_bytes() for secret in secrets)
    assert profile.stat().st_mode & 0o077 == 0

    # when it is killed
    worker.kill()
    worker.wait()
    worker.stdout.close()

    # then its browser ends, and the next one removes its folder
    until(lambda: not left_by(worker.pid)[0])
    browser.check(session)
    assert left_by(worker.pid) == ([], [])


WORKER = """
import sys
from pathlib import Path
from adapters.ports import BrowserPost
from adapters.tiktok.browser.uploader import TikTokBrowser
url, folder, clip = sys.argv[1:]
said = []
def progress(share):
    if share and not said:
        said.append(print("uploading", flush=True))
TikTokBrowser(screenshots=Path(folder), studio_url=url).post(
    sys.stdin.read(), Path(clip), BrowserPost("storymill_tales", "A", "SELF_ONLY"),
    about_to_post=lambda: None, progress=progress)
"""


def test_a_missing_browser_is_reported(screenshots: Path) -> None:
    browser = TikTokBrowser(screenshots=screenshots, chromium=Path("/nowhere/chromium"))

    with pytest.raises(
        BrowserStopped, match="Chromium is not installed on this machine"
    ) as missing:
        browser.check("[]")

    assert missing.value.code == "browser_missing"

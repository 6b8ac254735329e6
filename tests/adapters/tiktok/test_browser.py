"""A real browser on the sandbox's upload page: what is posted, raised and left behind."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import psutil
import pytest

from adapters.ports import BrowserPost
from adapters.tiktok.browser.chromium import BROWSERS, DRIVERS, PROFILE
from adapters.tiktok.browser.uploader import Patience, TikTokBrowser
from core.cookies import parse_cookies
from core.errors import BrowserStopped, Permanent, Retryable, StageError, Wait
from sandbox.testing import RunningSandbox, running_sandbox

pytestmark = [
    pytest.mark.skipif(
        not (any(map(shutil.which, BROWSERS)) and any(map(shutil.which, DRIVERS))),
        reason="Chromium and its driver are not installed",
    ),
    pytest.mark.slow,
]

ME = "storymill_tales"
TITLE = "Who left the 🕯️ on? قصة 漢字 हिन्दी, part 2 #storytime #rarely #हिन्दी"
POST = BrowserPost(ME, TITLE, "SELF_ONLY", allow_comment=True)
QUICK = Patience(page=10, step=3, answer=2, settle=0)


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(processing_seconds=0.2) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: RunningSandbox) -> RunningSandbox:
    _sandbox.reset()
    return _sandbox


@pytest.fixture
def session(sandbox: RunningSandbox) -> str:
    return parse_cookies(sandbox.browser_session(ME), "127.0.0.1")


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    return tmp_path / "screenshots"


@pytest.fixture
def browser(sandbox: RunningSandbox, screenshots: Path) -> Iterator[TikTokBrowser]:
    yield TikTokBrowser(screenshots=screenshots, studio_url=sandbox.studio_url, patience=QUICK)
    assert left_by(os.getpid()) == ([], [])


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "a file's name.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
    command += ["-i", "testsrc2=s=540x960:r=30:d=2", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True)
    return path


def left_by(pid: int) -> tuple[list[int], list[Path]]:
    """Processes that still use a profile of this process, and folders of profiles."""
    folder = Path(tempfile.gettempdir())
    marks = tuple(f"{flag}={folder}/{PROFILE}{pid}-" for flag in ("--user-data-dir", "--database"))
    running = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(argument.startswith(marks) for argument in process.cmdline()):
                running.append(process.pid)
    return running, list(folder.glob(f"{PROFILE}{pid}-*"))


def nothing() -> None:
    pass


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
        cwd=Path(__file__).parents[3],
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
    eventually(lambda: not left_by(worker.pid)[0])
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


def eventually(check: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_missing_browser_is_reported(screenshots: Path) -> None:
    browser = TikTokBrowser(screenshots=screenshots, chromium=Path("/nowhere/chromium"))

    with pytest.raises(
        BrowserStopped, match="Chromium is not installed on this machine"
    ) as missing:
        browser.check("[]")

    assert missing.value.code == "browser_missing"


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

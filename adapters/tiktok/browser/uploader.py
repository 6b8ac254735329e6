"""Posts through TikTok Studio's upload page with Selenium and a headless Chromium.

For accounts that can't use the API. The browser doesn't disguise itself, and a CAPTCHA is left to a
person. ``markup.py`` describes the pages; it is based on public reports and was only tested on the
sandbox.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from selenium.common.exceptions import (
    ElementNotInteractableException,
    StaleElementReferenceException,
    TimeoutException,
)

from adapters.ports import BrowserHealth, BrowserOutcome, BrowserPost, Progress
from adapters.tiktok.browser.chromium import BROKEN, Driver, chromium, find_programs
from adapters.tiktok.browser.content_list import find_listed, unknown, unread_answer
from adapters.tiktok.browser.page_watch import POLL
from adapters.tiktok.browser.studio_page import changed, signed_out
from adapters.tiktok.browser.upload_page import UploadPage
from core import cookies
from core.errors import AccountFullError, BrowserStopped, Permanent, Retryable, StageError, Wait

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Time limits, in seconds."""

    start: float = 30.0
    """For the browser to start."""
    page: float = 45.0
    """For a page to load."""
    call: float = 90.0
    """For the driver to answer at all; longer than a page may take."""
    step: float = 20.0
    """For a page to react."""
    stall: float = 300.0
    """For the upload to make progress."""
    answer: float = 120.0
    """From pressing Post to a clear answer."""
    settle: float = 300.0
    """After pressing Post: a post that is not listed after this time was certainly not made."""
    whole: float = 3_600.0


class TikTokBrowser:
    """Implements ``ports.BrowserUploader``.

    Args:
        screenshots: folder for pictures of pages that a person has to check.
        studio_url: base of the creators' pages.
        chromium: the browser; if not set, it is searched on the PATH.
        chromedriver: its driver; if not set, it is searched on the PATH.
        patience: time limits.
    """

    def __init__(
        self,
        *,
        screenshots: Path,
        studio_url: str = "https://www.tiktok.com/tiktokstudio",
        chromium: Path | None = None,
        chromedriver: Path | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._screenshots = screenshots
        self._studio_url = studio_url.rstrip("/")
        self._site = str(urlsplit(studio_url).hostname)
        self._chromium, self._chromedriver = chromium, chromedriver
        self._patience = patience or Patience()

    def check(self, session: str) -> BrowserHealth:
        with self._page(session) as (driver, page):
            username = page.open_upload()
            renewed = self._renewed(driver, session)
            return BrowserHealth(username, renewed, cookies.good_until(renewed))

    def post(
        self,
        session: str,
        file: Path,
        post: BrowserPost,
        *,
        about_to_post: Callable[[], None],
        progress: Progress | None = None,
    ) -> BrowserOutcome:
        with self._page(session) as (driver, page):
            page.progress = progress
            _expect(page.open_upload(), post)
            page.close_notices()
            page.choose(file)
            self._await_upload(page)
            page.close_notices()
            page.write(post.title)
            page.set_visibility(post.privacy)
            page.set_permissions(post)
            page.set_ai_label(post.ai_generated)
            button = page.post_button()
            if not page.says(post.title):
                raise changed("the description does not keep what was typed")
            page.progress = None
            before = page.alerts()
            about_to_post()
            with _unknown_unless_answered():
                button.click()
                self._await_answer(page, before)
            return self._outcome(driver, page, session, post)

    def find(self, session: str, post: BrowserPost, since: datetime) -> BrowserOutcome | None:
        with self._page(session) as (driver, page):
            _expect(page.open_content(), post)
            if listed := find_listed(page.content(), post.title, since):
                return self._found(post, listed.platform_id, self._renewed(driver, session))
        too_early = since + timedelta(seconds=self._patience.settle) - datetime.now(UTC)
        if too_early > timedelta(0):
            raise Wait(
                "The video is not in TikTok's list of posts yet. The list is checked again later.",
                code="browser_settling",
                after=too_early.total_seconds(),
            )
        return None

    # ── the browser ──

    @contextmanager
    def _page(self, session: str) -> Iterator[tuple[Driver, UploadPage]]:
        """Open a browser with the session; any failure is raised as one of our errors."""
        programs = find_programs(self._chromium, self._chromedriver)
        patience = self._patience
        with chromium(programs, start_seconds=patience.start, call_seconds=patience.call) as driver:
            page = UploadPage(
                driver, self._studio_url, step_seconds=patience.step, whole_seconds=patience.whole
            )
            failure: StageError
            try:
                driver.set_page_load_timeout(patience.page)
                driver.set_cookies(_read(session))
                yield driver, page
            except BrowserStopped as stopped:
                stopped.screenshot = stopped.screenshot or self._screenshot(driver)
                raise
            except TimeoutException:
                failure = Retryable("TikTok's page took too long.", code="browser_slow")
            except (ElementNotInteractableException, StaleElementReferenceException):
                failure = changed("something covers a button or field")
                failure.screenshot = self._screenshot(driver)
            except BROKEN as error:
                log.warning("browser.broken", error=type(error).__name__)
                failure = Retryable(
                    "The browser ended unexpectedly.",
                    code="browser_crashed",
                )
            else:
                return
            raise failure from None

    def _screenshot(self, driver: Driver) -> Path | None:
        """Store a picture of the page; nothing secret is ever typed into it."""
        path = self._screenshots / f"{secrets.token_hex(16)}.png"
        try:
            picture = driver.get_screenshot_as_png()
            self._screenshots.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(picture)
        except (*BROKEN, OSError) as error:  # the error that stopped the page matters more
            log.warning("browser.no_screenshot", error=type(error).__name__)
            return None
        return path

    def _renewed(self, driver: Driver, session: str) -> str:
        """The current cookies, or the old ones if the browser can't give them."""
        try:
            known = driver.all_cookies()
        except BROKEN:
            return session
        return cookies.dump(cookie for cookie in known if cookies.of_site(cookie, self._site))

    # ── the steps ──

    def _await_upload(self, page: UploadPage) -> None:
        moved_at = time.monotonic()
        while page.share < 1.0:
            page.look_out()
            if (share := page.upload_share()) > page.share:
                page.share, moved_at = share, time.monotonic()
            elif time.monotonic() - moved_at > self._patience.stall:
                raise Retryable(
                    "The upload in the browser made no progress.",
                    code="browser_slow",
                )
            time.sleep(POLL)

    def _await_answer(self, page: UploadPage, before: list[str]) -> None:
        """Wait for a clear result; an alert in unknown words gets some time to turn into one."""
        late = time.monotonic() + self._patience.answer
        unread: float | None = None
        while not page.posted():
            page.confirm_post()
            if alerts := [text for text in page.alerts() if text not in before]:
                unread = unread or time.monotonic()
                if time.monotonic() - unread > min(self._patience.step, self._patience.answer / 2):
                    raise unread_answer(alerts[0])
            if page.has_captcha():
                raise unknown("TikTok showed a CAPTCHA after the Post button was pressed")
            if time.monotonic() > late:
                raise unknown("TikTok's page did not say whether the video was posted")
            time.sleep(POLL)

    def _outcome(
        self, driver: Driver, page: UploadPage, session: str, post: BrowserPost
    ) -> BrowserOutcome:
        """Look up the post in the list; it was made, even if this fails."""
        platform_id = ""
        try:
            page.open_content()
            if listed := find_listed(page.content(), post.title, datetime.now(UTC)):
                platform_id = listed.platform_id
        except (*BROKEN, StageError) as error:
            log.info("browser.address_unknown", reason=type(error).__name__)
        return self._found(post, platform_id, self._renewed(driver, session))

    def _found(self, post: BrowserPost, platform_id: str, session: str) -> BrowserOutcome:
        root = urlsplit(self._studio_url)
        base = f"{root.scheme}://{root.netloc}{root.path.removesuffix('/tiktokstudio')}"
        address = f"{base}/@{post.username}/video/{platform_id}" if platform_id else ""
        return BrowserOutcome(session, platform_id, address)


def _read(session: str) -> list[cookies.Cookie]:
    try:
        return cookies.load(session)
    except ValueError:
        pass  # raised below, outside: the exception's context would hold the text
    raise signed_out()


def _expect(username: str, post: BrowserPost) -> None:
    if username.lower() != post.username.lower():
        raise BrowserStopped(
            f"The browser is signed in as @{username}, not as @{post.username}: import "
            f"@{post.username}'s cookies.",
            code="browser_wrong_account",
        )


@contextmanager
def _unknown_unless_answered() -> Iterator[None]:
    """Turn errors after the Post button was pressed into "unknown": it may have been posted."""
    try:
        yield
    except (AccountFullError, BrowserStopped, Permanent):
        raise
    except (*BROKEN, StageError) as error:
        log.warning("browser.unknown", error=type(error).__name__)
    else:
        return
    raise unknown("The browser ended before TikTok's page said whether the video was posted")

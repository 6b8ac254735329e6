"""Post through TikTok Studio's upload page with Selenium and a headless Chromium.

For accounts that the API can't serve. The browser is an ordinary one that says what it is: a
CAPTCHA is left to a person. What the pages look like stands in ``tiktok_browser_markup.py``; it
comes from public reports and was run against the sandbox only.
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
from adapters.tiktok.browser.content_list import find_listed, unknown
from adapters.tiktok.browser.page_watch import POLL
from adapters.tiktok.browser.studio_page import changed, signed_out
from adapters.tiktok.browser.upload_page import UploadPage
from core import cookies
from core.errors import BrowserStopped, Permanent, Retryable, StageError, Wait

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take, in seconds."""

    start: float = 30.0
    """For the browser to come up."""
    page: float = 45.0
    """For a page to load."""
    call: float = 90.0
    """For the driver to answer at all; longer than a page may take."""
    step: float = 20.0
    """For a page to react."""
    stall: float = 300.0
    """For the upload to get further."""
    answer: float = 120.0
    """From the Post button to a clear sign."""
    settle: float = 300.0
    """From the Post button until a post that is not listed was certainly not made."""
    whole: float = 3_600.0


class TikTokBrowser:
    """Implements ``ports.BrowserUploader``.

    Args:
        screenshots: folder for pictures of pages that a person has to look at.
        studio_url: base of the creators' pages.
        chromium: the browser; unset, looked for on the PATH.
        chromedriver: its driver; unset, looked for on the PATH.
        patience: when to give up.
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
            about_to_post()
            with _unknown_unless_answered():
                button.click()
                self._await_answer(page)
            return self._outcome(driver, page, session, post)

    def find(self, session: str, post: BrowserPost, since: datetime) -> BrowserOutcome | None:
        with self._page(session) as (driver, page):
            _expect(page.open_content(), post)
            if listed := find_listed(page.content(), post.title, since):
                return self._found(post, listed.platform_id, self._renewed(driver, session))
        too_early = since + timedelta(seconds=self._patience.settle) - datetime.now(UTC)
        if too_early > timedelta(0):
            raise Wait(
                "The video is not in TikTok's list of posts yet; it is looked for again.",
                code="browser_settling",
                after=too_early.total_seconds(),
            )
        return None

    # ── the browser ──

    @contextmanager
    def _page(self, session: str) -> Iterator[tuple[Driver, UploadPage]]:
        """Open a browser with the session; what goes wrong leaves as one of our errors."""
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
                failure = Retryable(
                    "TikTok's page took too long; it is tried again.", code="browser_slow"
                )
            except (ElementNotInteractableException, StaleElementReferenceException):
                failure = changed("something stands in the way")
                failure.screenshot = self._screenshot(driver)
            except BROKEN as error:
                log.warning("browser.broken", error=type(error).__name__)
                failure = Retryable(
                    "The browser ended unexpectedly; it is tried again.", code="browser_crashed"
                )
            else:
                return
            raise failure from None

    def _screenshot(self, driver: Driver) -> Path | None:
        """Keep what the page shows; nothing secret is ever typed into it."""
        path = self._screenshots / f"{secrets.token_hex(16)}.png"
        try:
            picture = driver.get_screenshot_as_png()
            self._screenshots.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(picture)
        except (*BROKEN, OSError) as error:  # what stopped the page matters more than its picture
            log.warning("browser.no_screenshot", error=type(error).__name__)
            return None
        return path

    def _renewed(self, driver: Driver, session: str) -> str:
        """Give the cookies as they are now, or as they were if they can't be had."""
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
                    "The upload in the browser got no further; it is tried again.",
                    code="browser_slow",
                )
            time.sleep(POLL)

    def _await_answer(self, page: UploadPage) -> None:
        late = time.monotonic() + self._patience.answer
        while not page.posted():
            page.confirm_post()
            if page.has_captcha():
                raise unknown("TikTok asked for a proof that a person is there")
            if time.monotonic() > late:
                raise unknown("TikTok's page gave no clear sign")
            time.sleep(POLL)

    def _outcome(
        self, driver: Driver, page: UploadPage, session: str, post: BrowserPost
    ) -> BrowserOutcome:
        """Look the post up in the list: it stands, whatever comes of this."""
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
            f"The browser is signed in as @{username}, not as @{post.username}: import the cookies "
            "of the right account.",
            code="browser_wrong_account",
        )


@contextmanager
def _unknown_unless_answered() -> Iterator[None]:
    """Turn what breaks after the Post button into what it means: nobody knows."""
    try:
        yield
    except (BrowserStopped, Permanent):
        raise
    except (*BROKEN, StageError) as error:
        log.warning("browser.unknown", error=type(error).__name__)
    else:
        return
    raise unknown("The browser ended before TikTok's page gave a clear sign")

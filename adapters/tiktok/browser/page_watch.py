"""Watches a page in a browser: checks it repeatedly until a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from adapters.ports import Progress
from adapters.tiktok.browser.chromium import Driver
from adapters.tiktok.browser.markup import CAPTCHA, DIALOG_BUTTONS
from core.errors import BrowserStopped, Retryable

POLL = 0.1  # seconds
T = TypeVar("T")


class Watched:
    """A page that may be slow, may rebuild itself at any moment, and may show a CAPTCHA.

    Args:
        driver: the browser that shows it.
        step_seconds: time for the page to react to one action.
        whole_seconds: time for everything together.

    Attributes:
        progress: called with each check of the page; its errors are passed on.
        share: the share that ``progress`` is called with.
    """

    def __init__(self, driver: Driver, *, step_seconds: float, whole_seconds: float) -> None:
        self.progress: Progress | None = None
        self.share = 0.0
        self._driver = driver
        self._step, self._whole = step_seconds, whole_seconds
        self._ends_at = time.monotonic() + whole_seconds

    def until(self, look: Callable[[], T | None], otherwise: Exception) -> T:
        """Call ``look`` until it finds something; raises ``otherwise`` after the time limit."""
        late = time.monotonic() + self._step
        while True:
            self.look_out()
            try:
                if found := look():
                    return found
            except (StaleElementReferenceException, IndexError):
                pass  # the page has just rebuilt that part
            if time.monotonic() > late:
                raise otherwise
            self._pause()

    def look_out(self) -> None:
        """Report progress, and check for a CAPTCHA and the time limit.

        Raises:
            BrowserStopped: ``browser_captcha``.
            Retryable: ``browser_slow``: the time for everything is over.
        """
        if self.progress is not None:
            self.progress(self.share)
        if self.has_captcha():
            raise BrowserStopped(
                "TikTok shows a CAPTCHA: post this video by hand, or sign in on TikTok's site, "
                "solve it there, and import the cookies again.",
                code="browser_captcha",
            )
        if time.monotonic() > self._ends_at:
            raise Retryable(
                f"The browser took longer than {self._whole:.0f} s.",
                code="browser_slow",
            )

    def has_captcha(self) -> bool:
        return bool(self.shown((", ".join(CAPTCHA),)))

    def all(self, selectors: tuple[str, ...]) -> list[WebElement]:
        """The elements of the first selector that finds any."""
        for selector in selectors:
            if found := self._driver.find_elements(By.CSS_SELECTOR, selector):
                return list(found)
        return []

    def shown(self, selectors: tuple[str, ...]) -> list[WebElement]:
        """The visible elements of the first selector that finds visible ones."""
        for selector in selectors:
            found = self._driver.find_elements(By.CSS_SELECTOR, selector)
            try:
                if visible := [element for element in found if element.is_displayed()]:
                    return visible
            except StaleElementReferenceException:
                continue
        return []

    def _dialog_buttons(self, words: tuple[str, ...]) -> list[WebElement]:
        buttons = self.shown((", ".join(DIALOG_BUTTONS),))
        return [button for button in buttons if button.text.strip() in words]

    def _run(self, script: str, *arguments: object) -> Any:
        return self._driver.execute_script(script, *arguments)

    @staticmethod
    def _pause() -> None:
        time.sleep(POLL)

"""Chromium for tests, which are skipped on machines without it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from adapters.tiktok.browser.chromium import BROWSERS, DRIVERS
from tests.waiting import PATIENCE

CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), "")
CHROMEDRIVER = next(filter(None, map(shutil.which, DRIVERS)), "")

needs_chromium = pytest.mark.skipif(
    not (CHROMIUM and CHROMEDRIVER), reason="Chromium and its driver are not installed"
)


@contextmanager
def chromium() -> Iterator[WebDriver]:
    """A browser that keeps its log, for ``get_log("browser")``."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(executable_path=CHROMEDRIVER)
    )
    try:
        yield driver
    finally:
        driver.quit()


def waiting(driver: WebDriver) -> WebDriverWait[WebDriver]:
    """Waits of this browser, each as patient as a test is.

    An element that goes with its page while it is read is looked for again.
    """
    return WebDriverWait(driver, PATIENCE, ignored_exceptions=[StaleElementReferenceException])

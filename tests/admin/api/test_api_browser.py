"""A token is made on its page, and the API is tried on its description, in a real browser."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from admin.auth import create_user
from tests.admin import records
from tests.admin.conftest import PASSWORD
from tests.browsers import needs_chromium, waiting

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

pytestmark = [needs_chromium, pytest.mark.slow]


def test_a_token_is_made_and_tried(office: str, chromium: WebDriver) -> None:
    # Given an owner, who signs in, and a story
    create_user("olga", PASSWORD, "owner")
    records.story("The green ladder")

    def text() -> str:
        return str(chromium.execute_script("return document.body.innerText"))

    def wait(until: Any) -> None:
        waiting(chromium).until(lambda _: until())

    def click(selector: str) -> None:
        wait(lambda: chromium.find_elements(By.CSS_SELECTOR, selector))
        button = chromium.find_element(By.CSS_SELECTOR, selector)
        chromium.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()

    chromium.get(f"{office}/api-tokens/")
    chromium.find_element(By.ID, "name").send_keys("olga")
    chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    wait(lambda: "No tokens" in text())
    shot(chromium, "tokens")

    # When a token is made, then it is shown once
    chromium.find_element(By.ID, "name").send_keys("nightly report", Keys.ENTER)
    wait(lambda: "not shown again" in text())
    token = chromium.find_element(By.ID, "token").get_attribute("value") or ""
    assert re.fullmatch(r"sm_[\w-]{43}", token)
    shot(chromium, "token")
    chromium.get(f"{office}/api-tokens/")
    assert "nightly report" in text()
    assert token not in chromium.page_source

    # When it is used on the description, then the API answers, with nothing from another host
    chromium.get(f"{office}/api/docs")
    click(".authorize")
    click(".auth-container input")
    chromium.find_element(By.CSS_SELECTOR, ".auth-container input").send_keys(token)
    click(".auth-btn-wrapper .authorize")
    click(".btn-done")
    shot(chromium, "docs")
    click("#operations-stories-stories_listed button")
    click("#operations-stories-stories_listed .execute")
    wait(lambda: "The green ladder" in text())
    shot(chromium, "tried")
    urls = chromium.execute_script(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    assert all(url.startswith((office, "data:")) for url in urls)
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    assert [line for line in log if line["level"] == "SEVERE"] == []


def shot(driver: WebDriver, name: str) -> None:
    if "SHOTS" in os.environ:
        driver.save_screenshot(f"{os.environ['SHOTS']}/{name}.png")

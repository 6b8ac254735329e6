"""A decision is undone in a real browser, by keyboard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from admin.auth import create_user
from models import Job, JobState, Story, StoryState
from tests.admin import records
from tests.admin.conftest import PASSWORD
from tests.browsers import needs_chromium, waiting

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

    from core.settings import Settings

pytestmark = [needs_chromium, pytest.mark.slow]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"approval_seconds": 6})


@pytest.mark.parametrize("width", [1280, 390])
def test_an_approval_counts_down_and_is_undone_by_keyboard(
    office: str, chromium: WebDriver, width: int
) -> None:
    # Given an editor at the queue
    create_user("emil", PASSWORD, "editor")
    story = records.story("The green ladder")
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def press(*keys: str) -> None:
        chromium.find_element(By.TAG_NAME, "body").send_keys(*keys)

    def text() -> str:
        return str(chromium.execute_script("return document.body.innerText"))

    def wait(until: Any) -> None:
        waiting(chromium).until(lambda _: until())

    chromium.get(f"{office}/stories/?state=waiting")
    chromium.find_element(By.ID, "name").send_keys("emil")
    chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    wait(lambda: "The green ladder" in text())

    # When the story is approved by keyboard, then the page counts down to the start of its work
    press("j", "a")
    wait(lambda: re.search(r"Work starts in [1-6] s\.", text()))
    assert "Approved “The green ladder”." in text()
    wait(lambda: "Work has started." in text())

    # When it is undone by keyboard, then the story waits again, and nothing is left of the approval
    press("u")
    wait(lambda: "Undone. Waiting for review again: “The green ladder”." in text())
    assert Story.get_by_id(story.id).state == StoryState.WAITING
    assert Job.get(Job.stage == "script").state == JobState.CANCELLED
    chromium.get(f"{office}/videos/?state=failed")
    assert "The green ladder" not in text()
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    assert [line for line in log if line["level"] == "SEVERE"] == []

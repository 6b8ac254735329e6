"""A morning with failures in a real browser: searched, opened, corrected and retried."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize("width", [1280, 390])
def test_a_failure_is_found_read_corrected_and_retried(
    settings: Settings, office: str, chromium: WebDriver, width: int
) -> None:
    # Given a story whose script failed, and the lines that its job logged
    create_user("emil", PASSWORD, "editor")
    story = records.story("The green ladder", StoryState.APPROVED)
    records.failure("script", story.id, "Ollama is away.", "ollama_away")
    folder = settings.run_dir.parent / "log"
    folder.mkdir(parents=True)
    line = {"event": "set_aside", "request_id": "r1", "timestamp": "2026-01-01T00:00:00Z"}
    (folder / "network.log").write_text(json.dumps(line))
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def press(*keys: str) -> None:
        chromium.switch_to.active_element.send_keys(*keys)

    def wait_for(text: str) -> None:
        def shown(_: Any) -> bool:
            return text in str(chromium.execute_script("return document.body.innerText"))

        waiting(chromium).until(shown, text)
        too_wide = "return document.documentElement.scrollWidth > innerWidth"
        assert not chromium.execute_script(too_wide), text

    chromium.get(f"{office}/")
    chromium.find_element(By.ID, "name").send_keys("emil")
    chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    wait_for("The script writer (Ollama) doesn't answer")

    # When it is searched for by keyboard, then its story and its job are found
    press("/")
    press("green", Keys.ENTER)
    wait_for("Stories")
    wait_for("job 1, script")

    # When its cause is opened from the home page, then its page shows the log lines on demand
    chromium.get(f"{office}/")
    chromium.find_element(By.LINK_TEXT, "The script writer (Ollama) doesn't answer").click()
    wait_for("1 failure")
    chromium.find_element(By.LINK_TEXT, "Ollama is away.").click()
    wait_for("Save and retry")
    chromium.find_element(By.CSS_SELECTOR, "details[data-load] > summary").click()
    wait_for("set_aside")

    # When its text is corrected, then it is retried, and home shows no failure
    field = chromium.find_element(By.ID, "text")
    field.clear()
    field.send_keys("It came back blue.", Keys.CONTROL, Keys.ENTER)
    wait_for("Changed and retrying")
    assert Story.get_by_id(story.id).narratable_text == "It came back blue."
    assert Job.get(Job.stage == "script").state == JobState.WAITING
    chromium.get(f"{office}/")
    wait_for("Nothing is running")
    assert "Failures by cause" not in chromium.page_source
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    assert [line for line in log if line["level"] == "SEVERE"] == []

"""In a real browser: a story's page shows how its videos come to be, and disturbs nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from admin.auth import create_user
from models import Job, JobState, Script, Story, StoryState, now
from tests.admin import records
from tests.admin.conftest import PASSWORD
from tests.browsers import needs_chromium, waiting

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

    from core.settings import Settings

pytestmark = [needs_chromium, pytest.mark.slow]


def test_the_videos_of_an_approved_story_appear_by_themselves(
    office: str, chromium: WebDriver, settings: Settings
) -> None:
    create_user("emil", PASSWORD, "editor")
    story = records.story("The lamp", StoryState.APPROVED)
    script_job = records.job("script", story.id, JobState.RUNNING, started_at=now())

    def text() -> str:
        return str(chromium.execute_script("return document.querySelector('main').innerText"))

    def wait(until: Any) -> None:
        waiting(chromium).until(lambda _: until())

    def focused(what: str) -> str:
        return str(chromium.execute_script(f"return document.activeElement.{what}"))

    # Given an editor who has the page of an approved story open, and is typing
    chromium.get(f"{office}/stories/{story.id}")
    chromium.find_element(By.ID, "name").send_keys("emil")
    chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    wait(lambda: "Story 1" in text())
    assert not chromium.find_elements(By.ID, "parts-title")
    chromium.execute_script("window.opened = true")
    chromium.find_element(By.ID, "find").send_keys("The tr")

    # When its script is written
    part = records.part(story)
    hooks = ["A ladder came home in the wrong colour.", "Who paints a ladder?"]
    Script.update(hooks=hooks).execute()
    Job.update(state=JobState.DONE).where(Job.id == script_job.id).execute()
    narrate = records.job("narrate", part.id, JobState.RUNNING, started_at=now(), progress=0.25)

    # Then its videos and its script appear, and the typing goes on
    wait(lambda: "narrate 25 %" in text())
    assert chromium.find_element(By.ID, "parts-title").is_displayed()
    assert "Who paints a ladder?" in text()
    assert focused("id") == "find"
    assert focused("value") == "The tr"

    # When the editor goes to the video by keyboard, and chooses another hook
    other = chromium.find_element(By.CSS_SELECTOR, "[name=hook]:not(:checked)")
    chromium.execute_script("arguments[0].scrollIntoView({block: 'center'})", other)
    other.click()
    chromium.find_element(By.CSS_SELECTOR, "a.part").send_keys(Keys.SHIFT)
    Script.update(title="The ladder of April").execute()
    Job.update(progress=0.75).where(Job.id == narrate.id).execute()

    # Then the work goes on in the page, and the focus and the choice stay
    wait(lambda: "narrate 75 %" in text())
    assert focused("className") == "part"
    chosen = chromium.find_element(By.CSS_SELECTOR, "[name=hook]:checked")
    assert chosen.get_attribute("value") == "Who paints a ladder?"

    # When the video is finished
    records.video(settings.media_dir, part)
    Job.update(state=JobState.DONE).where(Job.id == narrate.id).execute()

    # Then it is shown, without a reload
    wait(lambda: chromium.find_elements(By.CSS_SELECTOR, "a.part img"))
    assert focused("className") == "part"
    assert chromium.execute_script("return window.opened")
    assert Story.get().id == story.id

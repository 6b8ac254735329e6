"""The desk in a real browser: what others decide is said, a story is heard, a script runs along."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from admin.auth import create_user
from models import Channel, Job, JobState, Story, StoryState, now
from pipelines.stories import review
from tests.admin import records
from tests.admin.conftest import PASSWORD
from tests.browsers import needs_chromium, waiting

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

    from core.settings import Settings

QUICK = 0.1
ASK_OFTEN = f"const later = setTimeout; setTimeout = (act) => later(act, {1000 * QUICK});"
"""Makes the page ask every ``QUICK`` seconds from the next time on."""
ASKED = """
return performance.getEntriesByType("resource").filter((one) => one.name.includes("decided")).length
"""

pytestmark = [needs_chromium, pytest.mark.slow]


def test_a_desk_that_two_people_share(  # noqa: PLR0915  # a day at the desk is long
    office: str, chromium: WebDriver, settings: Settings
) -> None:
    create_user("emil", PASSWORD, "owner")
    source = records.source(channel=Channel.create(name="Evening", voice="espeak:en-us"))
    older, newer = (records.story(f"Number {n}", source=source) for n in range(2))
    part = records.part()
    records.video(settings.media_dir, part)
    records.job("render", part.id)

    def wait(until: Any) -> Any:
        return waiting(chromium).until(lambda _: until())

    def press(*keys: str) -> None:
        chromium.find_element(By.TAG_NAME, "body").send_keys(*keys)

    def shown(css: str) -> list[Any]:
        return [one for one in chromium.find_elements(By.CSS_SELECTOR, css) if one.is_displayed()]

    def seen(css: str) -> Any:
        return wait(lambda: shown(css))[0]

    def text(css: str) -> str:
        return str(chromium.execute_script(f"return document.querySelector('{css}').innerText"))

    # Given an owner who reads a story
    chromium.get(f"{office}/stories/{newer.id}")
    seen("#name").send_keys("emil")
    chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    seen(".decide")

    # When its first seconds are asked for by keyboard, then the voice is heard
    press("h")
    assert seen(".heard audio").get_attribute("src").endswith(".wav")

    # When somebody else decides on it meanwhile, then the page says so once, closes nothing else,
    # and leads on
    press("?")
    chromium.execute_script(ASK_OFTEN)
    review.approve(newer.id, "ana")
    seen(".decide .told")
    assert text(".decide .told").startswith("ana approved this story")
    assert shown("#keys")
    asked = chromium.execute_script(ASKED)
    time.sleep(10 * QUICK)
    assert chromium.execute_script(ASKED) == asked
    seen("#keys").send_keys(Keys.ESCAPE)
    seen(".decide .btn-primary").click()
    wait(lambda: chromium.current_url.endswith(f"/stories/{older.id}"))

    # The approved story's page shows how far it is, before there is a script
    chromium.get(f"{office}/stories/{newer.id}")
    assert "waiting" in text("#work")
    Job.update(state=JobState.RUNNING, started_at=now()).where(Job.stage == "script").execute()
    wait(lambda: "running" in text("#work"))

    # The same in the grid, where a decided story can't be selected any longer
    chromium.get(f"{office}/stories/?state=waiting&view=grid")
    seen("[data-row]")
    press("j", "x")
    review.reject(older.id, "ana", "Boring")
    assert seen("[data-row] .told").text.startswith("ana rejected this story")
    seen("[data-tick-all]").click()
    box = chromium.find_element(By.CSS_SELECTOR, "[name=id]")
    assert not box.is_enabled()
    assert not box.is_selected()
    assert Story.select().where(Story.state == StoryState.WAITING).count() == 0

    # A video's script leads to the place of a sentence, by mouse and by keyboard
    chromium.get(f"{office}/videos/{part.id}")
    seen("#script [data-start]")
    third = shown("[data-start]")[2]
    chromium.execute_script("arguments[0].scrollIntoView({ block: 'center' })", third)
    third.click()
    assert seen("[data-start][aria-current]").text == "In June it came back painted green."
    press(Keys.ARROW_RIGHT)
    assert seen("[data-start][aria-current]").text == "He said it looked happier that way."
    press("c")
    assert seen(".cover")
    # While its jobs go on, the player stays where it is
    Job.update(state=JobState.RUNNING, started_at=now()).where(Job.stage == "render").execute()
    wait(lambda: "running" in text("#work"))
    assert chromium.execute_script("return document.querySelector('video').currentTime") > 20
    # And when the server sends another player, the captions stay covered
    Story.update(language="de").where(Story.id == part.script.story.id).execute()
    wait(lambda: chromium.find_elements(By.CSS_SELECTOR, "track[srclang=de]"))
    assert seen(".cover")
    assert seen("[data-captions] [value=covered]").get_attribute("aria-pressed") == "true"

    # On Getting started, what was opened stays open when a step is done
    chromium.get(f"{office}/getting-started/")
    seen("#step-keys details:not([open]) > summary").click()
    Channel.update(name="Morning").execute()
    wait(lambda: "Morning" in text("#step-channel"))
    assert shown("#step-keys .optional")
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    errors = [line["message"] for line in log if line["level"] == "SEVERE"]
    assert [message for message in errors if ".mp4" not in message] == []

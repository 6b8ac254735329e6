"""A whole morning in a real browser: by mouse and by keyboard alone, at a desk and on a phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyotp
import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from admin.auth import create_user
from models import Account, Job, JobState, Post, Source, Story, StoryState, User, VideoState, now
from tests.admin import records
from tests.admin.conftest import PASSWORD
from tests.admin.test_browser import clip
from tests.browsers import needs_chromium, waiting

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

    from core.settings import Settings

pytestmark = [needs_chromium, pytest.mark.slow]

MONDAY = (now() + timedelta(days=8 - now().isoweekday())).date()
"""Of next week: all of it is in the future."""
MOST_TABS = 250
ELSEWHERE = """
return performance.getEntriesByType("resource").map(entry => entry.name)
  .filter(name => !name.startsWith(location.origin) && !name.startsWith("data:"))
"""


class Person:
    """Uses the pages either by the mouse or by the keyboard alone."""

    def __init__(self, office: str, chromium: WebDriver, width: int, by: str) -> None:
        self.office, self.chromium, self.keyboard = office, chromium, by == "keyboard"
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        chromium.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})

    def visit(self, path: str) -> None:
        self.chromium.get(self.office + path)
        too_wide = "return document.documentElement.scrollWidth - window.innerWidth"
        assert self.chromium.execute_script(too_wide) <= 0, path
        assert self.chromium.execute_script(ELSEWHERE) == [], path

    def use(self, selector: str) -> None:
        """Click it, or walk to it with Tab and press Enter."""
        if self.keyboard:
            self.walk_to(selector)
            self.press(Keys.ENTER)
        else:
            place = "arguments[0].scrollIntoView({block: 'center'})"
            self.chromium.execute_script(place, self.find(selector))
            self.find(selector).click()

    def fill(self, selector: str, text: str) -> None:
        """Replace what a field holds."""
        if self.keyboard:
            self.walk_to(selector)
        else:
            self.find(selector).click()
        everything = ActionChains(self.chromium).key_down(Keys.CONTROL).send_keys("a")
        everything.key_up(Keys.CONTROL).send_keys(text).perform()

    def walk_to(self, selector: str) -> None:
        here = "return document.activeElement.matches(arguments[0])"
        for _ in range(MOST_TABS):
            if self.chromium.execute_script(here, selector):
                return
            self.press(Keys.TAB)
        pytest.fail(f"{selector} can't be reached with Tab on {self.chromium.current_url}")

    def press(self, *keys: str) -> None:
        ActionChains(self.chromium).send_keys(*keys).perform()

    def find(self, selector: str) -> WebElement:
        return self.chromium.find_element(By.CSS_SELECTOR, selector)

    def wait(self, until: Any, what: str = "") -> Any:
        return waiting(self.chromium).until(lambda _: until(), what)

    def sees(self, text: str) -> None:
        seen = "return document.body.innerText"
        self.wait(lambda: text in self.chromium.execute_script(seen), text)


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_whole_morning(  # noqa: PLR0915, PLR0917  # a morning is long
    settings: Settings, office: str, chromium: WebDriver, tmp_path: Path, width: int, by: str
) -> None:
    # Given an owner with an authenticator app, and what a night has left
    phone = pyotp.TOTP(pyotp.random_base32())
    olga = create_user("olga", PASSWORD, "owner")
    User.update(totp_secret=phone.secret, totp_since=now()).where(User.id == olga.id).execute()
    stories = [records.story(f"The ladder, night {night}") for night in range(1, 8)]
    shown = records.video(settings.media_dir, content=clip(tmp_path))
    account = records.account("ladder_tales", timezone="UTC")
    ready = records.part(records.story("The kettle", StoryState.SCRIPTED))
    post = records.post(
        records.video(settings.media_dir, ready, VideoState.READY),
        account,
        title="The kettle",
        pinned=True,
        scheduled_at=datetime.fromisoformat(f"{MONDAY} 12:00+00:00"),
    )
    failed = records.story("The green door", StoryState.APPROVED)
    failure = records.failure("script", failed.id, "Ollama is away.", "ollama_away")
    table = tmp_path / "my tales.csv"
    table.write_text("title,text\nThe lamp,It went out.\n")
    person = Person(office, chromium, width, by)

    # When she signs in with a code
    person.visit("/stories/?state=waiting")
    person.fill("#name", "olga")
    person.fill("#password", PASSWORD)
    person.use("form .btn-primary")
    person.wait(lambda: person.find("#code"))
    person.fill("#code", phone.now())
    person.use("form .btn-primary")
    person.wait(lambda: person.find(".queue"))

    # and approves the five newest stories
    for done in range(1, 6):
        row = f".queue li[data-id='{stories[-done].id}']"
        person.use(f"{row} .btn-success")
        person.wait(lambda row=row: not chromium.find_elements(By.CSS_SELECTOR, row), row)
    approved = Story.select().where(Story.state == StoryState.APPROVED, Story.id != failed.id)
    assert {each.id for each in approved} == {each.id for each in stories[2:]}

    # and rejects one, and takes that back
    row = f".queue li[data-id='{stories[1].id}']"
    person.use(f"{row} [data-key='r']")
    person.wait(lambda: person.find("#reject textarea").is_displayed())
    person.fill("#reject textarea", "Told before")
    person.use("#reject .btn-danger")
    person.wait(lambda: Story.get_by_id(stories[1].id).state == StoryState.REJECTED)
    person.use(".alert [data-key='u']")
    person.wait(lambda: Story.get_by_id(stories[1].id).state == StoryState.WAITING)

    # and edits one, is refused, and loses no word
    person.visit(f"/stories/{stories[0].id}/edit")
    person.fill("#title", "The ladder that came back")
    person.fill("#text", "...")
    person.use("main form .btn-primary")
    person.sees("The text has no words that can be narrated.")
    assert person.find("#title").get_attribute("value") == "The ladder that came back"
    assert person.find("#text").get_attribute("value") == "..."
    person.fill("#text", "It came back blue.")
    person.use("main form .btn-primary")
    person.wait(lambda: Story.get_by_id(stories[0].id).narratable_text == "It came back blue.")

    # and watches a video
    person.visit(f"/videos/{shown.part.id}")
    video = "const video = document.querySelector('video');"
    person.wait(lambda: chromium.execute_script(f"{video} return video.readyState > 1"))
    if person.keyboard:
        person.press(" ")
    else:
        person.find("video").click()
    person.wait(lambda: chromium.execute_script(f"{video} return video.currentTime > 0.2"))

    # and moves a post to Tuesday
    person.visit(f"/calendar/?on={MONDAY}&account={account.id}")
    entry = f"[data-post='{post.id}']"
    tuesday = f"[data-day='{MONDAY + timedelta(days=1)}']"
    if person.keyboard:
        person.walk_to(f"{entry} .grip")
        person.press(Keys.ENTER)
        person.press(Keys.ARROW_RIGHT if width > 500 else Keys.ARROW_DOWN)
        person.sees("Nothing speaks against it")
        person.press(Keys.ENTER)
    else:
        noon = f".cell{tuesday}[data-hour='12'], .day{tuesday}"
        places = chromium.find_elements(By.CSS_SELECTOR, noon)
        there = next(place for place in reversed(places) if place.is_displayed())
        drag = ActionChains(chromium).click_and_hold(person.find(f"{entry} .grip"))
        drag.move_by_offset(5, 5).move_to_element(there).perform()
        person.sees("Nothing speaks against it")
        ActionChains(chromium).release().perform()
    person.sees("Moved “The kettle” to Tue")
    assert f"{Post.get_by_id(post.id).scheduled_at.astimezone(UTC):%a %H:%M}" == "Tue 12:00"

    # and pauses the account
    person.visit(f"/accounts/{account.id}")
    person.use(".head details.drop summary")
    person.use(".head details.drop .btn-primary")
    person.wait(lambda: Account.get_by_id(account.id).paused_at is not None)

    # and corrects and retries what failed
    person.visit(f"/failures/{failure.id}")
    person.fill("#text", "The door is green now.")
    person.use("form[action$='/edit'] .btn-primary")
    person.sees("Changed and retrying")
    assert Story.get_by_id(failed.id).narratable_text == "The door is green now."
    assert Job.get(Job.stage == "script").state == JobState.WAITING

    # and changes a limit
    person.visit("/limits/")
    person.fill("#count-script_request", "30")
    person.use("#count-script_request ~ .btn-primary")
    person.sees("30 in")
    assert not chromium.find_elements(By.ID, "proof"), "she has just signed in"

    # and uploads a table
    person.visit("/sources/upload")
    person.find("#file").send_keys(str(table))  # what the system's own dialog does
    person.use("main form .btn-primary")
    person.sees("my tales.csv")
    assert Source.select().where(Source.name == "my tales.csv").exists()

    # and searches
    person.visit("/")
    if person.keyboard:
        person.press("/")
    person.fill("[name='q']", "green door")
    person.press(Keys.ENTER)
    person.sees("The green door")

    # Then the browser has logged no error, but for the save that was refused
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    errors = [line["message"] for line in log if line["level"] == "SEVERE"]
    assert [message for message in errors if "status of 422" not in message] == []

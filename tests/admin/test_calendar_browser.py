"""The calendar in a real browser: posts are moved by mouse, keyboard and touch, slots filled."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from admin.auth import create_user
from models import Post, Slot, StoryState, VideoState, now
from tests.admin import records
from tests.admin.conftest import PASSWORD
from tests.browsers import needs_chromium, waiting

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

    from core.settings import Settings
    from models import Account

pytestmark = [needs_chromium, pytest.mark.slow]

MONDAY = (now() + timedelta(days=8 - now().isoweekday())).date()
"""Of next week: all of it is in the future."""
TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + timedelta(days=n) for n in (1, 2, 3))


class Page:
    """The calendar as an editor in Berlin sees it."""

    def __init__(self, office: str, chromium: WebDriver) -> None:
        self.office, self.chromium = office, chromium
        create_user("emil", PASSWORD, "editor")
        zone = {"timezoneId": "Europe/Berlin"}
        chromium.execute_cdp_cmd("Emulation.setTimezoneOverride", zone)
        self.resize(1280)
        chromium.get(f"{office}/calendar/")
        chromium.find_element(By.ID, "name").send_keys("emil")
        chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
        self.wait(lambda: chromium.find_elements(By.ID, "calendar"))

    def resize(self, width: int) -> None:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def open(self, query: str) -> None:
        self.chromium.get(f"{self.office}/calendar/?on={MONDAY}&{query}")

    def find(self, selector: str) -> WebElement:
        return self.chromium.find_element(By.CSS_SELECTOR, selector)

    def wait(self, until: Any) -> None:
        waiting(self.chromium).until(lambda _: until())

    def says(self, pattern: str, where: str = "#verdict") -> None:
        self.wait(lambda: re.search(pattern, self.find(where).text))

    def press(self, *keys: str) -> None:
        self.chromium.switch_to.active_element.send_keys(*keys)


def cell(day: Any, account: Account) -> str:
    return f".cell[data-day='{day}'][data-account='{account.id}']"


def at(post: Post) -> str:
    """When the post goes out, in UTC."""
    return f"{Post.get_by_id(post.id).scheduled_at.astimezone(UTC):%a %H:%M}"


def test_posts_are_moved_by_mouse_by_keyboard_and_by_touch(
    settings: Settings, office: str, chromium: WebDriver
) -> None:
    # Given posts on two accounts, one of them pinned, a free slot, and a ready video
    ada = records.account("ada", gap_minutes=30, timezone="Europe/Berlin")
    bob = records.account("bob", timezone="Asia/Tokyo")
    Slot.create(account=bob, weekday=4, at="18:00")

    def post(title: str, on: Account, time: str, **fields: Any) -> Post:
        part = records.part(records.story(title, StoryState.SCRIPTED))
        video = records.video(settings.media_dir, part, VideoState.READY)
        moment = datetime.fromisoformat(f"{time}+00:00")
        return records.post(video, on, title=title, scheduled_at=moment, **fields)

    ladder = post("The ladder", ada, f"{MONDAY} 12:00", pinned=True)
    post("The kettle", ada, f"{WEDNESDAY} 12:10", pinned=True)
    records.video(
        settings.media_dir,
        records.part(records.story("The lamp", StoryState.SCRIPTED)),
        VideoState.READY,
    )
    page = Page(office, chromium)
    entry = f"[data-post='{ladder.id}']"

    # When the ladder is dragged over Wednesday, then the page says why it can't go there
    page.open("account=")
    drag = ActionChains(chromium).click_and_hold(page.find(entry)).move_by_offset(9, 9)
    drag.move_to_element(page.find(cell(WEDNESDAY, ada))).perform()
    page.says(r"Wed .* · ada\nNo post can go out .* 30 minutes apart")
    # and dropped on Tuesday it goes out at the same time of that day
    ActionChains(chromium).move_to_element(page.find(cell(TUESDAY, ada))).perform()
    page.says(r"Tue .*:00 · ada\nNothing speaks against it")
    ActionChains(chromium).release().perform()
    page.says("Moved “The ladder” to Tue ", ".alert")
    assert at(ladder) == "Tue 12:00"

    # When the drop is undone with one click, then it is where it was
    page.find(".alert button").click()
    page.says("Undone. Back where it was: “The ladder”", ".alert")
    assert at(ladder) == "Mon 12:00"

    # When it is picked up by keyboard and given up, then nothing has changed
    page.find(f"{entry} .grip").send_keys(Keys.ENTER)
    page.press(Keys.ARROW_DOWN)
    page.says(r"Mon .* · 2\d:00 in Tokyo · bob")
    page.press(Keys.ESCAPE)
    assert not page.find("#verdict").is_displayed()
    # and moved on to Tuesday of the other account, it is dropped there and keeps the focus
    page.press(Keys.ENTER)
    page.press(Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    page.says(r"Tue .* · bob\nNothing speaks")
    page.press(Keys.ENTER)
    page.says("on bob", ".alert")
    assert (at(ladder), Post.get_by_id(ladder.id).account) == ("Tue 12:00", bob)
    page.wait(lambda: "The ladder" in str(chromium.switch_to.active_element.accessible_name))

    # When the free slot is clicked and a video is chosen, then it goes out in the slot
    page.find(f"{cell(THURSDAY, bob)} .free a").click()
    page.find("[name=choice]").click()
    page.says(r"Thu .* · 18:00 in Tokyo · bob", ".verdict")
    page.find("form.form .btn-primary").click()
    page.says("Scheduled “The lamp", ".alert")
    assert not chromium.find_elements(By.CSS_SELECTOR, f"{cell(THURSDAY, bob)} .free")

    # When the ladder is dragged by its handle on a phone, then it goes to that day as well
    page.resize(390)
    page.open("account=")
    touch(chromium, page.find(f"{entry} .grip"), page.find(f".day[data-day='{WEDNESDAY}'] h3"))
    page.says(r"Moved “The ladder” to Wed ", ".alert")
    assert at(ladder) == "Wed 12:00"
    # and no page is wider than the phone, and the browser logs no errors
    check_fit(page)


def check_fit(page: Page) -> None:
    for view in ("week", "month", "agenda", "week&account=1"):
        page.open(f"view={view}")
        overflow = "return document.documentElement.scrollWidth - innerWidth"
        assert page.chromium.execute_script(overflow) <= 0, view
    log = page.chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    assert [line for line in log if line["level"] == "SEVERE"] == []


def touch(chromium: WebDriver, start: WebElement, end: WebElement) -> None:
    """A finger drags from one element to another."""
    centre = (
        "arguments[0].scrollIntoView({block: 'center'});"
        "const box = arguments[1].getBoundingClientRect();"
        "return [box.x + box.width / 2, box.y + box.height / 2]"
    )
    places = [chromium.execute_script(centre, start, place) for place in (start, end)]
    for kind, place in (("Start", places[0]), ("Move", places[1]), ("Move", places[1])):
        points = [{"x": place[0], "y": place[1]}]
        event = {"type": f"touch{kind}", "touchPoints": points}
        chromium.execute_cdp_cmd("Input.dispatchTouchEvent", event)
    waiting(chromium).until(lambda _: chromium.find_elements(By.CLASS_NAME, "target"))
    event = {"type": "touchEnd", "touchPoints": []}
    chromium.execute_cdp_cmd("Input.dispatchTouchEvent", event)

"""An editor's morning in a real browser, without any errors in its log."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import imageio_ffmpeg
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from admin.auth import create_user
from models import Channel, JobState, PostState, Slot, Source, Story, StoryState, now
from tests.admin import records
from tests.admin.conftest import PASSWORD
from tests.browsers import needs_chromium, waiting

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

    from core.settings import Settings

pytestmark = [needs_chromium, pytest.mark.slow]


def test_an_editors_morning_on_a_phone(
    settings: Settings, office: str, chromium: WebDriver, tmp_path: Path
) -> None:
    # given waiting stories, a finished video and a failure
    create_user("emil", PASSWORD, "editor")
    first, second = records.story("The first ladder"), records.story("The second ladder")
    shown = records.video(settings.media_dir, content=clip(tmp_path))
    failure = records.failure("render", shown.part.id)
    metrics = {"width": 390, "height": 900, "deviceScaleFactor": 1, "mobile": True}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def one(selector: str) -> WebElement:
        return chromium.find_element(By.CSS_SELECTOR, selector)

    def wait(until: Any) -> Any:
        return waiting(chromium).until(lambda _: until())

    def visit(path: str) -> None:
        chromium.get(office + path)
        overflow = "return document.documentElement.scrollWidth - window.innerWidth"
        assert chromium.execute_script(overflow) <= 0, path

    # when an editor signs in
    visit("/stories/?state=waiting")
    one("#name").send_keys("emil")
    one("#password").send_keys(PASSWORD, Keys.ENTER)
    # and goes through the queue by keyboard: the newest is approved, the next one rejected
    wait(lambda: one(".queue"))
    one("body").send_keys("j", "a")
    wait(lambda: Story.get_by_id(second.id).state == StoryState.APPROVED)
    visit("/stories/?state=waiting")
    one("body").send_keys("j", "r")
    wait(lambda: one("#reject textarea").is_displayed())
    one("#reject textarea").send_keys("Told before")
    one("#reject .btn-danger").click()
    wait(lambda: Story.get_by_id(first.id).state == StoryState.REJECTED)
    # and undoes the last decision
    one("body").send_keys("u")
    wait(lambda: Story.get_by_id(first.id).state == StoryState.WAITING)
    # and watches a video from the middle
    visit(f"/videos/{shown.part.id}")
    video = "const video = document.querySelector('video');"
    wait(lambda: chromium.execute_script(f"{video} return video.readyState > 0"))
    chromium.execute_script(f"{video} video.currentTime = 1")
    shows = f"{video} return !video.seeking && video.readyState > 1 && video.currentTime === 1"
    wait(lambda: chromium.execute_script(shows))
    # and discards what failed, takes that back, and retries it
    visit(f"/failures/{failure.id}")
    one(".head .btn-outline-danger").click()
    wait(lambda: records.job_of(failure).state == JobState.CANCELLED)
    one("body").send_keys("u")
    wait(lambda: records.job_of(failure).state == JobState.DEAD)
    visit(f"/failures/{failure.id}")
    one(".head .btn-outline-primary").click()
    wait(lambda: records.job_of(failure).state == JobState.WAITING)
    # then home updates by itself
    visit("/")
    Story.update(state=StoryState.FLAGGED).where(Story.id == first.id).execute()
    wait(lambda: "1\nflagged story to review" in one("#needs").text)
    # and no page is too wide, and the browser logs no errors
    for path in (
        "/videos/",
        "/posts/",
        "/manual/",
        "/accounts/",
        "/sources/new",
        "/jobs/",
        "/audit/",
        "/me/",
    ):
        visit(path)
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    errors = [line for line in log if line["level"] == "SEVERE"]
    assert errors == []


def test_the_production_pages_fit_a_phone_in_dark_mode(
    settings: Settings, office: str, chromium: WebDriver, tmp_path: Path
) -> None:
    # given a story with several hooks and three parts: finished, in production and failed
    create_user("emil", PASSWORD, "editor")
    finished = records.part(parts=3)
    story, script = finished.script.story, finished.script
    script.hooks = [script.hook, "It looked happier that way.", "Nobody had asked for green."]
    script.save()
    records.video(settings.media_dir, finished, content=clip(tmp_path))
    records.job("render", records.part(story, 2, 3).id, JobState.RUNNING, started_at=now())
    records.failure("narrate", records.part(story, 3, 3).id, "No such voice: choose " + "af, " * 99)
    # and a flagged story in a right-to-left script
    flagged = records.story("سلم جاري " * 12, StoryState.FLAGGED, language="ar", safety_score=0.9)
    for width in (390, 1280):
        size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
        if width == 390:
            chromium.get(f"{office}/stories/")
            chromium.find_element(By.ID, "name").send_keys("emil")
            chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
            waiting(chromium).until(lambda _: chromium.find_elements(By.ID, "queue"))
        # then no page is wider than the screen, and every control is large enough for a thumb
        for path in (
            "/",
            "/stories/",
            f"/stories/{story.id}",
            f"/stories/{flagged.id}",
            f"/stories/{flagged.id}/edit",
            "/stories/paste",
            "/videos/",
            f"/videos/{finished.id}",
            "/channels/",
            "/channels/new",
        ):
            chromium.get(office + path)
            assert chromium.execute_script(MISFITS, width < 500) == [], path
    # and the browser logs no errors
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    asked = "beforeunload"  # the preview changed a form, and the test left it
    errors = [line["message"] for line in log if line["level"] == "SEVERE"]
    assert [error for error in errors if asked not in error] == []


MISFITS = """
const seen = (element) => element.checkVisibility() && element.getClientRects().length;
const found = [];
if (document.documentElement.scrollWidth > innerWidth) found.push("wider than the screen");
for (const element of document.querySelectorAll("main button, main .btn, main .tabs a, " +
    "main input:not([type=hidden]), main select, main textarea, .menu-switch")) {
  if (!seen(element)) continue;
  const tick = element.matches("[type=checkbox], [type=radio]");
  const target = (tick && element.closest("label")) || element;
  const name = element.id || element.name || element.textContent.trim();
  if (arguments[0] && target.getBoundingClientRect().height < 40) found.push(`low: ${name}`);
  if (!tick && element.matches("input, select, textarea") && !element.labels.length &&
      !element.ariaLabel) found.push(`without a label: ${name}`);
}
return found;
"""


def test_weekly_times_are_added_on_a_phone_by_keyboard_alone(
    settings: Settings, office: str, chromium: WebDriver
) -> None:
    # given an editor at an account's page
    create_user("emil", PASSWORD, "editor")
    post = records.post(records.video(settings.media_dir), records.account(), PostState.PARKED)
    metrics = {"width": 390, "height": 900, "deviceScaleFactor": 1, "mobile": True}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    chromium.get(f"{office}/accounts/{post.account.id}")
    chromium.find_element(By.ID, "name").send_keys("emil")
    chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    waiting(chromium).until(lambda _: chromium.find_elements(By.ID, "at"))
    # when 18:30 is typed, Monday and Tuesday are checked, and Enter is pressed
    chromium.find_element(By.ID, "at").send_keys("0630PM")
    monday, tuesday, *_ = chromium.find_elements(By.CSS_SELECTOR, ".weekdays input")
    monday.send_keys(Keys.SPACE, Keys.TAB)
    assert chromium.switch_to.active_element == tuesday
    tuesday.send_keys(Keys.SPACE, Keys.ENTER)
    # then both days have it
    waiting(chromium).until(lambda _: chromium.find_elements(By.CLASS_NAME, "chip"))
    assert {(slot.weekday, slot.at) for slot in Slot.select()} == {(1, "18:30"), (2, "18:30")}
    # and no page is wider than the phone, and the browser logs no errors
    for path in (f"/accounts/{post.account.id}", f"/posts/{post.id}", "/posts/", "/limits/"):
        chromium.get(office + path)
        overflow = "return document.documentElement.scrollWidth - window.innerWidth"
        assert chromium.execute_script(overflow) <= 0, path
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    assert [line for line in log if line["level"] == "SEVERE"] == []


def test_every_list_is_walked_by_keys_and_the_keys_are_listed(
    settings: Settings, office: str, chromium: WebDriver
) -> None:
    create_user("emil", PASSWORD, "editor")
    first, second = (records.source(name=name) for name in ("First", "Second"))
    chromium.get(f"{office}/sources/")
    chromium.find_element(By.ID, "name").send_keys("emil")
    chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    waiting(chromium).until(lambda _: "/sources/" in chromium.current_url)
    body = chromium.find_element(By.TAG_NAME, "body")
    # a question mark lists the keys, Escape closes the list
    body.send_keys("?")
    assert chromium.find_element(By.ID, "keys").is_displayed()
    chromium.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not chromium.find_element(By.ID, "keys").is_displayed()
    # j goes down the table, and Enter opens the row
    body.send_keys("j", "j", Keys.ENTER)
    waiting(chromium).until(lambda _: f"/sources/{second.id}" in chromium.current_url)
    # Ctrl+Enter saves the form from any of its fields
    chromium.get(f"{office}/sources/{first.id}/edit")
    name = chromium.find_element(By.NAME, "name")
    name.clear()
    name.send_keys("Renamed", Keys.CONTROL + Keys.ENTER)
    waiting(chromium).until(lambda _: Source.get_by_id(first.id).name == "Renamed")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_caption_preview_follows_the_form(office: str, chromium: WebDriver, width: int) -> None:
    # given an editor at a new channel
    create_user("emil", PASSWORD, "editor")
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    chromium.get(f"{office}/channels/new")
    chromium.find_element(By.ID, "name").send_keys("emil")
    chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    waiting(chromium).until(lambda _: chromium.find_elements(By.ID, "still"))

    def shown() -> str:
        return chromium.find_element(By.ID, "still").get_attribute("src") or ""

    def changes(do: Any) -> None:
        before = shown()
        do()
        waiting(chromium).until(lambda _: shown() not in {"", before})

    # when captions are chosen by keyboard and sample text is typed, each change shows
    waiting(chromium).until(lambda _: shown().startswith("data:image/jpeg"))
    changes(lambda: chromium.find_element(By.ID, "style").send_keys("Block"))
    changes(lambda: chromium.find_element(By.ID, "upper_case").send_keys(Keys.SPACE))
    changes(lambda: chromium.find_element(By.ID, "sample").send_keys("שלום", Keys.ENTER))
    # and an invalid value shows an error instead of a picture
    size = chromium.find_element(By.ID, "size")
    size.send_keys(Keys.CONTROL, "a")
    size.send_keys("900")
    problem = chromium.find_element(By.ID, "still-problem")
    waiting(chromium).until(lambda _: "Size: " in problem.text)
    changes(lambda: size.send_keys(Keys.CONTROL, "a", Keys.NULL, "100"))
    assert problem.text == ""
    # and the chosen music plays
    chromium.find_element(By.ID, "music").send_keys("Dark")
    chromium.execute_script("document.getElementById('tune').muted = true; tune.play()")
    playing = "return tune.currentTime > 0.1 && tune.duration > 45"
    waiting(chromium).until(lambda _: chromium.execute_script(playing))
    # then it is saved as previewed
    chromium.find_element(By.ID, "name").send_keys("Evening", Keys.ENTER)
    waiting(chromium).until(lambda _: Channel.select().exists())
    caption_style = Channel.get().caption_style
    assert (caption_style["style"], caption_style["upper_case"], caption_style["size"]) == (
        "block",
        True,
        100,
    )
    # and no page is wider than the screen, and the browser logs no errors
    for path in ("/channels/", f"/channels/{Channel.get().id}/edit"):
        chromium.get(office + path)
        overflow = "return document.documentElement.scrollWidth - window.innerWidth"
        assert chromium.execute_script(overflow) <= 0, path
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    assert [line for line in log if line["level"] == "SEVERE"] == []


def clip(folder: Path) -> bytes:
    """A small real video of two seconds."""
    made = folder / "clip.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
    command += ["-i", "testsrc2=s=108x192:r=10:d=2", "-pix_fmt", "yuv420p", str(made)]
    subprocess.run(command, check=True)
    return made.read_bytes()

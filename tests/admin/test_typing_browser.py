"""In a real browser: nothing typed is lost, and a text that is too long says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from admin.auth import create_user
from models import SignInSession, Story, StoryState
from tests.admin import records
from tests.admin.conftest import PASSWORD
from tests.browsers import needs_chromium, waiting

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

pytestmark = [needs_chromium, pytest.mark.slow]

WARNS = """
const leaving = new Event("beforeunload", { cancelable: true });
dispatchEvent(leaving);
return leaving.defaultPrevented;
"""
PUT = """
const [field, value] = arguments;
field.value = value;
field.dispatchEvent(new Event("input", { bubbles: true }));
"""


def test_what_is_typed_outlives_a_session_and_a_refusal(office: str, chromium: WebDriver) -> None:
    create_user("emil", PASSWORD, "editor")
    story = records.story("The lamp", StoryState.WAITING)
    edit = f"{office}/stories/{story.id}/edit"

    def wait(css: str) -> Any:
        found = waiting(chromium).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, css))
        return found[0]

    def sign_in() -> None:
        wait("#name").send_keys("emil")
        chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)

    # Given a story that is being edited
    chromium.get(edit)
    sign_in()
    text = wait("#text")
    assert not chromium.execute_script(WARNS)
    text.send_keys(Keys.END, " And then the light came back.")
    assert chromium.execute_script(WARNS)

    # When the session ends before it is saved
    SignInSession.delete().execute()
    chromium.find_element(By.ID, "title").send_keys(Keys.END, "!", Keys.CONTROL, Keys.ENTER)
    wait("main.gate .btn").click()
    sign_in()

    # Then what was typed is there after signing in again, and is saved
    wait(".note.kept")
    assert "And then the light came back." in wait("#text").get_attribute("value")
    assert chromium.execute_script(WARNS)
    wait(".form .btn-primary").click()
    wait(".alert-success")
    assert "And then the light came back." in Story.get().narratable_text
    assert Story.get().narratable_title == "The lamp!"
    assert chromium.execute_script("return Object.keys(localStorage)") == []

    # When a title is pasted that is too long
    chromium.get(f"{office}/stories/paste")
    title = wait("#title")
    chromium.execute_script(PUT, title, "x" * 1012)
    assert "12 characters too long. At most 1,000." in wait(".room.over").text
    assert chromium.execute_script("return !arguments[0].checkValidity()", title)
    chromium.execute_script(PUT, title, "")

    # When a reason in a dialog is refused
    chromium.get(f"{office}/stories/{story.id}")
    wait("[data-ask=reject]").click()
    wait("#reject textarea").send_keys("  ")
    wait("#reject .btn-danger").click()

    # Then the dialog is open again, with the fault beside its field
    fault = wait("dialog[open] #fault-reason")
    assert fault.is_displayed()
    assert "Give a reason" in fault.text
    chromium.find_element(By.CSS_SELECTOR, "#reject textarea").send_keys("Dull")
    wait("#reject .btn-danger").click()
    wait(".alert-success")
    assert Story.get().reason == "Dull"
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    assert [line for line in log if not any(f" {n} " in line["message"] for n in (401, 422))] == []

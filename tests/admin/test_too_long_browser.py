"""In a real browser: what is over the server's limit is not lost, in a form and in a dialog."""

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
    from flask import Flask
    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

pytestmark = [needs_chromium, pytest.mark.slow]

PUT = """
const [field, value] = arguments;
field.value = value;
field.dispatchEvent(new Event("input", { bubbles: true }));
"""
LESS = 100_000
"""Bytes: a smaller limit, because Chromium takes minutes to lay out 2 MB in some fields."""
LONG = "The lamp went out. " * 6_000
LINE_ENDS = f"{'x' * 96}\n" * 1_000
"""Under ``LESS`` with its line ends as they are in the page, and over it as they are sent."""


class Desk:
    """An editor at a browser."""

    def __init__(self, office: str, driver: WebDriver) -> None:
        self.office, self.driver = office, driver

    def open(self, address: str) -> None:
        self.driver.get(f"{self.office}{address}")

    def sign_in(self) -> None:
        self.see("#name").send_keys("emil")
        self.see("#password").send_keys(PASSWORD, Keys.ENTER)

    def see(self, css: str) -> WebElement:
        """The first shown element, once there is one."""

        def shown(driver: WebDriver) -> Any:
            found = driver.find_elements(By.CSS_SELECTOR, css)
            return next((element for element in found if element.is_displayed()), None)

        element: WebElement = waiting(self.driver).until(shown)
        return element

    def click(self, css: str) -> None:
        found = self.see(css)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
        found.click()

    def put(self, css: str, text: str) -> None:
        """Paste: typing this much would take minutes."""
        self.driver.execute_script(PUT, self.see(css), text)

    def typed(self, css: str) -> str:
        return str(self.driver.execute_script("return arguments[0].value", self.see(css)))

    def kept(self) -> list[str]:
        names: list[str] = self.driver.execute_script("return Object.keys(localStorage)")
        return names


@pytest.fixture
def desk(office: str, chromium: WebDriver) -> Desk:
    create_user("emil", PASSWORD, "editor")
    return Desk(office, chromium)


def reasons() -> list[tuple[str, str]]:
    rows = Story.select(Story.state, Story.reason).order_by(Story.id)
    return [(story.state, story.reason) for story in rows]


def test_a_form_over_the_limit_keeps_its_text(desk: Desk, app: Flask) -> None:
    # Given a form for a long text
    app.config["MAX_CONTENT_LENGTH"] = LESS
    story = records.story("The lamp", StoryState.WAITING)
    failure = records.failure("page", story.id)
    desk.open(f"/failures/{failure.id}")
    desk.sign_in()

    # When more is pasted than the server takes, also if only its line ends make it too much
    for text in (LONG, LINE_ENDS):
        desk.put("#text", text)
        desk.click("form:has(#text) .btn-primary")

        # Then a sentence says so, and the text is still there
        told = desk.see("form > .too-long").text
        assert "Not sent: this form has 0.1 MB, and at most 0.1 MB can be saved" in told
        assert desk.typed("#text") == text

    # When a server on the way takes less than the page knows
    text = LONG[: LESS // 2]
    desk.put("#text", text)
    app.config["MAX_CONTENT_LENGTH"] = LESS // 2
    desk.click("form:has(#text) .btn-primary")

    # Then the answer says that the text is kept, and it is on the form's page again
    told = desk.see("main.gate .error").text
    assert "at most 0.05 MB. Your browser has kept the text" in told
    desk.click("main.gate .btn")
    assert "did not save, is back" in desk.see("form:has(#text) .kept").text
    assert desk.typed("#text") == text
    assert story.narratable_text == Story.get().narratable_text


def test_a_dialog_over_the_limit_opens_again_with_its_text(desk: Desk, app: Flask) -> None:
    # Given three stories that wait, and a dialog for two of them
    for title in ("The lamp", "The ladder", "The train"):
        records.story(title, StoryState.WAITING)
    first, second, _ = (story.id for story in Story.select().order_by(Story.id))
    desk.open("/stories/?state=waiting")
    desk.sign_in()
    for number in (first, second):
        desk.click(f"[data-id='{number}'] [name=id]")
    desk.click("[data-for-ticked][data-ask=reject]")

    # When the reason is longer than the server takes
    over = "x" * 2_100_000
    desk.put("#reject textarea", over)
    desk.click("#reject .btn-danger")

    # Then the dialog says so and keeps it
    assert "Not sent: this form has 2.1 MB" in desk.see("#reject .too-long").text
    assert desk.typed("#reject textarea") == over

    # When a server on the way takes less than the page knows
    most, app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_CONTENT_LENGTH"], LESS
    desk.put("#reject textarea", LONG)
    desk.click("#reject .btn-danger")
    assert "Your browser has kept the text" in desk.see("main.gate .error").text
    desk.click("main.gate .btn")

    # Then the dialog is open again, with the text, for the same stories
    assert "did not save, is back" in desk.see("dialog[open]#reject .kept").text
    assert desk.typed("#reject textarea") == LONG
    assert {state for state, _ in reasons()} == {StoryState.WAITING}

    # When it is shortened, then those two stories are rejected, and nothing is kept
    app.config["MAX_CONTENT_LENGTH"] = most
    desk.put("#reject textarea", "Dull")
    desk.click("#reject .btn-danger")
    desk.see(".alert-success")
    rejected, waits = (StoryState.REJECTED, "Dull"), (StoryState.WAITING, "")
    assert reasons() == [rejected, rejected, waits]
    assert desk.kept() == []


def test_a_dialogs_text_outlives_a_session_until_the_dialog_is_closed(desk: Desk) -> None:
    # Given a reason in the dialog of one story
    story = records.story("The lamp", StoryState.WAITING)
    desk.open(f"/stories/{story.id}")
    desk.sign_in()
    desk.click("[data-ask=reject]")
    desk.put("#reject textarea", "It has no end")

    # When the session ends before it is sent
    SignInSession.delete().execute()
    desk.click("#reject .btn-danger")
    desk.click("main.gate .btn")
    desk.sign_in()

    # Then it is in the open dialog, and closing the dialog drops it
    assert desk.see("dialog[open]#reject .kept")
    assert desk.typed("#reject textarea") == "It has no end"
    desk.click("#reject [data-close]")
    desk.driver.refresh()
    desk.click("[data-ask=reject]")
    assert desk.typed("#reject textarea") == ""
    assert desk.kept() == []


def test_a_dialog_for_selected_stories_is_never_sent_for_another(desk: Desk) -> None:
    # Given a dialog that was opened for one story, and closed
    for title in ("The lamp", "The ladder"):
        records.story(title, StoryState.WAITING)
    one, other = (story.id for story in Story.select().order_by(Story.id))
    desk.open("/stories/?state=waiting")
    desk.sign_in()
    desk.click(f"[data-id='{one}'] [data-ask=reject]")
    desk.click("#reject [data-close]")

    # When another one is selected and rejected
    desk.click(f"[data-id='{other}'] [name=id]")
    desk.click("[data-for-ticked][data-ask=reject]")
    desk.see("#reject textarea").send_keys("Dull")
    desk.click("#reject .btn-danger")
    desk.see(".alert-success")

    # Then only that one is
    assert reasons() == [(StoryState.WAITING, ""), (StoryState.REJECTED, "Dull")]

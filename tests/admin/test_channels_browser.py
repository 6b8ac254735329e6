"""The channel form in a real browser: a word is heard as it is about to be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from admin.auth import create_user
from tests.admin.conftest import PASSWORD
from tests.browsers import needs_chromium, waiting

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

pytestmark = [needs_chromium, pytest.mark.slow]

SPY = """
window.heard = [];
const real = AudioContext.prototype.decodeAudioData;
AudioContext.prototype.decodeAudioData = async function (sound) {
  const decoded = await real.call(this, sound);
  window.heard.push(decoded.duration);
  return decoded;
};
"""


def test_a_word_is_heard_before_the_channel_is_saved(office: str, chromium: WebDriver) -> None:
    create_user("emil", PASSWORD, "editor")
    chromium.get(f"{office}/channels/new")
    chromium.find_element(By.ID, "name").send_keys("emil")
    chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    waiting(chromium).until(lambda driver: driver.find_elements(By.ID, "hear"))
    chromium.execute_script(SPY)
    Select(chromium.find_element(By.ID, "voice")).select_by_value("espeak:en-us")
    table = chromium.find_element(By.ID, "pronunciations")
    table.send_keys("AITA = am I the asshole")

    # When an editor types a word and presses Enter, then it is decoded and played
    chromium.find_element(By.ID, "heard").send_keys("AITA", Keys.ENTER)
    waiting(chromium).until(lambda driver: driver.execute_script("return heard.length"))
    assert chromium.execute_script("return heard[0]") > 0.9
    assert chromium.find_element(By.ID, "hear-problem").text == ""

    # And a line that can't be used is a sentence beside the button
    table.send_keys(Keys.ENTER, "Nguyen win")
    waiting(chromium).until(lambda driver: driver.find_element(By.ID, "hear").is_enabled())
    chromium.find_element(By.ID, "hear").click()
    waiting(chromium).until(
        lambda driver: "no equals sign" in driver.find_element(By.ID, "hear-problem").text
    )
    assert chromium.current_url.endswith("/channels/new")
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    assert [line for line in log if "400" not in line["message"]] == []

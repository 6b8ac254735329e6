"""The source form in a real browser: it shows only the fields that apply to the kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from admin.auth import create_user
from models import Source
from tests.admin.conftest import PASSWORD
from tests.browsers import needs_chromium, waiting

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver

    from core.settings import Settings

pytestmark = [needs_chromium, pytest.mark.slow]


def test_a_folder_is_added_without_the_fields_for_reddit(
    settings: Settings, office: str, chromium: WebDriver
) -> None:
    (settings.intake_dir / "texts").mkdir(parents=True)
    create_user("emil", PASSWORD, "editor")
    chromium.get(f"{office}/sources/new")
    chromium.find_element(By.ID, "name").send_keys("emil")
    chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    waiting(chromium).until(lambda driver: driver.find_elements(By.ID, "kind"))

    def shown(name: str) -> bool:
        return chromium.find_element(By.ID, name).is_displayed()

    # Given the initial form, for a subreddit
    listing = Select(chromium.find_element(By.ID, "listing"))
    assert shown("time_filter")
    listing.select_by_value("new")
    assert not shown("time_filter")
    chromium.find_element(By.ID, "min_score").send_keys("5")

    # When the kind is changed to a folder
    Select(chromium.find_element(By.ID, "kind")).select_by_value("folder")
    assert not any(map(shown, ("listing", "min_score", "nsfw")))
    assert "Subfolders are included" in chromium.find_element(By.TAG_NAME, "main").text
    chromium.find_element(By.ID, "name").send_keys("Notebook")
    chromium.find_element(By.ID, "place").send_keys("texts", Keys.ENTER)

    # Then a field with an error is visible, although it doesn't apply to this kind
    waiting(chromium).until(lambda driver: driver.find_elements(By.CLASS_NAME, "error"))
    assert shown("min_score")
    assert not shown("listing")
    score = chromium.find_element(By.ID, "min_score")
    score.clear()
    score.send_keys("0", Keys.ENTER)
    waiting(chromium).until(lambda _: Source.select().exists())
    assert Source.get().place == "texts"
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    assert [line for line in log if "422" not in line["message"]] == []


@pytest.mark.parametrize("width", [1280, 390])
def test_a_table_is_uploaded_from_a_desk_and_from_a_phone(
    office: str, chromium: WebDriver, tmp_path: Path, width: int
) -> None:
    # Given a table on the person's own machine
    table = tmp_path / "my tales.csv"
    table.write_text("title,text\nThe lamp,It went out.\n")
    create_user("emil", PASSWORD, "editor")
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def wait(until: Any) -> Any:
        return waiting(chromium).until(lambda _: until())

    def fits() -> bool:
        overflow = "return document.documentElement.scrollWidth - window.innerWidth"
        return int(chromium.execute_script(overflow)) <= 0

    # When it is chosen and sent
    chromium.get(f"{office}/sources/")
    chromium.find_element(By.ID, "name").send_keys("emil")
    chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    wait(lambda: chromium.find_elements(By.LINK_TEXT, "Upload file"))
    chromium.find_element(By.LINK_TEXT, "Upload file").click()
    wait(lambda: chromium.find_elements(By.ID, "file"))
    assert fits()
    chromium.find_element(By.ID, "file").send_keys(str(table))
    chromium.find_element(By.CSS_SELECTOR, "main .btn-primary").click()

    # Then the fetch history says that it is being read
    wait(lambda: Source.select().exists())
    wait(lambda: "/outcomes" in chromium.current_url)
    page = chromium.find_element(By.TAG_NAME, "main").text
    assert "my tales.csv" in page
    assert "Fetching now." in page
    assert fits()
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    assert [line for line in log if line["level"] == "SEVERE"] == []

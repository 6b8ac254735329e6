"""Accounts are paused, resumed and given times in a real browser, on a desk and on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from admin.auth import create_user
from models import Account
from tests.admin import records
from tests.admin.conftest import PASSWORD
from tests.browsers import needs_chromium, waiting

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

pytestmark = [needs_chromium, pytest.mark.slow]


def paused() -> int:
    return int(Account.select().where(Account.paused_at.is_null(False)).count())


def test_a_morning_with_many_accounts(office: str, chromium: WebDriver) -> None:
    # Given an editor and forty accounts, one of them with a very long name
    create_user("emil", PASSWORD, "editor")
    for number in range(39):
        records.account(f"tales_{number:02}")
    records.account("n" * 120, open_id="long", groups=["night"])

    def text() -> str:
        return str(chromium.execute_script("return document.body.innerText"))

    def wait(until: Any) -> None:
        waiting(chromium).until(lambda _: until())

    def press(*keys: str) -> None:
        chromium.find_element(By.TAG_NAME, "body").send_keys(*keys)

    def click(button: str) -> None:
        xpath = f"//main//*[self::button or self::a][normalize-space()='{button}']"
        found = chromium.find_element(By.XPATH, xpath)
        chromium.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
        found.click()

    def width(pixels: int) -> None:
        metrics = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": pixels < 500}
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    chromium.get(f"{office}/accounts/")
    chromium.find_element(By.ID, "name").send_keys("emil")
    chromium.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    wait(lambda: "tales_00" in text())

    for pixels in (1280, 390):
        width(pixels)
        chromium.get(f"{office}/accounts/")

        # When two are selected by keyboard and paused, then a page says what that stops
        assert not chromium.find_elements(By.CSS_SELECTOR, "[data-for-ticked]:not(:disabled)")
        press("j", "j", "x", "j", "x")
        wait(lambda: "2 selected" in text())
        click("Pause…")
        wait(lambda: "What stops" in text())
        chromium.find_element(By.ID, "reason").send_keys("A storm.", Keys.ENTER)
        wait(lambda: "Paused 2 accounts: “tales_00”, “tales_01”." in text())
        assert "A storm." in text()

        # And one key undoes it
        press("u")
        wait(lambda: "Undone. Resumed: 2 accounts" in text())
        assert paused() == 0

        # When all are to be paused, then it is asked first; resuming them is one click
        click("Pause all…")
        wait(lambda: "Accounts that are connected from now on are paused as well." in text())
        assert paused() == 0
        click("Pause all 40 accounts")
        wait(lambda: "All accounts are paused since" in text())
        assert paused() == 40
        click("Resume all")
        wait(lambda: "Resumed 40 accounts" in text())
        assert paused() == 0

        # And no page is wider than the screen
        ids = "-".join(str(account.id) for account in Account.select(Account.id))
        pages = ["", "?sort=stock&group=night", f"{ids.split('-')[-1]}", "selected/pause"]
        pages += [f"selected/{page}?ids={ids}" for page in ("times", "groups")]
        for page in pages:
            chromium.get(f"{office}/accounts/{page}")
            wider = "return document.documentElement.scrollWidth - innerWidth"
            assert chromium.execute_script(wider) <= 0, (page, pixels)

    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    assert [line for line in log if line["level"] == "SEVERE"] == []

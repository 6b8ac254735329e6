"""Setting up codes, and signing in with one, in a real browser."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyotp
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from admin.auth import create_user, two_factor
from models import RecoveryCode, SignInSession, User, now
from tests.admin.conftest import PASSWORD
from tests.browsers import needs_chromium, waiting

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

pytestmark = [needs_chromium, pytest.mark.slow]


@pytest.mark.parametrize("width", [1280, 390])
def test_codes_are_set_up_and_asked_for(
    office: str, chromium: WebDriver, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    # Given an owner at a screen of this width
    create_user("olga", PASSWORD, "owner")
    create_user("x" * 80, PASSWORD, "viewer")
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def one(selector: str) -> WebElement:
        return chromium.find_element(By.CSS_SELECTOR, selector)

    def wait(selector: str) -> Any:
        found = waiting(chromium).until(lambda _: chromium.find_elements(By.CSS_SELECTOR, selector))
        overflow = "return document.documentElement.scrollWidth - window.innerWidth"
        assert chromium.execute_script(overflow) <= 0, selector
        return found[0]

    def sign_in() -> None:
        chromium.get(f"{office}/sign-in?next=/me/")
        one("#name").send_keys("olga")
        one("#password").send_keys(PASSWORD, Keys.ENTER)

    # When codes are set up, by keyboard
    sign_in()
    wait("form[action='/me/two-factor'] button").send_keys(Keys.ENTER)
    assert wait(".qr-frame svg").is_displayed()
    phone = pyotp.TOTP(User.get(User.name == "olga").totp_secret)
    one("#code").send_keys(phone.now(), Keys.ENTER)

    # Then recovery codes are shown once
    wait(".codes")
    codes = [shown.text for shown in chromium.find_elements(By.CSS_SELECTOR, ".codes code")]
    assert len(codes) == two_factor.CODES
    assert RecoveryCode.select().count() == two_factor.CODES

    # And what matters most asks for a password or code again, and then goes on
    SignInSession.update(proved_at=now() - timedelta(hours=1)).execute()
    chromium.get(f"{office}/users/")
    wait("form[action$='/reset'] button").send_keys(Keys.ENTER)
    wait("#proof").send_keys(PASSWORD, Keys.ENTER)
    assert "/new-password/" in str(wait("#link").get_attribute("value"))

    # And the next sign-in asks for a code
    chromium.delete_all_cookies()
    then = time.time() + 60
    monkeypatch.setattr(time, "time", lambda: then)
    sign_in()
    wait("#code").send_keys(phone.at(then), Keys.ENTER)
    wait(".who")

    # And a recovery code signs in without the phone
    chromium.delete_all_cookies()
    sign_in()
    wait("#code")
    chromium.find_element(By.PARTIAL_LINK_TEXT, "recovery code").send_keys(Keys.ENTER)
    wait("#code[autocomplete='off']").send_keys(codes[3].lower(), Keys.ENTER)
    wait(".who")
    assert chromium.current_url == f"{office}/me/"
    log = chromium.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
    assert log == []

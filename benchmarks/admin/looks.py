"""How every page of the back office looks in a real browser: a desk and a phone, light and dark.

Each page is opened at two widths in both themes, with 200 accounts and names as long as they may
be. Found are: what axe-core (Deque, MPL-2.0; a copy is in ``axe-core/``) holds against its
accessibility, a page that is wider than the screen, errors in the browser's log, and requests to
another host. Not judged is what Swagger UI draws; and the database has no media, so that covers
and videos are not found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from selenium.webdriver import ChromeOptions, ChromeService
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from adapters.tiktok.browser.chromium import find_programs
from benchmarks.admin import filled
from benchmarks.admin.filled import Sizes
from benchmarks.admin.office import NAME, PASSWORD, Office, served
from benchmarks.admin.visits import Places, places
from core import db
from core.db import database
from pipelines.schedules import TASKS
from services import ServiceAddresses

AXE = Path(__file__).parent / "axe-core" / "axe.min.js"
WIDTHS = (1280, 390)
THEMES = ("light", "dark")
NARROWEST = 360
"""Pixels; no page may be wider there, whatever the names."""

_FINDINGS = """
const done = arguments[arguments.length - 1];
axe.run({exclude: [["#api"]]}, {resultTypes: ["violations"]}).then(
  (found) => done(found.violations.map((each) => ({
    rule: each.id, impact: each.impact, count: each.nodes.length,
    where: each.nodes[0].target.join(" "), why: each.nodes[0].failureSummary,
  }))),
  (error) => done([{rule: String(error), impact: "error", count: 1, where: "", why: ""}]),
);
"""
_TOO_WIDE = "return document.documentElement.scrollWidth - arguments[0]"
_ELSEWHERE = """
return performance.getEntriesByType("resource").map((entry) => entry.name)
  .filter((name) => !name.startsWith(location.origin) && !name.startsWith("data:"));
"""
_NO_PAGES = {"static", "auth.sign_out", "webhook_receiver.tiktok", "accounts.callback"}
_NO_MEDIA = re.compile(r"/videos/\d+/\w+\S* - Failed to load resource: .* 404")

_LONG_NAMES = """
    UPDATE account SET name = rpad(name, 120, 'w'), groups = jsonb_build_array(repeat('g', 40))
      WHERE mod(id, 2) = 0;
    UPDATE source SET name = rpad(name, 120, 'w') WHERE mod(id, 2) = 0;
    UPDATE channel SET name = rpad(name, 80, 'w') WHERE mod(id, 2) = 0;
    UPDATE person SET name = rpad(name, 80, 'w') WHERE mod(id, 2) = 0;
    UPDATE story SET title = rpad(title, 200, 'w'), narratable_title = rpad(title, 200, 'w')
      WHERE mod(id, 2) = 0 OR state = 'waiting';
    UPDATE post SET title = rpad(title, 200, 'w') WHERE mod(id, 2) = 0;
"""
"""As long as each may be, without a place to break a line."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a page at a width and in a theme."""

    page: str
    screen: str
    what: str
    where: str


def run(
    place: ServiceAddresses, *, scale: float, only: str, tell: Callable[[str], object]
) -> tuple[int, list[Finding]]:
    """Open every page; how many were looked at, and what was found.

    Args:
        place: an empty, migrated database, and Redis.
        scale: 1.0 for a million stories.
        only: look at the addresses that contain this.
        tell: takes a line about each page that has findings.

    Raises:
        RuntimeError: Chromium or its driver is missing.
    """
    with TemporaryDirectory() as folder:
        with db.session():
            filled.fill(Sizes.scaled(scale))
            database.execute_sql(_LONG_NAMES)
            at = places()
        office = Office(place, Path(folder))
        with served(office.app) as url, chromium() as browser:
            _sign_in(browser, url)
            pages = [page for page in _pages(office, at) if only in page]
            found: list[Finding] = []
            for page in pages:
                here = list(looked_at(browser, url, page))
                found += here
                for finding in here:
                    tell(f"{page} {finding.screen}: {finding.what} {finding.where}")
    return len(pages), found


def _pages(office: Office, at: Places) -> Iterator[str]:
    """Every address that answers with a page."""
    ids: dict[str, int | str] = {
        "story_id": at.waiting,
        "part_id": at.parts,
        "post_id": at.planned,
        "account_id": at.large,
        "letter_id": at.letter,
        "task": next(iter(TASKS)),
    }
    for rule in sorted(office.app.url_map.iter_rules(), key=str):
        unknown = rule.arguments - ids.keys() - set(rule.defaults or ())
        if "GET" not in (rule.methods or ()) or rule.endpoint in _NO_PAGES:
            continue
        if any(not name.endswith("_id") for name in unknown):
            continue
        values = {name: ids.get(name, 1) for name in rule.arguments}
        adapter = office.app.url_map.bind("localhost")
        address = str(adapter.build(rule.endpoint, values, force_external=False))
        if address.startswith("/api/v1"):
            continue
        answer = office.get(address)
        if answer.status_code == 200 and answer.mimetype == "text/html":  # noqa: PLR2004  # OK
            yield address


def looked_at(browser: WebDriver, url: str, page: str) -> Iterator[Finding]:
    for width in WIDTHS:
        for theme in THEMES:
            screen = f"{width} {theme}"
            _screen(browser, width, theme)
            browser.get(url + page)
            browser.execute_script(AXE.read_text())
            for found in browser.execute_async_script(_FINDINGS):
                what = f"{found['rule']} ({found['impact']}, {found['count']} places)"
                yield Finding(page, screen, what, f"{found['where']} {found['why']}"[:300])
            for address in browser.execute_script(_ELSEWHERE):
                yield Finding(page, screen, "request to another host", address)
            for line in browser.get_log("browser"):  # type: ignore[no-untyped-call]
                if line["level"] == "SEVERE" and not _NO_MEDIA.search(line["message"]):
                    yield Finding(page, screen, "error in the log", line["message"])
    _screen(browser, NARROWEST, "light")
    browser.get(url + page)
    if (over := browser.execute_script(_TOO_WIDE, NARROWEST)) > 0:
        yield Finding(page, f"{NARROWEST} light", f"{over} pixels wider than the screen", "")


def _screen(browser: WebDriver, width: int, theme: str) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}  # noqa: PLR2004  # a phone
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [
        {"name": "prefers-color-scheme", "value": theme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def _sign_in(browser: WebDriver, url: str) -> None:
    browser.get(f"{url}/sign-in")
    browser.find_element(By.ID, "name").send_keys(NAME)
    browser.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    WebDriverWait(browser, 30).until(lambda _: "/sign-in" not in browser.current_url)


@contextmanager
def chromium() -> Iterator[Any]:
    programs = find_programs(None, None)
    options = ChromeOptions()
    options.binary_location = programs.browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = WebDriver(options, ChromeService(executable_path=programs.driver))
    browser.set_script_timeout(60)
    try:
        yield browser
    finally:
        browser.quit()

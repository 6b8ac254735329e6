"""A look at pages finds what is wrong with them."""

from __future__ import annotations

import pytest
from flask import Flask

from benchmarks.admin import looks
from benchmarks.admin.office import served
from tests.browsers import needs_chromium

pytestmark = [needs_chromium, pytest.mark.slow]

HEAD = '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
BAD = f"""{HEAD}<title>Bad</title><main><h1>Bad</h1>
<img src="/missing.png" width="900" height="10"></main><script>missing()</script>"""
GOOD = f"{HEAD}<title>Good</title><main><h1>Good</h1></main>"


def test_faults_of_a_page_are_found_and_a_good_page_has_none() -> None:
    # Given a picture without words that is too wide and missing, and a broken script
    app = Flask(__name__)
    app.add_url_rule("/bad", "bad", lambda: BAD)
    app.add_url_rule("/good", "good", lambda: GOOD)

    with served(app) as url, looks.chromium() as browser:
        good = list(looks.looked_at(browser, url, "/good"))
        bad = list(looks.looked_at(browser, url, "/bad"))

    # Then each is found, on each screen
    assert [finding.what for finding in good if "favicon" not in finding.where] == []
    found = {(finding.what.split(" ")[0], finding.screen) for finding in bad}
    screens = {"1280 light", "1280 dark", "390 light", "390 dark"}
    assert {screen for what, screen in found if what == "image-alt"} == screens
    assert {screen for what, screen in found if what == "error"} == screens
    assert any("wider than the screen" in finding.what for finding in bad)

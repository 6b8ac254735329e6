"""The creators' pages: sign-in, posts made through them, and use in a real browser."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.testing import RunningSandbox
from tests.browsers import chromium, needs_chromium
from tests.sandbox.conftest import MakeVideo
from tests.sandbox.posting import publish
from tests.waiting import until

FIELDS = {"visibility": "Everyone", "comment": True, "reuse": False, "aigc": True}


def signed_in(sandbox: RunningSandbox, creator: str = "storymill_tales") -> requests.Session:
    client = requests.Session()
    for cookie in json.loads(sandbox.browser_session(creator)):
        client.cookies.set(cookie["name"], cookie["value"])
    return client


def upload(sandbox: RunningSandbox, client: requests.Session, video: Path) -> str:
    url = f"{sandbox.studio_url}/api/upload"
    answer = client.put(url, data=video.read_bytes(), timeout=20).json()
    assert answer["error"] == ""
    return str(answer["id"])


def post(
    sandbox: RunningSandbox, client: requests.Session, draft: str, text: str, **changed: Any
) -> requests.Response:
    body = {"id": draft, "text": text, **FIELDS, **changed}
    return client.post(f"{sandbox.studio_url}/api/post", json=body, timeout=10)


@pytest.mark.parametrize("page", ["upload", "content"])
def test_the_pages_require_the_cookie(sandbox: RunningSandbox, page: str) -> None:
    answer = requests.get(f"{sandbox.studio_url}/{page}", timeout=10)

    assert answer.url == f"{sandbox.tiktok_url}/login"
    assert (
        requests.put(f"{sandbox.studio_url}/api/upload", data=b"x", timeout=10).status_code == 401
    )


def test_a_sign_in_ends_after_its_time_or_by_a_switch(sandbox: RunningSandbox) -> None:
    client = signed_in(sandbox)
    url = f"{sandbox.studio_url}/upload"
    assert "@storymill_tales" in client.get(url, timeout=10).text

    sandbox.fault("studio", "page", "signed_out")
    for _ in range(2):  # the switch applies once, and the session stays ended
        assert client.get(url, timeout=10).url.endswith("/login")

    client = signed_in(sandbox)
    sandbox.advance(61 * 86_400)
    assert client.get(url, timeout=10).url.endswith("/login")


def test_a_browser_post_is_an_ordinary_post_with_a_mark(
    sandbox: RunningSandbox, make_video: MakeVideo
) -> None:
    client, video = signed_in(sandbox), make_video()

    assert post(sandbox, client, upload(sandbox, client, video), "A #b").json()["error"] == ""

    listed = client.get(f"{sandbox.studio_url}/content", timeout=10).text
    made = settled(sandbox)
    assert (made["via"], made["title"], made["hashtags"]) == ("browser", "A #b", ["b"])
    assert (made["size"], made["status"]) == (video.stat().st_size, "PUBLISH_COMPLETE")
    assert f"/@storymill_tales/video/{made['post_id']}" in listed
    assert abs((int(made["post_id"]) >> 32) - time.time()) < 60


def settled(sandbox: RunningSandbox) -> dict[str, Any]:
    for _ in range(60):
        [made] = sandbox.posts()
        if not made["status"].startswith("PROCESSING"):
            return made
        time.sleep(0.1)
    raise AssertionError(f"still {made['status']}")


def test_a_draft_is_posted_only_once_by_its_owner_within_the_rules(
    sandbox: RunningSandbox, make_video: MakeVideo
) -> None:
    client, other = signed_in(sandbox), signed_in(sandbox, "midnight_pages")
    draft = upload(sandbox, client, make_video())
    assert post(sandbox, client, draft, "Once").ok

    assert post(sandbox, client, draft, "Twice").status_code == 409
    stolen = upload(sandbox, client, make_video())
    assert post(sandbox, other, stolen, "Mine").status_code == 409
    long = upload(sandbox, client, make_video())
    assert post(sandbox, client, long, "x" * 2_201).status_code == 400
    hidden = upload(sandbox, client, make_video())
    assert post(sandbox, client, hidden, "x", visibility="Aunts").status_code == 400
    assert len(sandbox.posts()) == 1


def test_a_double_post_is_visible_and_does_not_count_for_the_apis_cap(
    sandbox: RunningSandbox, make_video: MakeVideo
) -> None:
    sandbox.change(daily_posts=1)
    client = signed_in(sandbox)
    for _ in range(2):
        post(sandbox, client, upload(sandbox, client, make_video()), "Again")

    publish(sandbox, sandbox.grant()["access_token"], make_video())

    assert sorted(p["via"] for p in sandbox.posts()) == ["api", "browser", "browser"]


def test_a_fault_of_another_call_is_refused(sandbox: RunningSandbox) -> None:
    switch = {"wire": "studio", "call": "content", "fault": "captcha"}

    assert (
        requests.post(f"{sandbox.url}/sandbox/faults", json=switch, timeout=10).status_code == 400
    )


@pytest.mark.slow
@needs_chromium
def test_a_person_can_post_with_the_keyboard_without_browser_errors(
    sandbox: RunningSandbox, make_video: MakeVideo
) -> None:
    with chromium() as person:
        metrics = {"width": 390, "height": 900, "deviceScaleFactor": 1, "mobile": True}
        person.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        overflow = "return document.documentElement.scrollWidth - window.innerWidth"

        def one(selector: str) -> Any:
            assert person.execute_script(overflow) <= 0
            return person.find_element("css selector", selector)

        # given a person who signs in and chooses a file
        person.get(f"{sandbox.tiktok_url}/login")
        one("main button").send_keys("\ue007")
        until(lambda: "/upload" in person.current_url)
        one("input[type=file]").send_keys(str(make_video()))
        until(lambda: one("[data-e2e=post_video_button]").is_enabled())
        # when a hashtag is typed, and Enter pressed on the suggestion
        one("[contenteditable]").send_keys(" #night")
        until(lambda: one(".mention-list-popover").is_displayed())
        one("[contenteditable]").send_keys("\ue007")
        until(lambda: "#nightforever" in one("[contenteditable]").text)
        # and the video is posted
        one("[data-e2e=post_video_button]").send_keys("\ue007")
        until(lambda: "/content" in person.current_url)
        # then it is listed, and the console is empty
        assert "#nightforever" in one("[data-tt=components_PostTable_Container]").text
        log = person.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
        assert [line for line in log if line["level"] == "SEVERE"] == []

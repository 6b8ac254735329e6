"""One search box finds everything, and says so when a word is too common to search for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from models import JobState, PostState, VideoState
from tests.admin import records

if TYPE_CHECKING:
    from core.settings import Settings
    from tests.admin.conftest import Browser

REQUEST = "0123456789abcdef" * 2


def kinds(browser: Browser, text: str) -> dict[str, list[str]]:
    """What a search finds: the labels by kind."""
    page = browser.get("/search/", query_string={"q": text}).text
    sections = re.findall(r'<h2 id="kind-\d+">(\w+)</h2>(.*?)</section>', page, re.DOTALL)
    return {
        name: re.findall(r'class="about" dir="auto">([^<]*)</a>', hits) for name, hits in sections
    }


@pytest.fixture
def _tales(settings: Settings, record: None) -> None:
    """A story with a post on TikTok, and a newer one whose script failed."""
    url = "https://www.reddit.com/r/eveningtales/comments/ab12cd/the_green_ladder/"
    made = records.story("The green ladder", "scripted", url=url, external_id="reddit:t3_ab12cd")
    video = records.video(settings.media_dir, records.part(made), VideoState.READY)
    account = records.account("midnight_pages", username="midnight.pages")
    fields = {"platform_id": "7301234567890123456", "publish_id": "v_pub~1"}
    records.post(video, account, PostState.PUBLISHED, **fields)
    second = records.story("A ladder for the moon", url="https://tales.example/moon")
    records.failure("script", second.id)
    records.job("prepare", second.id, JobState.DONE, request_id=REQUEST)


GREEN, MOON = "The green ladder", "A ladder for the moon"
POST = "The green ladder #storytime"


FOUND: list[tuple[str, dict[str, list[str]]]] = [
    ("green lad", {"Stories": [GREEN], "Videos": [GREEN], "Posts": [POST]}),
    ("moon", {"Stories": [MOON], "Jobs": [MOON]}),
    ("the ladder", {"Stories": [MOON, GREEN], "Videos": [GREEN], "Posts": [POST],
                    "Jobs": [MOON]}),
    ("midnight", {"Accounts": ["midnight_pages"]}),
    ("@midnight.pages", {"Accounts": ["midnight_pages"]}),
    ("https://www.tiktok.com/@midnight.pages/video/7301234567890123456",
     {"Posts": [POST], "Accounts": ["midnight_pages"]}),
    ("v_pub~1", {"Posts": [POST]}),
    ("http://reddit.com/r/eveningtales/comments/ab12cd/the_green_ladder",
     {"Stories": [GREEN], "Videos": [GREEN], "Posts": [POST]}),
    ("redd.it/ab12cd", {"Stories": [GREEN], "Videos": [GREEN], "Posts": [POST]}),
    ("https://tales.example/moon/", {"Stories": [MOON], "Jobs": [MOON]}),
    (REQUEST, {"Jobs": [MOON]}),
    ("2", {"Stories": [MOON], "Jobs": [MOON]}),
    ("unheard of", {}),
    ("% _ \\", {}),
]  # fmt: skip


@pytest.mark.usefixtures("_tales")
def test_a_search_finds_words_numbers_and_addresses(viewer: Browser) -> None:
    for text, found in FOUND:
        assert kinds(viewer, text) == found, text


@pytest.mark.usefixtures("_tales")
def test_a_word_that_is_too_common_never_says_that_nothing_has_it(viewer: Browser) -> None:
    for path in (
        "/search/?q=the",
        "/stories/?search=the",
        "/stories/?search=The+for&state=waiting",
    ):
        page = viewer.get(path).text
        assert MOON in page, path
        assert "too common to search all stories for" in page, path
    page = viewer.get("/stories/?search=because").text
    assert "None of the newest 2,000 stories has it" in page
    assert "/search/" in viewer.get("/").text

"""How videos perform: totals, comparisons, curves and the CSV export."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from admin import insights
from admin.lists.exports import cell
from models import Account, Insight, Post, PostState, now
from tests.admin import records

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.settings import Settings
    from tests.admin.conftest import Browser

pytestmark = pytest.mark.slow

YESTERDAY = (now() - timedelta(days=1)).astimezone(UTC).date()


@pytest.fixture
def counted(settings: Settings, record: None) -> Callable[..., Post]:
    """Creates a published post with one count for each of ``views``."""

    def make(
        title: str, *views: int, on: Account, hour: int = 12, source: str = "evening tales"
    ) -> Post:
        story = records.story(title, source=records.source(source))
        at = datetime(YESTERDAY.year, YESTERDAY.month, YESTERDAY.day, hour, 5, tzinfo=UTC)
        post = records.post(
            records.video(settings.media_dir, records.part(story)),
            on,
            PostState.PUBLISHED,
            published_at=at,
            platform_id="75",
        )
        for number, seen in enumerate(views, 1):
            Insight.create(
                post=post,
                created_at=at + number * timedelta(minutes=15),
                views=seen,
                likes=seen // 10,
                comments=seen // 100,
                shares=0,
            )
        return post

    return make


def test_each_video_contributes_its_latest_count(
    counted: Callable[..., Post], viewer: Browser
) -> None:
    nights, days = records.account("nights"), records.account("days")
    counted("The lamp", 10, 400, 1_000, on=nights)
    counted("The well", 5, 3_000, on=nights, source="morning tales")
    counted("The door", 200, on=days)
    counted("Not counted", on=days)
    old = counted("Long ago", 9_000_000, on=days)
    Post.update(published_at=now() - timedelta(days=40)).where(Post.id == old.id).execute()

    together, shown = insights.most_seen(30)

    assert [video.title for video in shown] == ["The well", "The lamp", "The door"]
    assert (together.videos, together.views, together.median) == (3, 4_200, 1_000)
    assert (together.likes, together.comments) == (420, 42)
    again, by_account = insights.compared("accounts", 30)
    assert again == together
    assert [(row.key, row.videos, row.views) for row in by_account] == [
        (nights.id, 2, 4_000),
        (days.id, 1, 200),
    ]
    _, by_source = insights.compared("sources", 30)
    assert [(row.videos, row.views, row.median) for row in by_source] == [
        (1, 3_000, 3_000),
        (2, 1_200, 600),
    ]
    assert insights.most_seen(90)[0].videos == 4
    assert insights.most_seen(30, days.id)[0].views == 200
    for by, words in {
        "videos": ("The well", "4,200"),
        "accounts": ("nights", "4,000"),
        "sources": ("morning tales", "3,000"),
        "hours": ("Best hour to post", "<strong>12:00</strong>", "1,000"),
    }.items():
        page = viewer.get(f"/insights/?by={by}").text
        assert all(word in page for word in words), by


def test_hours_are_in_the_accounts_time_zone(counted: Callable[..., Post], viewer: Browser) -> None:
    here, there = records.account("here"), records.account("there", timezone="Asia/Tokyo")
    for views in (100, 120, 140):
        counted("Noon here", views, on=here, hour=12)
        counted("Noon there", views + 50, on=there, hour=3)
        counted("Evening", views - 90, on=here, hour=20)
    counted("Once, and everybody saw it", 1_000_000, on=here, hour=5)

    _, hours = insights.compared("hours", 7)
    best = insights.best_hour(hours)

    assert best is not None
    assert (best.key, best.videos, best.median) == (12, 6, 145)
    page = viewer.get("/insights/?by=hours&days=7").text
    assert "half of its 6 videos have at least 145 views" in page


def test_a_videos_curve_has_every_count(counted: Callable[..., Post], viewer: Browser) -> None:
    post = counted("The lamp", 10, 400, 1_000, on=records.account())

    points = insights.curve(post.id)

    assert [(point.age, point.views) for point in points] == [
        (timedelta(minutes=15), 10),
        (timedelta(minutes=30), 400),
        (timedelta(minutes=45), 1_000),
    ]
    assert [(round(point.x, 2), point.y) for point in points] == [
        (0.33, 0.01),
        (0.67, 0.4),
        (1.0, 1.0),
    ]
    page = viewer.get(f"/insights/{post.id}").text
    assert "after 30 min: 400 views, 40 likes, 4 comments, 0 shares" in page
    assert insights.curve(post.id + 1) == []


def test_an_empty_page_says_why(viewer: Browser) -> None:
    for path in ("/insights/", "/insights/?by=hours&days=7", "/insights/?account=5"):
        assert "No views counted in this period" in viewer.get(path).text
    for path in ("/insights/?by=nothing", "/insights/?days=8", "/insights/99"):
        assert viewer.get(path).status_code == 404


def test_the_export_has_every_video_and_no_formulas(
    counted: Callable[..., Post], viewer: Browser
) -> None:
    counted('=HYPERLINK("https://evil.example")', 7, on=records.account("@evil"))

    answer = viewer.get("/insights/videos.csv?days=7")

    assert answer.mimetype == "text/csv"
    assert "videos-7-days.csv" in answer.headers["Content-Disposition"]
    head, row = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert head == list(insights.COLUMNS)
    assert row[1:4] == ["'@evil", "evening tales", '\'=HYPERLINK("https://evil.example")']
    assert row[9:] == ["7", "0", "0", "0"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1+1"])
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"

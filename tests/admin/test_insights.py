"""How videos perform: totals, comparisons, curves, what they suggest to do, the CSV export."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from adapters.ports import VideoCounts
from admin.insights import gains, sums, videos
from admin.insights.standouts import extremes
from admin.lists.exports import cell
from core.db import database, transaction
from models import Account, Part, Post, PostState, Slot, Story, ViewGain, now
from pipelines.publishing.counts import store
from pipelines.publishing.scheduling.slots import at_local
from tests.admin import records

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.settings import Settings
    from tests.admin.conftest import Browser

pytestmark = pytest.mark.slow


@pytest.fixture
def counted(settings: Settings, record: None) -> Callable[..., Post]:
    """Creates a published post with one count for each of ``views``."""

    def make(
        title: str,
        *views: int,
        on: Account,
        hour: int = 12,
        source: str = "evening tales",
        days_ago: int = 1,
        **shape: Any,
    ) -> Post:
        story = Story.get_or_none(Story.title == title) or records.story(
            title, source=records.source(source)
        )
        day = (now() - timedelta(days=days_ago)).astimezone(UTC)
        at = day.replace(hour=hour, minute=5, second=0, microsecond=0)
        part = records.part(story, **{name: n for name, n in shape.items() if name != "hook"})
        Part.update(hook=shape.get("hook", part.hook)).where(Part.id == part.id).execute()
        post = records.post(
            records.video(settings.media_dir, part),
            on,
            PostState.PUBLISHED,
            published_at=at,
            platform_id="75",
        )
        for number, seen in enumerate(views, 1):
            records.counted(post, seen, at + number * timedelta(minutes=15))
        return post

    return make


def test_each_video_contributes_its_latest_count(
    counted: Callable[..., Post], viewer: Browser
) -> None:
    nights, days = records.account("nights"), records.account("days")
    counted("The lamp", 10, 400, 1_000, on=nights)
    counted("The well", 5, 3_000, on=nights, source="morning tales", parts=2)
    counted("The door", 200, on=days)
    counted("Not counted", on=days)
    counted("Long ago", 9_000_000, on=days, days_ago=40)

    together, shown = videos.most_seen(30)

    assert [video.title for video in shown] == ["The well", "The lamp", "The door"]
    assert (together.videos, together.views, round(together.typical)) == (3, 4_200, 844)
    assert (together.likes, together.comments) == (420, 42)
    again, by_account = sums.compared("accounts", 30)
    assert again == together
    assert [(row.key, row.videos, row.views) for row in by_account] == [
        (nights.id, 2, 4_000),
        (days.id, 1, 200),
    ]
    _, by_source = sums.compared("sources", 30)
    assert [(row.videos, row.views, round(row.typical)) for row in by_source] == [
        (1, 3_000, 3_000),
        (2, 1_200, 448),
    ]
    counted("The well", 1_500, on=nights, number=2, parts=2)
    assert videos.most_seen(90)[0].videos == 5
    assert videos.most_seen(30, days.id)[0].views == 200
    assert [video.title for video in videos.most_seen(90, days.id)[1]] == ["Long ago", "The door"]
    for by, words in {
        "videos": ("The well", "5,700"),
        "accounts": ("nights", "5,500"),
        "sources": ("morning tales", "4,500"),
        "hours": ("No hour is clearly better", "9"),
        "hooks": ("A statement of up to 8 words", "A ladder came home in the wrong colour."),
        "parts": ("Part 2", "50 %"),
        "overview": ("Nothing stands out", "Views day by day"),
    }.items():
        page = viewer.get(f"/insights/?by={by}").text
        assert all(word in page for word in words), by


def test_one_accounts_figures_are_those_of_all_that_are_its_own(
    counted: Callable[..., Post],
) -> None:
    # Given an account that alone has published
    only, other = records.account("nights"), records.account("days")
    for number, hook in enumerate(("Why me?", "“Stop,” she said.", "It was 3.", "Never " * 9)):
        counted(f"Tale {number}", 10 + number, on=only, hour=number, hook=hook)
        counted(f"Long tale {number}", 100, on=only, number=2, parts=3)

    for by in sums.COMPARED_BY:
        # Then its sums, made of its videos, are those that were kept for all
        assert sums.compared(by, 7, only.id) == sums.compared(by, 7)
        assert sums.compared(by, 7, other.id) == (sums.Sum(None), [])
    assert [row.key for row in sums.compared("hooks", 7)[1]] == [5, 3, 2, 1]
    assert [row.key for row in sums.compared("parts", 7)[1]] == [302]


def test_hours_are_in_the_accounts_time_zone(counted: Callable[..., Post], viewer: Browser) -> None:
    here, there = records.account("here"), records.account("there", timezone="Asia/Tokyo")
    for views in range(100, 200, 10):
        counted(f"Noon here {views}", views, on=here, hour=12)
        counted(f"Noon there {views}", views + 50, on=there, hour=3)
        counted(f"Evening {views}", views - 90, on=here, hour=20)

    best, _ = extremes(*sums.compared("hours", 7))

    assert best is not None
    assert (best.group.key, best.group.videos, round(best.group.typical)) == (12, 20, 166)
    page = viewer.get("/insights/?by=hours&days=7").text
    assert "its 20 videos typically get 166 views" in page


def test_sentences_say_what_to_do_once_enough_videos_say_so(
    counted: Callable[..., Post], viewer: Browser, editor: Browser
) -> None:
    # Given posts at three hours, from two sources, with two kinds of hooks, some in two parts
    pages = records.account("midnight_pages")
    Slot.create(account=pages, weekday=1, at="09:30")

    def publish(number: int) -> None:
        spread = 100 + 7 * number
        morning = {"on": pages, "hour": 9, "source": "morning tales", "hook": "A long day. " * 9}
        evening = {"on": pages, "hour": 18, "hook": "Who was it?"}
        counted(f"Day {number}", spread, number=1, parts=2, **morning)
        counted(f"Day {number}", spread // 3, number=2, parts=2, **morning)
        counted(f"Night {number}", 3 * spread, **evening)
        counted(f"Noon {number}", spread, on=pages, hour=12, source="morning tales")

    def said(browser: Browser) -> str:
        page = browser.get("/insights/?days=7").text
        return " ".join(re.sub(r"<[^>]+>", " ", page[page.index("What to do") :]).split())

    for number in range(4):
        publish(number)
    assert "Nothing stands out in this period." in said(editor)

    # When there are ten of each
    for number in range(4, 10):
        publish(number)

    # Then each difference is a sentence, with its number, and a link to where something is done
    words = said(editor)
    for sentence in (
        "Posts at 18:00 get 4.3 times the views of the others: typically 390 instead of 90",
        "(10 videos). Move slots of midnight_pages to that hour .",
        "Posts at 09:00 get 58 % of the views of the others: typically 75 instead of 130",
        "(20 videos). Move slots of midnight_pages to a better hour .",
        "Stories of evening tales get 4.3 times the views",
        "Videos whose hook is a question get 3.0 times the views",
        "Part 2 gets 33 % of the views of part 1 (10 videos).",
    ):
        assert sentence in words, words
    page = editor.get("/insights/?days=7").text
    assert f'href="/accounts/{pages.id}#times"' in page
    # And those who can't change it get no link
    assert f'href="/accounts/{pages.id}#times"' not in viewer.get("/insights/?days=7").text
    assert "Part 2 gets 33 %" in said(viewer)


def test_the_chart_of_views_has_a_table_with_the_same_figures(
    counted: Callable[..., Post], viewer: Browser
) -> None:
    # Given a video that had 400 views yesterday and 600 more since then, in the viewer's days
    post = counted("The lamp", 400, on=records.account())
    counted("The well", 50, on=records.account("days"), days_ago=10)
    records.counted(post, 1_000)

    for path in ("/", "/?days=30", "/insights/?days=7", "/insights/"):
        page = viewer.get(path).text
        days = 7 if "7" in path or path == "/" else 30
        # Then there is a bar and a row for each day
        chart = page[page.index('aria-label="Views gained on each') :]
        assert chart[: chart.index("</svg>")].count("<g><title>") == days, path
        rows = re.findall(r"<tr><td>([^<]+)</td><td class=\"number\">([\d,]+)</td>", chart)
        assert [views for _, views in rows[:3]] == ["600", "400", "0"], path
        assert len(rows) == days
        total = "1,000" if days == 7 else "1,050"
        assert f"<strong>{total}</strong> views in {days} days" in page
    assert "1900 % more than in the 7 days before" in viewer.get("/").text
    assert viewer.get("/?days=8").status_code == 404


@pytest.mark.parametrize("clock", ["00:05", "12:00", "12:50", "23:59"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_an_unfinished_day_is_compared_with_as_much_of_a_day(
    record: None, monkeypatch: pytest.MonkeyPatch, clock: str, zone: str
) -> None:
    # Given as many views in every hour of the last weeks, and a day that isn't over
    there = ZoneInfo(zone)
    present = at_local(there, date(2026, 1, 28), clock)
    monkeypatch.setattr(gains, "now", lambda: present)
    gained = {"account_id": ViewGain.ALL, "videos": 0, "likes": 0, "comments": 0, "shares": 0}
    hour = at_local(there, date(2026, 1, 1), "00:00")
    while hour <= present:
        share = min(1.0, (present - hour) / timedelta(hours=1))
        ViewGain.create(hour=hour, views=round(600 * share), **gained)
        hour += timedelta(hours=1)
    # Then the last days have as many as those before
    found = gains.gained(7, there)
    assert found.growth == pytest.approx(0, abs=0.004)
    assert found.days[0].views == 24 * 600


def test_no_page_reads_the_past(
    counted: Callable[..., Post], viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given many videos of last year, each with three counts, and hundreds of one day of this week
    post = counted("The lamp", 10, 40, on=records.account())
    database.execute_sql(
        "INSERT INTO account SELECT (jsonb_populate_record(account, jsonb_build_object("
        "'id', 1000 + n, 'open_id', n))).* FROM account, generate_series(1, 1000) AS n"
    )
    database.execute_sql(
        "INSERT INTO post SELECT (jsonb_populate_record(post, jsonb_build_object('id', 1000 + n, "
        "'account_id', 1000 + n, 'published_at', "
        "now() - CASE WHEN n > 300 THEN 300 ELSE 2 END * interval '1 day'))).* "
        "FROM post, generate_series(1, 1000) AS n"
    )
    ids = [1000 + n for n in range(1, 1001)]
    for hours in range(3):
        with transaction():
            at = now() - timedelta(days=300, hours=-hours)
            store(dict.fromkeys(ids, VideoCounts(hours, 0, 0, 0)), at)
    database.execute_sql("ANALYZE")

    # When every page is read
    asked = list[tuple[str, Any]]()
    execute: Any = type(database).execute_sql

    def noted(self: Any, sql: str, params: Any = None, **options: Any) -> Any:
        asked.append((sql, params))
        return execute(self, sql, params, **options)

    paths = [f"/insights/?by={by}&days=90" for by in ("overview", "videos", *sums.COMPARED_BY)]
    paths += [f"{path}&account={post.account.id}" for path in paths]
    paths += [f"/insights/videos.csv?days=90&account={post.account.id}"]
    paths += [f"/insights/{post.id}", "/?days=30"]
    with monkeypatch.context() as patched:
        patched.setattr(type(database), "execute_sql", noted)
        for path in paths:
            assert viewer.get(path).status_code == 200, path

    # Then no statement reads last year's rows, or more of a day than it shows, and none needs a
    # whole table (for so few rows PostgreSQL would read whole tables all the same)
    for way in ("seqscan", "hashjoin", "mergejoin"):
        database.execute_sql(f"SET enable_{way} = off")
    read = [(sql, params) for sql, params in asked if "latest_count" in sql or "insight" in sql]
    read += [(sql, params) for sql, params in asked if "day_total" in sql or "view_gain" in sql]
    assert len(read) > len(paths)
    for sql, params in read:
        plan = database.execute_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params).fetchone()
        assert rows_read(plan[0][0]["Plan"]) < MOST_READ, (sql, plan)


MOST_READ = 320
"""Rows: fifty videos are shown, each with the rows that it belongs to."""
LARGE = {"insight", "latest_count", "day_total", "view_gain", "post", "video", "part", "story"}


def rows_read(node: dict[str, Any]) -> float:
    """Rows of large tables that a plan looks at; a whole table counts as without an end."""
    below = sum(map(rows_read, node.get("Plans", [])))
    if node.get("Relation Name") not in LARGE:
        return below
    if node["Node Type"] == "Seq Scan":
        return float("inf")
    seen = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return float(seen * node["Actual Loops"] + below)


def test_a_videos_curve_has_every_count(counted: Callable[..., Post], viewer: Browser) -> None:
    post = counted("The lamp", 10, 400, 1_000, on=records.account())

    points = videos.curve(post.id)

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
    assert videos.curve(post.id + 1) == []


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
    assert head == list(videos.COLUMNS)
    assert row[1:4] == ["'@evil", "evening tales", '\'=HYPERLINK("https://evil.example")']
    assert row[9:] == ["7", "0", "0", "0"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1+1"])
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"

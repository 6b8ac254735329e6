"""Counts and the sums that are kept of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.ports import VideoCounts
from core.db import database, migrate, transaction
from models import DayTotal, Insight, LatestCount, Post, PostState, StoryState, ViewGain
from pipelines.publishing.counts import store
from tests.admin import records

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 3, 12, 10, tzinfo=UTC)


@pytest.fixture
def posts(record: None, tmp_path: Path) -> list[Post]:
    """Two stories on two accounts in different zones; the first story is in two parts."""
    accounts = [records.account("near"), records.account("far", timezone="Asia/Tokyo")]
    first = records.story("The lamp", StoryState.SCRIPTED)
    parts = [records.part(first, number, 2) for number in (1, 2)]
    videos = [records.video(tmp_path, part) for part in (*parts, records.part())]
    return [
        records.post(
            video, account, PostState.PUBLISHED, published_at=NOON - timedelta(days=number)
        )
        for number, video in enumerate(videos)
        for account in accounts
    ]


def count(at: datetime, *counted: tuple[Post, int]) -> None:
    with transaction():
        found = {
            post.id: VideoCounts(views=views, likes=views // 2, comments=1, shares=0)
            for post, views in counted
        }
        store(found, at)


def rows(table: Any) -> list[Any]:
    return sorted(table.select().tuples())


def test_the_sums_are_those_of_the_counts_late_or_doubled(posts: list[Post]) -> None:
    # Given counts that come in order, twice, late, and fewer than before
    first, second, *others = posts
    count(NOON, *((post, 10 * number) for number, post in enumerate(posts)))
    count(NOON + HOUR, (first, 100), (second, 200))
    count(NOON + HOUR, (first, 100), (second, 210))
    count(NOON + HOUR / 2, (first, 50))
    count(NOON + 3 * HOUR, (second, 205), (others[0], 7))

    # Then every count is kept, and the newest of each post is the one that is summed
    assert Insight.select().count() == len(posts) + 7
    latest = {row.post.id: row.views for row in LatestCount.select()}
    assert latest == {first.id: 100, second.id: 205, **{
        post.id: 7 if post is others[0] else 10 * number
        for number, post in enumerate(others, 2)
    }}  # fmt: skip
    for by in ("account", "source", "hour"):
        sums = DayTotal.select().where(DayTotal.by == by)
        assert sum(row.views for row in sums) == sum(latest.values())
        assert sum(row.videos for row in sums) == len(posts)
    parts = {row.key: row.views for row in DayTotal.select().where(DayTotal.by == "part")}
    assert parts == {201: 305, 202: 7 + 30}
    hours = {row.key for row in DayTotal.select().where(DayTotal.by == "hour")}
    assert hours == {12, 21}
    # And what was gained is what there is
    gains = ViewGain.select().where(ViewGain.account_id == ViewGain.ALL)
    assert sum(row.views for row in gains) == sum(latest.values())
    assert sum(row.videos for row in gains) == len(posts)
    of_accounts = ViewGain.select().where(ViewGain.account_id != ViewGain.ALL)
    assert sum(row.views for row in of_accounts) == sum(latest.values())


def test_the_migration_fills_the_sums_from_what_was_counted_before(posts: list[Post]) -> None:
    # Given counts that the release before stored as well, of posts that are far apart
    Post.update(id=25_000).where(Post.id == posts[-1].id).execute()
    counted = [*posts[1:-1], Post.get_by_id(25_000)]
    for hours in range(3):
        views = enumerate(counted, 100 * hours)
        count(NOON + hours * HOUR, *((post, number) for number, post in views))
    tables = (LatestCount, DayTotal, ViewGain)
    kept = [rows(table) for table in tables]
    assert all(kept)

    # When we go back and forward
    names = migrate.applied()
    migrate.back(len(names) - names.index("0023_insight_sums"))
    assert "latest_count" not in database.get_tables()
    migrate.forward()

    # Then they are the same
    assert [rows(table) for table in tables] == kept

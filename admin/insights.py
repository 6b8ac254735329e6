"""How published videos perform: totals, comparisons and curves for the pages.

Each video contributes its latest count: one index lookup per post of the period, so the length of
the curves doesn't matter. A million rows of counts are 12,500 posts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.db import database
from models import now

PERIODS = (7, 30, 90)
"""Days since publication."""
BEST = 50
LEAST_TO_COMPARE = 3
"""Videos an hour needs before it can be the best hour."""

LAST = """
    SELECT post.id, post.account_id, post.video_id, post.published_at,
           counts.created_at AS counted_at, views, likes, comments, shares
    FROM post CROSS JOIN LATERAL (
        SELECT * FROM insight WHERE post_id = post.id ORDER BY id DESC LIMIT 1
    ) AS counts
    WHERE published_at >= %(since)s AND (%(account)s IS NULL OR account_id = %(account)s)
"""
ABOUT = """
    JOIN account ON account.id = last.account_id
    JOIN video ON video.id = last.video_id
    JOIN part ON part.id = video.part_id
    JOIN script ON script.id = part.script_id
"""
SUMS = """
    count(*) AS videos, COALESCE(sum(views), 0)::bigint AS views,
    COALESCE(percentile_cont(0.5) WITHIN GROUP (ORDER BY views), 0) AS median,
    COALESCE(sum(likes), 0)::bigint AS likes, COALESCE(sum(comments), 0)::bigint AS comments,
    COALESCE(sum(shares), 0)::bigint AS shares
"""
# Looked up per video: for a join PostgreSQL would read every story.
SOURCE = """
    (SELECT source_id FROM video JOIN part ON part.id = part_id JOIN script ON script.id = script_id
                                 JOIN story ON story.id = story_id WHERE video.id = last.video_id)
"""
KEYS = {
    "accounts": ("last.account_id", ""),
    "hours": (
        "extract(hour FROM published_at AT TIME ZONE account.timezone)::int",
        "JOIN account ON account.id = last.account_id",
    ),
    "sources": (SOURCE, ""),
}
"""What videos are compared by: an expression and the join it needs."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Totals of the videos that share ``key``; of all videos where it is None."""

    key: int | None
    videos: int = 0
    views: int = 0
    median: float = 0.0
    """Median views: one viral video doesn't make a good hour."""
    likes: int = 0
    comments: int = 0
    shares: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """One video with its latest count."""

    post_id: int
    published_at: datetime
    counted_at: datetime
    views: int
    likes: int
    comments: int
    shares: int
    account: str
    title: str
    number: int
    of: int


@dataclass(frozen=True, slots=True)
class Point:
    """One count on a video's curve, and its position there (``x`` and ``y`` from 0 to 1)."""

    x: float
    y: float
    at: datetime
    age: timedelta
    views: int
    likes: int
    comments: int
    shares: int


def compared(by: str, days: int, account_id: int | None = None) -> tuple[Sum, list[Sum]]:
    """Totals of the period's videos, overall and by ``by`` (of ``KEYS``), most viewed first."""
    key, join = KEYS[by]
    rows = _ask(
        f"WITH last AS ({LAST}), keyed AS (SELECT {key} AS key, last.* FROM last {join}) "
        f"SELECT key, {SUMS} FROM keyed GROUP BY GROUPING SETS ((), (key)) "
        "ORDER BY grouping(key) DESC, 3 DESC, key",
        **_of(days, account_id),
    )
    together, *sums = [Sum(*row) for row in rows]
    return together, sums


def best_hour(hours: list[Sum]) -> Sum | None:
    """The hour with the highest median, among hours with enough videos."""
    enough = [hour for hour in hours if hour.videos >= LEAST_TO_COMPARE]
    return max(enough, key=lambda hour: hour.median, default=None)


def most_seen(days: int, account_id: int | None = None) -> tuple[Sum, list[Shown]]:
    """Totals of the period's videos, and the ``BEST`` most viewed of them."""
    rows = _ask(
        f"WITH every AS MATERIALIZED ({LAST}), "
        f"last AS (SELECT * FROM every ORDER BY views DESC, id LIMIT {BEST}) "
        f"SELECT sums.*, last.id, published_at, counted_at, last.views, last.likes, last.comments, "
        "last.shares, account.name, script.title, number, part.of "
        f"FROM (SELECT {SUMS} FROM every) AS sums CROSS JOIN last {ABOUT} "
        "ORDER BY last.views DESC, last.id",
        **_of(days, account_id),
    )
    together = Sum(None, *rows[0][:6]) if rows else Sum(None)
    return together, [Shown(*row[6:]) for row in rows]


COLUMNS = (
    *("published", "account", "source", "title", "part", "parts", "platform id", "address"),
    *("counted", "views", "likes", "comments", "shares"),
)


def table(days: int, account_id: int | None, batch: int) -> Iterator[list[tuple[Any, ...]]]:
    """``COLUMNS`` of each video of the period, newest first, ``batch`` rows at a time.

    Each batch begins below the last row of the one before: quick at any length.
    """
    place: tuple[Any, int] = (None, 0)
    values = _of(days, account_id)
    while True:
        rows = _ask(
            f"WITH last AS (SELECT * FROM ({LAST} AND (%(at)s::timestamptz IS NULL "
            "OR (published_at, post.id) < (%(at)s, %(id)s))) AS l "
            "ORDER BY published_at DESC, id DESC LIMIT %(batch)s) "
            "SELECT last.id, last.published_at, account.name, source.name, script.title, number, "
            "part.of, post.platform_id, post.address, counted_at, views, likes, comments, shares "
            f"FROM last {ABOUT} JOIN post ON post.id = last.id JOIN story ON story.id = story_id "
            "JOIN source ON source.id = source_id ORDER BY last.published_at DESC, last.id DESC",
            batch=batch,
            at=place[0],
            id=place[1],
            **values,
        )
        if not rows:
            return
        yield [row[1:] for row in rows]
        place = (rows[-1][1], rows[-1][0])


def curves(post_ids: list[int]) -> dict[int, list[Point]]:
    """Each video's counts since publication; videos without counts have no entry."""
    rows = _ask(
        "SELECT post_id, insight.created_at, insight.created_at - published_at, views, likes, "
        "comments, shares FROM insight JOIN post ON post.id = post_id "
        "WHERE post_id = ANY(%(ids)s) AND published_at IS NOT NULL ORDER BY post_id, insight.id",
        ids=post_ids,
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for post_id, *row in rows:
        found[post_id].append(row)
    return {post_id: _scaled(counts) for post_id, counts in found.items()}


def curve(post_id: int) -> list[Point]:
    return curves([post_id]).get(post_id, [])


def _of(days: int, account_id: int | None) -> dict[str, Any]:
    return {"since": now() - timedelta(days=days), "account": account_id}


def _ask(sql: str, **values: Any) -> list[Any]:
    return list(database.execute_sql(sql, values).fetchall())


def _scaled(counts: list[Any]) -> list[Point]:
    longest = max(timedelta(seconds=1), *(age for _, age, *_ in counts))
    most = max(1, *(views for _, _, views, *_ in counts))
    return [Point(max(0.0, count[1] / longest), count[2] / most, *count) for count in counts]

"""The period's videos one by one: the most viewed, all of them as a table, the curve of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from admin.insights.sums import Sum, ask, compared, since

BEST = 50

OF_ALL = f"""
    SELECT best.* FROM generate_series(%(since)s::date, CURRENT_DATE + 1, '1 day') AS of (day)
    CROSS JOIN LATERAL (SELECT * FROM latest_count WHERE latest_count.day = of.day::date
                        ORDER BY views DESC LIMIT {BEST}) AS best
"""
"""The best of each day: the rest of a day isn't read, however many videos it has."""
OF_ACCOUNT = "SELECT * FROM latest_count WHERE account_id = %(account)s AND day >= %(since)s"
ABOUT = """
    JOIN post ON post.id = latest.post_id JOIN account ON account.id = latest.account_id
    JOIN video ON video.id = post.video_id JOIN part ON part.id = video.part_id
    JOIN script ON script.id = part.script_id
"""


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
    hook: str
    """Its opening line."""


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


def most_seen(days: int, account_id: int | None = None) -> tuple[Sum, list[Shown]]:
    """Totals of the period's videos, and the ``BEST`` most viewed of them."""
    together, _ = compared("hours", days, account_id)  # the fewest groups
    rows = ask(
        f"WITH latest AS (SELECT * FROM ({OF_ALL if account_id is None else OF_ACCOUNT}) AS latest "
        f"ORDER BY views DESC, post_id LIMIT {BEST}) "
        "SELECT post_id, published_at, counted_at, views, likes, comments, shares, account.name, "
        f'script.title, number, part."of", part.hook FROM latest {ABOUT} '
        "ORDER BY views DESC, post_id",
        since=since(days),
        account=account_id,
    )
    return together, [Shown(*row) for row in rows]


COLUMNS = (
    *("published", "account", "source", "title", "part", "parts", "platform id", "address"),
    *("counted", "views", "likes", "comments", "shares"),
)


def table(days: int, account_id: int | None, batch: int) -> Iterator[list[tuple[Any, ...]]]:
    """``COLUMNS`` of each video of the period, newest day first, ``batch`` rows at a time.

    Each batch begins below the last row of the one before: quick at any length.
    """
    of_account = "" if account_id is None else "account_id = %(account)s AND"
    below = ""
    place: dict[str, Any] = {}
    while True:
        rows = ask(
            f"WITH latest AS (SELECT * FROM latest_count WHERE {of_account} day >= %(since)s "
            f"{below} ORDER BY day DESC, post_id DESC LIMIT %(batch)s) "
            "SELECT latest.day, post_id, published_at, account.name, source.name, script.title, "
            'number, part."of", post.platform_id, post.address, counted_at, views, likes, '
            f"comments, shares FROM latest {ABOUT} JOIN source ON source.id = latest.source_id "
            "ORDER BY latest.day DESC, post_id DESC",
            since=since(days),
            account=account_id,
            batch=batch,
            **place,
        )
        if not rows:
            return
        yield [row[2:] for row in rows]
        below = "AND (day, post_id) < (%(day)s, %(post)s)"
        place = {"day": rows[-1][0], "post": rows[-1][1]}


def curves(post_ids: list[int]) -> dict[int, list[Point]]:
    """Each video's counts since publication; videos without counts have no entry."""
    rows = ask(
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


def _scaled(counts: list[Any]) -> list[Point]:
    longest = max(timedelta(seconds=1), *(age for _, age, *_ in counts))
    most = max(1, *(views for _, _, views, *_ in counts))
    return [Point(max(0.0, count[1] / longest), count[2] / most, *count) for count in counts]

"""Stores counts, and keeps the sums that insights are read from, in one transaction.

Pages read the sums (``LatestCount``, ``DayTotal``, ``ViewGain``), so their cost doesn't grow with
what was ever counted. A post's count replaces the one before it: the sums lose the old one and gain
the new one. A count that is older than the post's newest is kept, but changes no sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from adapters.ports import VideoCounts
from core.db import database
from models import ComparedBy, HookKind, ViewGain

LOG_UNIT = 10_000
LOG = f"round({LOG_UNIT} * ln(1 + greatest(views, 0)::float8))::bigint"
"""SQL: the logarithm of ``views``, as ``DayTotal`` sums it."""
SHORT_WORDS = 8

HOOK = f"""
    CASE WHEN number > 1 OR part.hook = '' THEN NULL
         WHEN part.hook ~ '[?\uff1f\u061f]["”»\u2019'')]*$' THEN {HookKind.QUESTION:d}
         WHEN part.hook ~ '^["“„«»\u2018]' THEN {HookKind.QUOTE:d}
         WHEN part.hook ~ '[0-9]' THEN {HookKind.NUMBER:d}
         WHEN cardinality(regexp_split_to_array(part.hook, '\\s+')) <= {SHORT_WORDS}
         THEN {HookKind.SHORT:d} ELSE {HookKind.LONG:d} END
"""
KEYED = {
    ComparedBy.ACCOUNT: "('account', account_id)",
    ComparedBy.SOURCE: "('source', source_id)",
    ComparedBy.HOUR: "('hour', hour)",
    ComparedBy.HOOK: "('hook', hook)",
    ComparedBy.PART: "('part', part)",
}
"""SQL: what ``DayTotal`` has a row of ``LatestCount`` under."""
STORE = f"""
WITH counted AS (
    SELECT * FROM unnest(
        %(posts)s::int[], %(views)s::bigint[], %(likes)s::bigint[], %(comments)s::bigint[],
        %(shares)s::bigint[]
    ) AS counted (post_id, views, likes, comments, shares)
), kept AS (
    INSERT INTO insight (created_at, post_id, views, likes, comments, shares)
    SELECT %(at)s, post_id, views, likes, comments, shares FROM counted ORDER BY post_id
), before AS (
    SELECT * FROM latest_count WHERE post_id = ANY(%(posts)s)
), latest AS (
    INSERT INTO latest_count (post_id, counted_at, views, likes, comments, shares, day, account_id,
        source_id, hour, hook, part)
    SELECT post.id, %(at)s, views, likes, comments, shares,
           (published_at AT TIME ZONE 'UTC')::date, post.account_id, source_id,
           extract(hour FROM published_at AT TIME ZONE account.timezone), {HOOK},
           CASE WHEN part.of > 1 THEN 100 * part.of + number END
    FROM counted JOIN post ON post.id = post_id JOIN account ON account.id = post.account_id
         JOIN video ON video.id = video_id JOIN part ON part.id = part_id
         JOIN script ON script.id = script_id JOIN story ON story.id = story_id
    ORDER BY post.id
    ON CONFLICT (post_id) DO UPDATE SET counted_at = EXCLUDED.counted_at, views = EXCLUDED.views,
        likes = EXCLUDED.likes, comments = EXCLUDED.comments, shares = EXCLUDED.shares
    WHERE latest_count.counted_at <= EXCLUDED.counted_at
    RETURNING *
), change AS (
    SELECT changed.*, log FROM (
        SELECT 1 AS sign, latest.* FROM latest
        UNION ALL SELECT -1, before.* FROM before JOIN latest USING (post_id)
    ) AS changed CROSS JOIN LATERAL (SELECT {LOG} AS log) AS of_views
), summed AS (
    INSERT INTO day_total AS total (by, day, key, videos, views, likes, comments, shares, logs,
        log_squares)
    SELECT by, day, key, sum(sign), sum(sign * views), sum(sign * likes), sum(sign * comments),
           sum(sign * shares), sum(sign * log), sum(sign * log * log)
    FROM change CROSS JOIN LATERAL (VALUES {", ".join(KEYED.values())}) AS keyed (by, key)
    WHERE key IS NOT NULL GROUP BY by, day, key ORDER BY by, day, key
    ON CONFLICT (by, day, key) DO UPDATE SET videos = total.videos + EXCLUDED.videos,
        views = total.views + EXCLUDED.views, likes = total.likes + EXCLUDED.likes,
        comments = total.comments + EXCLUDED.comments, shares = total.shares + EXCLUDED.shares,
        logs = total.logs + EXCLUDED.logs, log_squares = total.log_squares + EXCLUDED.log_squares
)
INSERT INTO view_gain AS gain (account_id, hour, videos, views, likes, comments, shares)
SELECT gained.account_id, date_trunc('hour', %(at)s::timestamptz, 'UTC'), sum(sign),
       sum(sign * views), sum(sign * likes), sum(sign * comments), sum(sign * shares)
FROM change CROSS JOIN LATERAL (VALUES ({ViewGain.ALL}), (change.account_id)) AS gained (account_id)
GROUP BY 1 ORDER BY 1
ON CONFLICT (account_id, hour) DO UPDATE SET videos = gain.videos + EXCLUDED.videos,
    views = gain.views + EXCLUDED.views, likes = gain.likes + EXCLUDED.likes,
    comments = gain.comments + EXCLUDED.comments, shares = gain.shares + EXCLUDED.shares
"""


def store(counts: Mapping[int, VideoCounts], at: datetime) -> None:
    """Store what TikTok counted for some posts, in the caller's transaction.

    Rows of sums are shared by all accounts and stay locked until the transaction ends: call this
    last. They are written in the order of their keys, so no two transactions wait for each other.

    Args:
        counts: by the ids of published posts, which the caller has locked.
        at: when they were counted.
    """
    if not counts:
        return
    posts = sorted(counts)
    values = {
        name: [getattr(counts[post_id], name) for post_id in posts]
        for name in ("views", "likes", "comments", "shares")
    }
    database.execute_sql(STORE, {"posts": posts, "at": at, **values})

"""How each of many accounts is doing: what went out today, its queue, its next post, what stopped.

Two statements for any number of accounts. For each account they read its posts of today, its queue
up to ``MOST_COUNTED`` posts, and one post each for what comes next and what stopped last: nothing
of the past, however much of it there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.db import database
from models import Account, now
from pipelines.publishing.scheduling.account_queue import HAS_GONE
from pipelines.publishing.scheduling.slots import at_local, local_day, zone
from pipelines.publishing.scheduling.stock import Stock, pace

MOST_COUNTED = 1000
"""Posts of a queue that are counted; more than that last for months."""

FIGURES = """
SELECT asked.id, today.posts, queue.posts, coming.id, coming.scheduled_at, stopped.id,
       stopped.reason
FROM unnest(%(ids)s::int[], %(midnights)s::timestamptz[]) AS asked (id, midnight)
CROSS JOIN LATERAL (
    SELECT count(*) AS posts FROM post
    WHERE account_id = asked.id AND scheduled_at BETWEEN asked.midnight AND now()
          AND state = ANY (%(gone)s::text[])
) AS today
CROSS JOIN LATERAL (
    SELECT count(*) AS posts FROM (
        SELECT FROM post WHERE account_id = asked.id AND state = 'planned' LIMIT %(most)s
    ) AS counted
) AS queue
LEFT JOIN LATERAL (
    SELECT id, scheduled_at FROM post
    WHERE account_id = asked.id AND state = 'planned' AND scheduled_at IS NOT NULL
    ORDER BY scheduled_at LIMIT 1
) AS coming ON true
LEFT JOIN LATERAL (
    SELECT id, reason FROM post
    WHERE account_id = asked.id AND state IN ('failed', 'parked') ORDER BY id DESC LIMIT 1
) AS stopped ON true
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """How one account is doing.

    Attributes:
        today: posts that went out, or are on their way, since midnight in its time zone.
        next_post, next_at: its next scheduled post; None if none has a time.
        stopped_post, stopped_reason: its newest post that failed or needs attention.
    """

    today: int
    stock: Stock
    next_post: int | None
    next_at: datetime | None
    stopped_post: int | None
    stopped_reason: str


def figures(accounts: Sequence[Account]) -> dict[int, Figures]:
    """The figures of these accounts, by id.

    Args:
        accounts: with their ``timezone``, ``posts_a_day`` and ``gap_minutes``.
    """
    moment, midnights = now(), dict[str, datetime]()
    for account in accounts:
        if account.timezone not in midnights:
            where = zone(account.timezone)
            midnights[account.timezone] = at_local(where, local_day(where, moment), "00:00")
    cursor = database.execute_sql(
        FIGURES,
        {
            "ids": [account.id for account in accounts],
            "midnights": [midnights[account.timezone] for account in accounts],
            "gone": sorted(HAS_GONE),
            "most": MOST_COUNTED,
        },
    )
    paces = _paces(accounts)
    return {
        account_id: Figures(
            today, Stock(queued, paces[account_id]), next_post, next_at, stopped, reason or ""
        )
        for account_id, today, queued, next_post, next_at, stopped, reason in cursor.fetchall()
    }


def _paces(accounts: Sequence[Account]) -> dict[int, float]:
    weeks = {account.id: [0] * 7 for account in accounts}
    cursor = database.execute_sql(
        "SELECT account_id, weekday, count(*) FROM slot WHERE account_id = ANY (%s) "
        "GROUP BY account_id, weekday",
        (list(weeks),),
    )
    for account_id, weekday, slots in cursor.fetchall():
        weeks[account_id][weekday - 1] = slots
    return {
        account.id: pace(weeks[account.id], account.posts_a_day, account.gap_minutes)
        for account in accounts
    }

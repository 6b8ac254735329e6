"""When TikTok is asked again about a post that went out: often at first, ever less often later.

``Post.next_insight_at`` holds the next time: None is "not started", ``NEVER`` is "ended". A tick
takes the posts that are due by moving each to its next time. So two ticks never take the same post,
and a tick that dies costs one question.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from core.db import database

Steps = Sequence[tuple[timedelta, timedelta]]
"""Up to this age of a post, ask this often; after the last step never again."""

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
TICK_SECONDS = 45.0
"""A tick that takes longer leaves the rest to the next one, so it doesn't block a worker."""
AWAY = timedelta(minutes=5)
"""Pause when TikTok or Redis is unavailable and gives no pause of its own."""
SHUT = timedelta(hours=1)
"""Pause for an account that can't be asked until a person does something."""


def next_after(since: datetime, moment: datetime, steps: Steps) -> datetime | None:
    """The next time after ``moment`` to ask about a post that went out at ``since``, or None.

    Times are counted from ``since``, so a late tick doesn't shift later ones.
    """
    age = max(timedelta(), moment - since)
    for until, step in steps:
        if age < until:
            return since + (age // step + 1) * step
    return None


def move_on(times: Sequence[tuple[int, datetime]]) -> None:
    """Store the next times of posts, given as id and time, in the caller's transaction."""
    database.execute_sql(
        "UPDATE post SET next_insight_at = next.at "
        "FROM unnest(%s::int[], %s::timestamptz[]) AS next (id, at) WHERE post.id = next.id",
        ([post_id for post_id, _ in times], [at for _, at in times]),
    )

"""What a free slot of an account can be filled with: ready videos, and posts of its queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.db import database

MOST_VIDEOS = 30
LOOKED_AT = 300
"""Ready videos that a page looks at, newest first: the account may have most of them already."""
MOST_QUEUED = 10


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ready video, or the account's post of one."""

    choice: str
    """``video-7`` or ``post-12``."""
    part_id: int
    title: str
    seconds: float
    time: datetime | None = None
    """When the post is due now."""


def videos(account_id: int, before: int | None) -> tuple[list[Candidate], int | None]:
    """Ready videos that the account has not, newest first, and the id that the next page needs.

    Only videos whose earlier part the account has, so that its stories stay whole.
    """
    rows = _ask(
        """
        WITH newest AS (
            SELECT id, part_id, seconds FROM video
            WHERE state = 'ready' AND (%(before)s::int IS NULL OR id < %(before)s)
            ORDER BY id DESC LIMIT %(looked_at)s
        )
        SELECT newest.id, part.id, title, number, part.of, seconds FROM newest
        JOIN part ON part.id = part_id JOIN script ON script.id = script_id
        WHERE NOT EXISTS (SELECT FROM post WHERE video_id = newest.id AND account_id = %(account)s)
          AND (number = 1 OR EXISTS (
              SELECT FROM part AS earlier JOIN video ON video.part_id = earlier.id
              JOIN post ON post.video_id = video.id
              WHERE earlier.script_id = part.script_id AND earlier.number = part.number - 1
                AND account_id = %(account)s))
        ORDER BY newest.id DESC LIMIT %(most)s
        """,
        account=account_id,
        before=before,
        looked_at=LOOKED_AT,
        most=MOST_VIDEOS,
    )
    found = [
        Candidate(f"video-{video_id}", part_id, _title(*about), seconds)
        for video_id, part_id, *about, seconds in rows
    ]
    if len(rows) == MOST_VIDEOS:
        return found, rows[-1][0]
    last = _ask(
        "SELECT id FROM video WHERE state = 'ready' "
        "AND (%(before)s::int IS NULL OR id < %(before)s) "
        "ORDER BY id DESC OFFSET %(looked_at)s - 1 LIMIT 1",
        before=before,
        looked_at=LOOKED_AT,
    )
    return found, last[0][0] if last else None


def queued(account_id: int, after: datetime) -> list[Candidate]:
    """The account's next queued posts that are due later."""
    rows = _ask(
        """
        SELECT post.id, part.id, script.title, number, part.of, seconds, scheduled_at FROM post
        JOIN video ON video.id = video_id JOIN part ON part.id = part_id
        JOIN script ON script.id = script_id
        WHERE account_id = %(account)s AND scheduled_at > %(after)s AND post.state = 'planned'
          AND NOT pinned
        ORDER BY scheduled_at, post.id LIMIT %(most)s
        """,
        account=account_id,
        after=after,
        most=MOST_QUEUED,
    )
    return [
        Candidate(f"post-{post_id}", part_id, _title(*about), seconds, time)
        for post_id, part_id, *about, seconds, time in rows
    ]


def _title(title: str, number: int, of: int) -> str:
    return f"{title} ({number} of {of})" if of > 1 else title


def _ask(sql: str, **values: Any) -> list[Any]:
    return list(database.execute_sql(sql, values).fetchall())

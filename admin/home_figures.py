"""The numbers on the home page: what is running, and the results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from admin.lists import post_list
from admin.lists.each_of import EachOf
from admin.lists.paging import Counted, counts
from admin.viewer_zone import local, midnight
from core.db import database
from models import (
    Job,
    JobState,
    Post,
    PostState,
    now,
)
from pipelines.stages import STAGES

RECENT_POSTS = 500


def running(limit: int = 12) -> list[Job]:
    return list(
        Job.select().where(Job.state == JobState.RUNNING).order_by(Job.started_at).limit(limit)
    )


@dataclass(frozen=True, slots=True)
class Depth:
    """Jobs of one queue: running, due, and due later."""

    queue: str
    running: int
    ready: int
    later: int


def depths() -> list[Depth]:
    """Each queue, its stages counted one by one: each has a place in the index of due jobs."""
    moment = now()
    asked: list[Counted] = []
    for name in STAGES:
        waiting = Job.select().where(Job.state == JobState.WAITING, Job.stage == name)
        asked.append(EachOf(Job, {"state": [JobState.RUNNING], "stage": [name]}))
        asked.append(waiting.where(Job.due_at <= moment))
        asked.append(waiting.where(Job.due_at > moment))
    numbers = counts(asked)
    found = {stage.queue: Depth(stage.queue, 0, 0, 0) for stage in STAGES.values()}
    for number, stage in enumerate(STAGES.values()):
        depth, (running, ready, later) = found[stage.queue], numbers[3 * number : 3 * number + 3]
        found[stage.queue] = Depth(
            stage.queue, depth.running + running, depth.ready + ready, depth.later + later
        )
    return [found[queue] for queue in sorted(found)]


@dataclass(frozen=True, slots=True)
class Hour:
    starts: datetime
    stories: int
    posts: int


def hours(count: int = 24) -> list[Hour]:
    """Stories that became videos and published posts, per hour of the viewer, oldest first."""
    hour = local(now()).replace(minute=0, second=0, microsecond=0)
    first = hour.astimezone(UTC) - timedelta(hours=count - 1)
    cursor = database.execute_sql(
        """
        WITH made AS (
            SELECT date_bin('1 hour', video.created_at, %(first)s) AS hour,
                   count(DISTINCT script_id) AS stories
            FROM video JOIN part ON part.id = part_id WHERE video.created_at >= %(first)s GROUP BY 1
        ), published AS (
            SELECT date_bin('1 hour', published_at, %(first)s) AS hour, count(*) AS posts
            FROM post WHERE published_at >= %(first)s GROUP BY 1
        )
        SELECT hour, COALESCE(stories, 0), COALESCE(posts, 0)
        FROM generate_series(%(first)s, %(last)s, interval '1 hour') AS hour
             LEFT JOIN made USING (hour) LEFT JOIN published USING (hour) ORDER BY hour
        """,
        {"first": first, "last": first + timedelta(hours=count - 1)},
    )
    return [Hour(local(starts), *counts) for starts, *counts in cursor.fetchall()]


def success_rate() -> tuple[int, int]:
    """Of the newest finished posts: how many succeeded, and how many there are."""
    good = (PostState.PUBLISHED, PostState.INBOX)
    ended = EachOf(
        Post, {"state": [*good, PostState.FAILED, PostState.PARKED], "method": post_list.METHODS}
    )
    newest = Post.select(Post.state).where(Post.id.in_(ended.keys(RECENT_POSTS)))
    states = [row.state for row in newest]
    return sum(state in good for state in states), len(states)


SHOWN_ACCOUNTS = 15
"""Accounts on the home page; the table of accounts has the others."""


@dataclass(frozen=True, slots=True)
class AccountDay:
    account_id: int
    name: str
    state: str
    published: int
    planned: int


def today() -> list[AccountDay]:
    """Each account's posts: published on the viewer's day, and upcoming; the busiest first."""
    cursor = database.execute_sql(
        """
        WITH published AS (
            SELECT account_id, count(*) AS posts FROM post
            WHERE published_at >= %s GROUP BY account_id
        ), planned AS (
            SELECT account_id, sum(posts)::int AS posts FROM (
                SELECT account_id, count(*) AS posts FROM post
                WHERE state = 'planned' GROUP BY account_id
                UNION ALL
                SELECT account_id, count(*) FROM post
                WHERE state IN ('claiming', 'uploading', 'processing') GROUP BY account_id
            ) AS coming GROUP BY account_id
        )
        SELECT account.id, name, state, COALESCE(published.posts, 0), COALESCE(planned.posts, 0)
        FROM account LEFT JOIN published ON published.account_id = account.id
                     LEFT JOIN planned ON planned.account_id = account.id
        WHERE state <> 'disconnected' ORDER BY 4 DESC, 5 DESC, name, account.id
        """,
        (midnight(),),
    )
    return [AccountDay(*row) for row in cursor.fetchall()]

"""The numbers on the home page: what needs attention, what is running, and the results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import g, url_for
from peewee import ModelSelect

from admin.lists.paging import count
from admin.viewer_zone import local, midnight
from core.db import database
from core.errors import OUTAGES, DiskFull
from models import (
    Account,
    AccountState,
    DeadLetter,
    Job,
    JobState,
    Post,
    PostState,
    Source,
    Story,
    StoryState,
    Video,
    VideoState,
    now,
)
from pipelines import ledger
from pipelines.publishing.accounts.pause import BY_ITSELF
from pipelines.stages import STAGES

REFRESH_RETRIES = 3
"""Failed renewals after which an account needs attention."""
EXPIRES_SOON = timedelta(days=7)
RECENT_POSTS = 500
UNTAKEN = timedelta(minutes=5)
"""A job that has been due for longer, in a queue where nothing runs, needs a person."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs a person's attention."""

    page: str
    """Endpoint of its menu entry."""
    one: str
    many: str
    count: int
    url: str
    urgent: bool = False

    @property
    def words(self) -> str:
        return self.one if self.count == 1 else self.many


def needs() -> list[Need]:
    """What needs attention now, most urgent first; looked up once per request."""
    if "needs" not in g:
        g.needs = [need for need in _all_needs() if need.count]
    found: list[Need] = g.needs
    return found


def _all_needs() -> list[Need]:
    stories, videos, posts = Story.select(), Video.select(), Post.select()
    letters, jobs = DeadLetter.select(), Job.select()
    return [
        Need(
            "failures",
            "open failure",
            "open failures",
            count(letters.where(DeadLetter.resolved_at.is_null())),
            url_for("failures.index"),
            urgent=True,
        ),
        Need(
            "jobs",
            "job waiting for disk space",
            "jobs waiting for disk space",
            count(
                jobs.where(Job.state == JobState.WAITING, Job.error_code == DiskFull.default_code)
            ),
            url_for("jobs.index", state=JobState.WAITING),
            urgent=True,
        ),
        Need(
            "jobs",
            "job held up by an outage of PostgreSQL or Redis",
            "jobs held up by an outage of PostgreSQL or Redis",
            count(held_up(jobs)),
            url_for("jobs.index", held_up=1),
            urgent=True,
        ),
        Need(
            "jobs",
            "job that has waited for over 7 days",
            "jobs that have waited for over 7 days",
            count(waited_long(jobs)),
            url_for("jobs.index", waited_long=1),
        ),
        Need(
            "jobs",
            "due job that no worker takes",
            "due jobs that no worker takes",
            count(_taken_by_nobody(jobs)),
            url_for("jobs.index", state=JobState.WAITING),
            urgent=True,
        ),
        Need(
            "accounts",
            "account to reconnect",
            "accounts to reconnect",
            count(Account.select().where(_expired_or_soon())),
            url_for("accounts.index"),
            urgent=True,
        ),
        Need(
            "accounts",
            "account that paused itself",
            "accounts that paused themselves",
            count(Account.select().where(Account.paused_cause.in_(sorted(BY_ITSELF)))),
            url_for("accounts.index", state="paused"),
            urgent=True,
        ),
        Need(
            "sources",
            "source with an error",
            "sources with an error",
            count(Source.select().where(Source.enabled, Source.last_error != "")),
            url_for("sources.index"),
            urgent=True,
        ),
        Need(
            "stories",
            "flagged story to review",
            "flagged stories to review",
            count(stories.where(Story.state == StoryState.FLAGGED)),
            url_for("stories.index", state=StoryState.FLAGGED),
        ),
        Need(
            "stories",
            "story to approve",
            "stories to approve",
            count(stories.where(Story.state == StoryState.WAITING)),
            url_for("stories.index", state=StoryState.WAITING),
        ),
        Need(
            "manual",
            "manual post to publish",
            "manual posts to publish",
            count(posts.where(Post.state == PostState.MANUAL)),
            url_for("manual.index"),
        ),
        Need(
            "videos",
            "video to review",
            "videos to review",
            count(videos.where(Video.state == VideoState.REVIEW)),
            url_for("videos.index", state=VideoState.REVIEW),
        ),
    ]


def held_up(jobs: ModelSelect[Job]) -> ModelSelect[Job]:
    """Those of ``jobs`` that have met an outage of PostgreSQL or Redis for some minutes."""
    return jobs.where(
        Job.state == JobState.WAITING,
        Job.error_code.in_(sorted(OUTAGES)),
        Job.code_since < now() - ledger.SHOWN_AFTER,
    )


def waited_long(jobs: ModelSelect[Job]) -> ModelSelect[Job]:
    """Those of ``jobs`` that have waited for one reason for longer than usual; outages aside."""
    return jobs.where(
        Job.state == JobState.WAITING,
        Job.error_code.not_in([*sorted(OUTAGES), DiskFull.default_code]),
        Job.code_since < now() - ledger.LONGEST_WAIT,
    )


def _taken_by_nobody(jobs: ModelSelect[Job]) -> ModelSelect[Job]:
    """Due jobs of queues in which nothing runs: no worker is up, or it gets no wake-ups."""
    running = Job.select(Job.queue).where(Job.state == JobState.RUNNING).distinct()
    busy = {job.queue for job in running}
    idle = [name for name, stage in STAGES.items() if stage.queue not in busy]
    return jobs.where(
        Job.state == JobState.WAITING, Job.stage.in_(idle), Job.due_at < now() - UNTAKEN
    )


def _expired_or_soon() -> Any:
    """Also accounts whose tokens can't be renewed, for any reason."""
    failing = (Account.refresh_expires_at < now() + EXPIRES_SOON) | (
        Account.refresh_attempts > REFRESH_RETRIES
    )
    return (Account.state == AccountState.EXPIRED) | (
        (Account.state == AccountState.CONNECTED) & failing
    )


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
    moment = now()
    found = []
    for queue in sorted({stage.queue for stage in STAGES.values()}):
        stages = [name for name, stage in STAGES.items() if stage.queue == queue]
        jobs = Job.select().where(Job.stage.in_(stages))
        waiting = jobs.where(Job.state == JobState.WAITING)
        found.append(
            Depth(
                queue,
                running=count(jobs.where(Job.state == JobState.RUNNING)),
                ready=count(waiting.where(Job.due_at <= moment)),
                later=count(waiting.where(Job.due_at > moment)),
            )
        )
    return found


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
    ended = (
        Post.select(Post.state)
        .where(Post.state.in_([*good, PostState.FAILED, PostState.PARKED]))
        .order_by(Post.id.desc())
        .limit(RECENT_POSTS)
    )
    states = [row.state for row in ended]
    return sum(state in good for state in states), len(states)


@dataclass(frozen=True, slots=True)
class AccountDay:
    account_id: int
    name: str
    state: str
    published: int
    planned: int


def today() -> list[AccountDay]:
    """Each account's posts: published on the viewer's day, and upcoming."""
    cursor = database.execute_sql(
        """
        WITH published AS (
            SELECT account_id, count(*) AS posts FROM post
            WHERE published_at >= %s GROUP BY account_id
        ), planned AS (
            SELECT account_id, count(*) AS posts FROM post
            WHERE state IN ('planned', 'claiming', 'uploading', 'processing') GROUP BY account_id
        )
        SELECT account.id, name, state, COALESCE(published.posts, 0), COALESCE(planned.posts, 0)
        FROM account LEFT JOIN published ON published.account_id = account.id
                     LEFT JOIN planned ON planned.account_id = account.id
        WHERE state <> 'disconnected' ORDER BY name, account.id
        """,
        (midnight(),),
    )
    return [AccountDay(*row) for row in cursor.fetchall()]

"""What needs a person's attention: counted for the menu of every page, listed on the home page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from flask import g, url_for
from peewee import ModelSelect

from admin.lists.each_of import EachOf
from admin.lists.paging import Counted, counts
from admin.lists.post_list import METHODS
from core.errors import OUTAGES, DiskFull
from models import (
    Account,
    AccountState,
    DeadLetter,
    Job,
    JobState,
    Post,
    PostState,
    ScheduledTask,
    Source,
    Story,
    StoryState,
    Video,
    VideoState,
    now,
)
from pipelines import ledger
from pipelines.publishing.accounts.pause import BY_ITSELF
from pipelines.schedules import decisions as schedules
from pipelines.stages import STAGES

REFRESH_RETRIES = 3
"""Failed renewals after which an account needs attention."""
EXPIRES_SOON = timedelta(days=7)
UNTAKEN = timedelta(minutes=5)
"""A job that has been due for longer, in a queue where nothing runs, needs a person."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs a person's attention."""

    page: str
    """Endpoint of its menu entry."""
    one: str
    many: str
    url: str
    urgent: bool = False
    count: int = 0

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
    letters, jobs = DeadLetter.select(), Job.select()
    asked: list[tuple[Counted, Need]] = [
        (
            letters.where(DeadLetter.resolved_at.is_null()),
            Need(
                "failures",
                "open failure",
                "open failures",
                url_for("failures.index"),
                urgent=True,
            ),
        ),
        (
            jobs.where(Job.state == JobState.WAITING, Job.error_code == DiskFull.default_code),
            Need(
                "jobs",
                "job waiting for disk space",
                "jobs waiting for disk space",
                url_for("jobs.index", state=JobState.WAITING),
                urgent=True,
            ),
        ),
        (
            held_up(jobs),
            Need(
                "jobs",
                "job held up by an outage of PostgreSQL or Redis",
                "jobs held up by an outage of PostgreSQL or Redis",
                url_for("jobs.index", held_up=1),
                urgent=True,
            ),
        ),
        (
            waited_long(jobs),
            Need(
                "jobs",
                "job that has waited for over 7 days",
                "jobs that have waited for over 7 days",
                url_for("jobs.index", waited_long=1),
            ),
        ),
        (
            _taken_by_nobody(jobs),
            Need(
                "jobs",
                "due job that no worker takes",
                "due jobs that no worker takes",
                url_for("jobs.index", state=JobState.WAITING),
                urgent=True,
            ),
        ),
        (
            ScheduledTask.select().where(schedules.is_overdue()),
            Need(
                "schedules",
                "periodic task that is late",
                "periodic tasks that are late",
                url_for("schedules.index"),
                urgent=True,
            ),
        ),
        (
            ScheduledTask.select().where(ScheduledTask.paused_at.is_null(False)),
            Need(
                "schedules",
                "paused periodic task",
                "paused periodic tasks",
                url_for("schedules.index"),
            ),
        ),
        (
            Account.select().where(_expired_or_soon()),
            Need(
                "accounts",
                "account to reconnect",
                "accounts to reconnect",
                url_for("accounts.index"),
                urgent=True,
            ),
        ),
        (
            Account.select().where(Account.paused_cause.in_(sorted(BY_ITSELF))),
            Need(
                "accounts",
                "account that paused itself",
                "accounts that paused themselves",
                url_for("accounts.index", state="paused"),
                urgent=True,
            ),
        ),
        (
            Source.select().where(Source.enabled, Source.last_error != ""),
            Need(
                "sources",
                "source with an error",
                "sources with an error",
                url_for("sources.index"),
                urgent=True,
            ),
        ),
        (
            EachOf(Story, {"state": [StoryState.FLAGGED]}),
            Need(
                "stories",
                "flagged story to review",
                "flagged stories to review",
                url_for("stories.index", state=StoryState.FLAGGED),
            ),
        ),
        (
            EachOf(Story, {"state": [StoryState.WAITING]}),
            Need(
                "stories",
                "story to approve",
                "stories to approve",
                url_for("stories.index", state=StoryState.WAITING),
            ),
        ),
        (
            EachOf(Post, {"state": [PostState.MANUAL], "method": METHODS}),
            Need(
                "manual",
                "manual post to publish",
                "manual posts to publish",
                url_for("manual.index"),
            ),
        ),
        (
            EachOf(Video, {"state": [VideoState.REVIEW]}, key="part_id"),
            Need(
                "videos",
                "video to review",
                "videos to review",
                url_for("videos.index", state=VideoState.REVIEW),
            ),
        ),
    ]
    numbers = counts(query for query, _ in asked)
    return [replace(need, count=number) for (_, need), number in zip(asked, numbers, strict=True)]


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

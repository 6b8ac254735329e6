"""The periodic tasks. Each has an actor of the same name in ``workers/schedule.py``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.schedules.plan import Every, daily, hours, minutes

QUEUE = "network"


@dataclass(frozen=True, slots=True)
class Task:
    """A periodic task.

    Attributes:
        name: of its actor.
        does: what it does, in words for the page Schedules.
        plan: when it runs.
        makes_up_for_each: whether it runs once for each planned time that was missed, one after
            the other. Otherwise one run makes up for all of them.
    """

    name: str
    does: str
    plan: Every
    makes_up_for_each: bool = False


def by_name(*tasks: Task) -> Mapping[str, Task]:
    return {task.name: task for task in tasks}


TASKS = by_name(
    Task("fetch_due_sources", "Fetch stories from sources whose interval has passed", minutes()),
    Task("refresh_tokens", "Renew TikTok authorizations ahead of their end", minutes(30)),
    Task("retry_refreshes", "Try failed renewals of authorizations again", minutes()),
    Task("forget_expired_tokens", "Delete tokens that ended a week ago", hours(6)),
    Task("settle_webhooks", "Check TikTok's webhooks that came during work on a post", minutes()),
    Task("mark_stranded_posts", "Find posts on their way that nothing works on", minutes()),
    Task("forget_old_webhooks", "Delete old webhook events and deliveries", daily("04:30")),
    Task("learn_video_numbers", "Ask TikTok for the numbers of new public videos", minutes()),
    Task("measure_videos", "Read views, likes, comments and shares", minutes()),
    Task("seal_audit_log", "Seal new entries of the audit log", minutes()),
    Task("mail_reset_links", "Mail links to choose a new password", minutes()),
    Task("forget_ended_sessions", "Delete sessions that have ended", hours(minute=15)),
    Task("back_up_nightly", "Ask for the nightly backup once its time has come", minutes()),
)
"""In the order of the page Schedules."""

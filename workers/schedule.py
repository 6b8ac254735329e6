"""Periodic work. A tick may be doubled or missed: it only starts what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import dramatiq
from periodiq import cron

from core import queue
from pipelines.backups import runs as backups
from pipelines.people import audit_chain, forgetting, reset_mail
from pipelines.publishing import insights, video_numbers
from pipelines.publishing.accounts.token_refresh import forget_expired, refresh_due
from pipelines.publishing.posts import stranded
from pipelines.publishing.webhooks import events
from pipelines.rate_limits import Limits
from pipelines.stories.intake.fetch import enqueue_due_sources
from pipelines.subscriptions import deliveries
from workers import wiring

if TYPE_CHECKING:
    from dramatiq.brokers.redis import RedisBroker


SCHEDULE = "schedule"
"""The name under which the process that sends the ticks is reported as alive."""
ALIVE_SECONDS = 150
"""A tick comes every minute; one may be missed."""


@dramatiq.actor(queue_name="network", periodic=cron("* * * * *"))
def report_schedule() -> None:
    broker = cast("RedisBroker", dramatiq.get_broker())
    queue.report_alive(broker, (SCHEDULE,), ALIVE_SECONDS)


@dramatiq.actor(queue_name="network", periodic=cron("* * * * *"))
def fetch_due_sources() -> None:
    enqueue_due_sources()


@dramatiq.actor(queue_name="network", periodic=cron("*/30 * * * *"))
def refresh_tokens() -> None:
    refresh_due(wiring.authorizer())


@dramatiq.actor(queue_name="network", periodic=cron("* * * * *"))
def retry_refreshes() -> None:
    refresh_due(wiring.authorizer(), retries_only=True)


@dramatiq.actor(queue_name="network", periodic=cron("0 */6 * * *"))
def forget_expired_tokens() -> None:
    forget_expired()


@dramatiq.actor(queue_name="network", periodic=cron("* * * * *"))
def settle_webhooks() -> None:
    events.settle()


@dramatiq.actor(queue_name="network", periodic=cron("* * * * *"))
def mark_stranded_posts() -> None:
    stranded.mark_stranded()


@dramatiq.actor(queue_name="network", periodic=cron("30 4 * * *"))
def forget_old_webhooks() -> None:
    events.forget_old()
    deliveries.forget_old()


@dramatiq.actor(queue_name="network", periodic=cron("* * * * *"))
def learn_video_numbers() -> None:
    video_numbers.learn_due(wiring.publisher(), wiring.authorizer(), wiring.limiter(), Limits())


@dramatiq.actor(queue_name="network", periodic=cron("* * * * *"))
def measure_videos() -> None:
    insights.measure_due(wiring.insights(), wiring.authorizer(), wiring.limiter(), Limits())


@dramatiq.actor(queue_name="network", periodic=cron("* * * * *"))
def seal_audit_log() -> None:
    audit_chain.seal()


@dramatiq.actor(queue_name="network", periodic=cron("* * * * *"))
def mail_reset_links() -> None:
    reset_mail.send_due(wiring.mailer_to, wiring.reset_links())


@dramatiq.actor(queue_name="network", periodic=cron("15 * * * *"))
def forget_ended_sessions() -> None:
    forgetting.forget_ended()


@dramatiq.actor(queue_name="network", periodic=cron("* * * * *"))
def back_up_nightly() -> None:
    if wiring.backups() is not None:
        backups.ask_nightly(*wiring.backup_time())

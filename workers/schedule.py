"""Periodic work: an actor for each row of ``pipelines/schedules/tasks.py``."""

from __future__ import annotations

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
from workers.periodic_task import periodic_task


@periodic_task
def fetch_due_sources() -> None:
    enqueue_due_sources()


@periodic_task
def refresh_tokens() -> None:
    refresh_due(wiring.authorizer())


@periodic_task
def retry_refreshes() -> None:
    refresh_due(wiring.authorizer(), retries_only=True)


@periodic_task
def forget_expired_tokens() -> None:
    forget_expired()


@periodic_task
def settle_webhooks() -> None:
    events.settle()


@periodic_task
def mark_stranded_posts() -> None:
    stranded.mark_stranded()


@periodic_task
def forget_old_webhooks() -> None:
    events.forget_old()
    deliveries.forget_old()


@periodic_task
def learn_video_numbers() -> None:
    video_numbers.learn_due(wiring.publisher(), wiring.authorizer(), wiring.limiter(), Limits())


@periodic_task
def measure_videos() -> None:
    insights.measure_due(wiring.insights(), wiring.authorizer(), wiring.limiter(), Limits())


@periodic_task
def seal_audit_log() -> None:
    audit_chain.seal()


@periodic_task
def mail_reset_links() -> None:
    reset_mail.send_due(wiring.mailer_to, wiring.reset_links())


@periodic_task
def forget_ended_sessions() -> None:
    forgetting.forget_ended()


@periodic_task
def back_up_nightly() -> None:
    if wiring.backups() is not None:
        backups.ask_nightly(*wiring.backup_time())

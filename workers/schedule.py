"""What the clock starts: a tick may be doubled or missed, it only wakes what is due."""

from __future__ import annotations

import dramatiq
from periodiq import cron

from pipelines.production.fetch import enqueue_due_sources
from pipelines.publishing.tokens import refresh_due
from workers import wiring

TOKEN_MARGIN_SECONDS = 45 * 60
"""Tokens that end before the next tick but one are renewed now."""


@dramatiq.actor(queue_name="network", periodic=cron("* * * * *"))
def fetch_due_sources() -> None:
    enqueue_due_sources()


@dramatiq.actor(queue_name="network", periodic=cron("*/30 * * * *"))
def refresh_tokens() -> None:
    refresh_due(wiring.authorizer(), within_seconds=TOKEN_MARGIN_SECONDS)

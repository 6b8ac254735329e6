"""Channels, sources, accounts and outgoing webhooks: as many at every scale."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.admin import prose
from core.db import database
from models import (
    Account,
    AccountState,
    Channel,
    PauseCause,
    Source,
    SourceKind,
    WebhookSubscription,
    now,
)

CHANNELS = 40
SOURCES = 90
SUBSCRIPTIONS = 3
ARCHIVED_FROM = 61
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo")
SLOTS = """
INSERT INTO slot (created_at, account_id, weekday, at)
SELECT now(), account.id, weekday, to_char(hour, 'fm00') || ':' || to_char(account.id %% 60, 'fm00')
FROM account, generate_series(1, 7) AS weekday, (VALUES (8), (12), (16), (19), (22)) AS of (hour)
"""


def make(accounts: int) -> None:
    """Some accounts are paused, expired or disconnected; one source in 20 can't be read."""
    for number in range(1, CHANNELS + 1):
        Channel.create(name=f"channel {number}")
    for number in range(1, SOURCES + 1):
        Source.create(
            name=f"source {number}",
            kind=SourceKind.SUBREDDIT,
            place=f"tales{number}",
            channel=1 + number % CHANNELS if number % 7 else None,
            enabled=number < ARCHIVED_FROM,
            archived_at=now() if number >= ARCHIVED_FROM else None,
            last_error="Reddit does not answer." if number % 20 == 1 else "",
        )
    for number in range(1, accounts + 1):
        paused = number % 25 == 1
        Account.create(
            open_id=f"open-{number}",
            name=f"account_{number}",
            username=f"account.{number}",
            scopes="user.info.basic,video.publish,video.list",
            state=_state(number),
            refresh_expires_at=now() + timedelta(days=number),
            refresh_attempts=5 if number % 60 == 1 else 0,
            last_error="TikTok refused the renewal." if number % 60 == 1 else "",
            paused_at=now() if paused else None,
            paused_reason="Five posts failed in a row." if paused else "",
            paused_cause=PauseCause.FAILURES if paused else PauseCause.NONE,
            groups=[f"group {number % 8}"],
            timezone=ZONES[number % len(ZONES)],
        )
    database.execute_sql(SLOTS)
    for number in range(1, SUBSCRIPTIONS + 1):
        WebhookSubscription.create(
            place=f"https://tales{number}.example", address=f"https://tales{number}.example",
            secret=prose.RAREST, events=["post.published"],
        )  # fmt: skip


def _state(number: int) -> AccountState:
    if number % 40 == 1:
        return AccountState.EXPIRED
    return AccountState.DISCONNECTED if number % 50 == 1 else AccountState.CONNECTED

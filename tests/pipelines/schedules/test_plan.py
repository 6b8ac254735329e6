"""When tasks run, and how a page says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.schedules import TASKS, Every
from pipelines.schedules.plan import daily, hours, minutes

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
"""A Tuesday."""
WEEKLY = Every(timedelta(weeks=1), timedelta(days=6, hours=3))


@pytest.mark.parametrize(
    ("plan", "words", "following"),
    [
        (Every(timedelta(seconds=2)), "2 seconds", NOON + timedelta(seconds=2)),
        (minutes(), "minute", NOON + timedelta(minutes=1)),
        (minutes(30), "30 minutes", NOON + timedelta(minutes=30)),
        (hours(minute=15), "hour at minute 15", NOON + timedelta(minutes=15)),
        (hours(6), "6 hours", NOON + timedelta(hours=6)),
        (daily("04:30"), "day at 04:30 UTC", datetime(2026, 3, 4, 4, 30, tzinfo=UTC)),
        (daily("12:00"), "day at 12:00 UTC", NOON + timedelta(days=1)),
        (WEEKLY, "week on Sunday at 03:00 UTC", datetime(2026, 3, 8, 3, tzinfo=UTC)),
    ],
    ids=str,
)
def test_the_next_time_comes_after_this_one(plan: Every, words: str, following: datetime) -> None:
    assert str(plan) == words
    assert plan.next_after(NOON) == following
    # Any moment before the next time has the same one, the time itself the one after it
    assert plan.next_after(following - timedelta(microseconds=1)) == following
    assert plan.next_after(following) == following + plan.period


def test_every_task_has_words_and_a_plan_of_whole_minutes() -> None:
    for task in TASKS.values():
        assert task.does[0].isupper(), task.name
        assert not task.does.endswith("."), task.name
        assert not task.plan.period % timedelta(minutes=1), task.name
        assert task.plan.after < task.plan.period, task.name

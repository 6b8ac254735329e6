"""Declares the actor of a periodic task."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import dramatiq
import pendulum
from dramatiq import Actor

from pipelines.schedules import QUEUE, TASKS, Every

Result = TypeVar("Result", str, None)


class Ticking:
    """A plan as periodiq's scheduler reads it: in place of its own cron expressions.

    The first look sends a message for every task. What was missed while no scheduler was up is
    caught up at once, and workers drop the others.
    """

    def __init__(self, plan: Every) -> None:
        self.plan = plan
        self.looked_at: datetime | None = None

    def validate(self, moment: datetime) -> bool:
        """Whether a message has to be sent: a planned time has come since the last look."""
        looked_at, self.looked_at = self.looked_at, _plain(moment)
        return looked_at is None or self.plan.next_after(looked_at) <= self.looked_at

    def next_valid_date(self, moment: datetime) -> pendulum.DateTime:
        return pendulum.instance(self.plan.next_after(_plain(moment)))

    def __str__(self) -> str:
        return f"every {self.plan}"


def periodic_task(run: Callable[[], Result]) -> Actor[[], Result]:
    """The actor of the task that ``run`` is named after.

    If it returns a sentence, that is shown as what its last run did.
    """
    task = TASKS[run.__name__]
    return ticking(task.plan)(run)


def ticking(plan: Every) -> Callable[[Callable[[], Result]], Actor[[], Result]]:
    """An actor to which schedulers send messages by ``plan``."""
    return dramatiq.actor(queue_name=QUEUE, periodic=Ticking(plan))


def _plain(moment: datetime) -> datetime:
    """As Python's own type: differences of pendulum's times can't be divided."""
    return datetime.fromtimestamp(moment.timestamp(), UTC)

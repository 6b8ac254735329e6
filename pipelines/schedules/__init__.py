"""Periodic tasks: their plan, their runs, and what people decide about them."""

from pipelines.schedules.plan import Every
from pipelines.schedules.runs import (
    LEASE_SECONDS,
    Run,
    claim,
    end,
    ensure,
    give_back,
    letter,
    renew,
    sweep,
)
from pipelines.schedules.tasks import QUEUE, TASKS, Task, by_name

__all__ = [
    "LEASE_SECONDS",
    "QUEUE",
    "TASKS",
    "Every",
    "Run",
    "Task",
    "by_name",
    "claim",
    "end",
    "ensure",
    "give_back",
    "letter",
    "renew",
    "sweep",
]

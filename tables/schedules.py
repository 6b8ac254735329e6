"""The periodic tasks: when each is due, how its last run ended, and who paused it."""

from __future__ import annotations

from enum import StrEnum

from peewee import BigIntegerField, CharField, IntegerField, TextField
from playhouse.postgres_ext import DateTimeTZField

from tables.base import Row, one_of


class RunOutcome(StrEnum):
    NONE = ""
    """It never ran."""
    DONE = "done"
    FAILED = "failed"


class ScheduledTask(Row):
    """A periodic task. It has one row for ever, whatever it runs."""

    name = CharField(max_length=40, unique=True)
    due_at = DateTimeTZField()
    """The first planned time that no run stands for."""
    sent_at = DateTimeTZField(null=True)
    """When a message for it was last sent again."""

    started_at = DateTimeTZField(null=True)
    """Of the run that goes on; None between runs."""
    planned_at = DateTimeTZField(null=True)
    """The planned time of the newest run; None if a person asked for it besides the plan."""
    missed = IntegerField(default=0)
    """Planned times before it that the newest run stands for too."""
    fence = BigIntegerField(default=0)
    """Counts the runs: only the newest may write its end."""
    lease_until = DateTimeTZField(null=True)
    crashes = IntegerField(default=0)

    last_started_at = DateTimeTZField(null=True)
    last_ended_at = DateTimeTZField(null=True)
    last_outcome = CharField(
        max_length=10, default=RunOutcome.NONE, constraints=[one_of("last_outcome", RunOutcome)]
    )
    last_sentence = TextField(default="")
    """What the last run did, or why it failed."""

    asked_at = DateTimeTZField(null=True)
    """When a person asked for a run that hasn't ended."""
    asked_by = CharField(max_length=60, default="")

    paused_at = DateTimeTZField(null=True)
    paused_by = CharField(max_length=60, default="")
    paused_reason = TextField(default="")

    class Meta:
        table_name = "scheduled_task"

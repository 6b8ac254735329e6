"""The jobs behind every queue message, and the limits on them."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Self

from peewee import (
    SQL,
    BigIntegerField,
    BooleanField,
    CharField,
    FloatField,
    ForeignKeyField,
    IntegerField,
    TextField,
)
from playhouse.postgres_ext import DateTimeTZField

from tables.base import Row, now, one_of
from tables.publishing import Account
from tables.stories import Source


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    PARKED = "parked"
    CANCELLED = "cancelled"


class Job(Row):
    """One stage of work on one row; every queue message stands for such a job."""

    stage = CharField(max_length=20)
    subject_id = IntegerField()
    queue = CharField(max_length=20)
    request_id = CharField(max_length=32)
    """Shared by every job that started with the same fetch or click."""
    state = CharField(
        max_length=10, default=JobState.WAITING, constraints=[one_of("state", JobState)]
    )
    due_at = DateTimeTZField(default=now)
    sent_at = DateTimeTZField(null=True)
    sends = IntegerField(default=0)
    """Wake-ups sent since it was due; each repeat waits longer than the one before."""
    waits_for = TextField(default="")
    attempts = IntegerField(default=0)
    crashes = IntegerField(default=0)
    fence = BigIntegerField(default=0)
    worker = CharField(max_length=160, default="")
    lease_until = DateTimeTZField(null=True)
    progress = FloatField(default=0.0)
    started_at = DateTimeTZField(null=True)
    finished_at = DateTimeTZField(null=True)
    error = TextField(default="")
    error_code = CharField(max_length=60, default="")
    """Of the newest try, or of what it waits for."""
    code_since = DateTimeTZField(null=True)
    """Since when each try has ended with this code; None if it ended otherwise."""

    moves: ClassVar = {
        JobState.WAITING: frozenset({JobState.RUNNING, JobState.CANCELLED}),
        JobState.RUNNING: frozenset(
            {
                JobState.WAITING,
                JobState.DONE,
                JobState.DEAD,
                JobState.PARKED,
                JobState.CANCELLED,
            }
        ),
        JobState.DONE: frozenset({JobState.WAITING}),
        JobState.DEAD: frozenset({JobState.WAITING, JobState.CANCELLED}),
        JobState.PARKED: frozenset({JobState.WAITING, JobState.CANCELLED}),
        # Back to what it was: its restart, or the discard or retry of its failure, is undone.
        JobState.CANCELLED: frozenset(
            {JobState.WAITING, JobState.DONE, JobState.DEAD, JobState.PARKED}
        ),
    }

    class Meta:
        indexes = (
            (("stage", "subject_id"), True),
            SQL("CREATE INDEX job_newest ON job (state, stage, id DESC NULLS LAST)"),
            SQL("CREATE INDEX job_due ON job (due_at) WHERE state = 'waiting'"),
            SQL("CREATE INDEX job_due_of_stage ON job (stage, due_at) WHERE state = 'waiting'"),
            SQL("CREATE INDEX job_code_since ON job (code_since) WHERE state = 'waiting'"),
            SQL(
                "CREATE INDEX job_waiting_code ON job (error_code, code_since) "
                "WHERE state = 'waiting' AND error_code <> ''"
            ),
            SQL(
                "CREATE INDEX job_newest_subject "
                "ON job (state, stage, subject_id DESC NULLS LAST) WHERE state <> 'done'"
            ),
            SQL("CREATE INDEX job_request ON job USING hash (request_id)"),
            SQL(
                "CREATE INDEX job_held_up ON job (id) WHERE state = 'waiting' "
                "AND error_code IN ('database_away', 'limits_unknown', 'disk_full')"
            ),
        )

    @classmethod
    def of(cls, stage: str, subject_id: int) -> Self | None:
        return cls.get_or_none(cls.stage == stage, cls.subject_id == subject_id)


class DeadLetter(Row):
    """Work that failed or needs a decision, with all that is needed to understand and repeat it."""

    job = ForeignKeyField(Job, null=True, backref="dead_letters", on_delete="SET NULL")
    stage = CharField(max_length=60)
    subject_id = IntegerField(null=True)
    attempts = IntegerField(default=0)
    error = TextField()
    error_code = CharField(max_length=60, default="")
    trace = TextField(default="")
    parked = BooleanField(default=False)
    """It didn't fail: only a person can decide it."""
    request_id = CharField(max_length=32, default="")
    """The job's, to find its lines in the logs."""
    account = ForeignKeyField(Account, null=True, on_delete="SET NULL", index=False)
    """The account of the post, or the one that it is about."""
    source = ForeignKeyField(Source, null=True, on_delete="SET NULL", index=False)
    """The source of the story, or the one that it is about."""
    resolved_at = DateTimeTZField(null=True)
    resolution = CharField(max_length=20, default="")

    class Meta:
        table_name = "dead_letter"
        indexes = (
            (("stage", "id"), False),
            (("error_code", "id"), False),
            (("account", "id"), False),
            SQL("CREATE INDEX dead_letter_open ON dead_letter (id) WHERE resolved_at IS NULL"),
            *(
                SQL(
                    f"CREATE INDEX dead_letter_open_{column} ON dead_letter ({column}, id) "
                    "WHERE resolved_at IS NULL"
                )
                for column in ("error_code", "account_id", "source_id")
            ),
        )


class LimitSetting(Row):
    """A limit changed at run time; without a row, the limit's default applies."""

    name = CharField(max_length=60, unique=True)
    count = IntegerField()
    seconds = FloatField()

    class Meta:
        table_name = "limit_setting"

"""Backups that were made, and whether each was found to be good."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from peewee import SQL, BigIntegerField, CharField, IntegerField, TextField
from playhouse.postgres_ext import DateTimeTZField

from tables.base import Row, one_of


class BackupState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REMOVED = "removed"
    """It was made, and deleted when newer ones took its place."""


class Backup(Row):
    """One backup. The place where it is kept says the same of it; this is for pages."""

    state = CharField(
        max_length=10, default=BackupState.WAITING, constraints=[one_of("state", BackupState)]
    )
    by = CharField(max_length=80)
    """Who asked for it; ``storymill`` for the nightly one."""
    due_at = DateTimeTZField(null=True, unique=True)
    """The time of the nightly one; being unique, it is made once by however many schedulers."""
    name = CharField(max_length=40, default="")
    """In the place of the backups; each try has a new one."""
    finished_at = DateTimeTZField(null=True)
    verified_at = DateTimeTZField(null=True)
    """When it was restored for a test and found to be the same."""
    error = TextField(default="")
    """Why it failed, or why it could not be verified; empty if all went well."""
    database_bytes = BigIntegerField(default=0)
    files = IntegerField(default=0)
    file_bytes = BigIntegerField(default=0)
    new_bytes = BigIntegerField(default=0)
    """Of the files that no earlier backup had stored."""
    missing_files = IntegerField(default=0)
    """Files that the record names and the disk lacked."""
    encrypted_with = CharField(max_length=8, default="")
    """Id of its key; empty if it is not encrypted."""

    moves: ClassVar = {
        BackupState.WAITING: frozenset({BackupState.RUNNING, BackupState.FAILED}),
        BackupState.RUNNING: frozenset({BackupState.DONE, BackupState.FAILED}),
        BackupState.DONE: frozenset({BackupState.REMOVED}),
        BackupState.FAILED: frozenset({BackupState.RUNNING}),
        BackupState.REMOVED: frozenset(),
    }

    class Meta:
        indexes = (SQL("CREATE INDEX backup_state ON backup (state, id DESC NULLS LAST)"),)

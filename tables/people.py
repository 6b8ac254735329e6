"""Users who can sign in, and the audit log."""

from __future__ import annotations

from enum import StrEnum

from peewee import (
    BooleanField,
    CharField,
    IntegerField,
    TextField,
)
from playhouse.postgres_ext import DateTimeTZField

from tables.base import Row, one_of


class Role(StrEnum):
    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class User(Row):
    name = CharField(max_length=80, unique=True)
    password_hash = CharField(max_length=255)
    role = CharField(max_length=10, constraints=[one_of("role", Role)])
    active = BooleanField(default=True)
    failed_sign_ins = IntegerField(default=0)
    locked_until = DateTimeTZField(null=True)
    last_sign_in_at = DateTimeTZField(null=True)

    class Meta:
        table_name = "person"  # "user" is a reserved word in PostgreSQL


class AuditEntry(Row):
    """Who did what to which row, and why. Rows are only added, never changed."""

    actor = CharField(max_length=80)
    action = CharField(max_length=60, index=True)
    subject = CharField(max_length=80)
    reason = TextField(default="")

    class Meta:
        table_name = "audit_entry"
        indexes = ((("actor", "id"), False), (("subject", "id"), False))

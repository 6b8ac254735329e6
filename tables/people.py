"""Users who can sign in, their sessions, and the audit log with its seals."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from peewee import (
    SQL,
    BigIntegerField,
    BooleanField,
    CharField,
    ForeignKeyField,
    IntegerField,
    TextField,
)
from playhouse.postgres_ext import BinaryJSONField, DateTimeTZField

from core.crypto import EncryptedTextField
from tables.base import Row, now, one_of


class Role(StrEnum):
    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class User(Row):
    name = CharField(max_length=80, unique=True)
    password_hash = CharField(max_length=255)
    """Argon2id; empty until the user has chosen a password."""
    role = CharField(max_length=10, constraints=[one_of("role", Role)])
    active = BooleanField(default=True)
    last_sign_in_at = DateTimeTZField(null=True)
    email = EncryptedTextField(null=True)
    """Where a link to choose a new password is sent."""
    timezone = CharField(max_length=64, default="")
    """IANA name; times and days are shown in this zone. Empty means the browser's."""
    guide_hidden = BooleanField(default=False)
    """The person has hidden the first steps from the home page."""
    totp_secret = EncryptedTextField(null=True)
    """The secret of the authenticator app, base32; not in force before ``totp_since``."""
    totp_since = DateTimeTZField(null=True)
    totp_last_step = BigIntegerField(default=0)
    """Number of the newest half minute whose code was used: no code works twice."""
    reset_asked_at = DateTimeTZField(null=True)
    """A link to choose a new password is to be sent."""
    reset_mailed_at = DateTimeTZField(null=True)

    class Meta:
        table_name = "person"  # "user" is a reserved word in PostgreSQL


class SignInSession(Row):
    """A signed-in browser. Its row is deleted when it ends, so an old cookie opens nothing."""

    IDLE: ClassVar[timedelta] = timedelta(hours=12)
    LONGEST: ClassVar[timedelta] = timedelta(days=7)
    """After this a person signs in again, however busy."""

    user = ForeignKeyField(User, on_delete="CASCADE")
    token_hash = CharField(max_length=64, unique=True)
    """SHA-256 of the token that the browser has; 32 random bytes can't be guessed from it."""
    last_seen_at = DateTimeTZField(default=now)
    proved_at = DateTimeTZField(default=now)
    """When the person last gave a password or code."""
    address = CharField(max_length=45)
    """Shortened: its network only."""
    agent = CharField(max_length=60)
    """Browser and system, in words."""


class RecoveryCode(Row):
    """A code for a lost phone. Its row is deleted when it is used."""

    user = ForeignKeyField(User, on_delete="CASCADE")
    number = IntegerField()
    """The code begins with it, so that only one hash has to be compared."""
    code_hash = CharField(max_length=255)

    class Meta:
        indexes = ((("user", "number"), True),)


class OldPassword(Row):
    """A hash of a password that the user may not choose again."""

    user = ForeignKeyField(User, on_delete="CASCADE")
    password_hash = CharField(max_length=255)


class SignInTries(Row):
    """Tries of one name, address or browser since its last success."""

    key = CharField(max_length=64, unique=True)
    """SHA-256 of what is counted."""
    tries = IntegerField()
    last_at = DateTimeTZField()
    blocked_until = DateTimeTZField(null=True)


class Undo(Row):
    """A decision that a person may undo, for a day; deleted when it is undone."""

    by = CharField(max_length=80)
    action = CharField(max_length=60)
    changes = BinaryJSONField(index=False)
    """``[[row's id, facts before, facts after], …]``."""

    class Meta:
        indexes = ((("created_at",), False),)


class AuditEntry(Row):
    """Who did what to which row, and why. Rows are only added, never changed."""

    actor = CharField(max_length=80)
    action = CharField(max_length=60)
    subject = CharField(max_length=80)
    reason = TextField(default="")

    class Meta:
        table_name = "audit_entry"
        indexes = (
            (("subject", "id"), False),
            *(
                SQL(
                    f"CREATE INDEX audit_entry_newest_{name} "
                    f"ON audit_entry ({columns}, id DESC NULLS LAST)"
                )
                for name, columns in (
                    ("actor", "actor"),
                    ("action", "action"),
                    ("both", "actor, action"),
                )
            ),
        )


class AuditSeal(Row):
    """A link of the chain over the audit log: ``pipelines/people/audit_chain.py``."""

    entry_id = IntegerField(unique=True)
    """Not a foreign key: a deleted entry has to be missed."""
    hash = CharField(max_length=64)
    """SHA-256 of the seal before, and of the entry."""
    witness = EncryptedTextField(null=True)
    """``hash`` again, under a key that is not in the database; only the newest seal has it."""

    class Meta:
        table_name = "audit_seal"
        indexes = (
            SQL("CREATE INDEX audit_seal_witness ON audit_seal (id) WHERE witness IS NOT NULL"),
        )

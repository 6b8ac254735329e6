"""Tokens of programs that call the API, and its answers to requests that may be repeated."""

from __future__ import annotations

from peewee import CharField, ForeignKeyField, IntegerField
from playhouse.postgres_ext import BinaryJSONField, DateTimeTZField

from core.crypto import EncryptedTextField
from tables.base import Row
from tables.people import User


class ApiToken(Row):
    """What a program may do in a person's name. Its row is deleted when it is revoked."""

    user = ForeignKeyField(User, on_delete="CASCADE")
    name = CharField(max_length=80)
    start = CharField(max_length=12)
    """Its first characters, so that a person recognizes it."""
    token_hash = CharField(max_length=64, unique=True)
    """SHA-256 of the token; 32 random bytes can't be guessed from it."""
    scopes = BinaryJSONField(index=False)
    expires_at = DateTimeTZField()
    last_used_at = DateTimeTZField(null=True)


class ApiAnswer(Row):
    """The answer to a request with an ``Idempotency-Key``: its repetition gets the same."""

    token = ForeignKeyField(ApiToken, on_delete="CASCADE")
    key = CharField(max_length=200)
    request_hash = CharField(max_length=64)
    """SHA-256 of method, address and body."""
    status = IntegerField(default=0)
    body = EncryptedTextField(null=True)
    """It may contain a secret that is shown once."""

    class Meta:
        indexes = ((("token", "key"), True), (("created_at",), False))

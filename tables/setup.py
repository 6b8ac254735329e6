"""What was found when the parts of an installation were last checked."""

from __future__ import annotations

from peewee import BooleanField, CharField, TextField
from playhouse.postgres_ext import DateTimeTZField

from tables.base import Row, now


class SetupCheck(Row):
    """The last result of one check."""

    name = CharField(max_length=20, unique=True)
    subject = CharField(max_length=300)
    """What was checked: an account's id, a voice, the id of a key. Another one has no result."""
    ok = BooleanField()
    sentence = TextField(default="")
    """What is wrong and what to do; empty if nothing is."""
    checked_at = DateTimeTZField(default=now)

    class Meta:
        table_name = "setup_check"

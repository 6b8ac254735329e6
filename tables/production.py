"""Tables for what is produced from a story: script, parts, narration, captions, video."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from peewee import (
    BigIntegerField,
    CharField,
    FloatField,
    ForeignKeyField,
    IntegerField,
    TextField,
)
from playhouse.postgres_ext import BinaryJSONField

from tables.base import Row, one_of
from tables.stories import Story


class Script(Row):
    """The text written around a story: title, hook, call to action, hashtags."""

    story = ForeignKeyField(Story, backref="scripts", unique=True, on_delete="RESTRICT")
    title = TextField()
    hook = TextField()
    hooks = BinaryJSONField(default=list, index=False)
    """Openings to choose from, including the one in use."""
    call_to_action = TextField()
    hashtags = BinaryJSONField(default=list, index=False)
    written_by = CharField(max_length=80)


class Part(Row):
    """One video's share of a story; ``spoken`` is every word narrated and captioned."""

    script = ForeignKeyField(Script, backref="parts", on_delete="CASCADE")
    number = IntegerField()
    of = IntegerField()
    hook = TextField()
    text = TextField()
    call_to_action = TextField()
    answers = BinaryJSONField(default=list, index=False)
    """``[[index of a word in text, number of the answer that starts or continues there], …]``."""

    class Meta:
        indexes = ((("script", "number"), True),)

    @property
    def spoken(self) -> str:
        return "\n\n".join(text for text in (self.hook, self.text, self.call_to_action) if text)


class Narration(Row):
    """A part's sound; ``key`` identifies the content it was made from."""

    part = ForeignKeyField(Part, backref="narrations", unique=True, on_delete="CASCADE")
    key = CharField(max_length=64, index=True)
    path = TextField()
    seconds = FloatField()
    voice = CharField(max_length=200)
    voice_note = TextField(default="")
    """Why another voice than the chosen one told it; else empty."""
    timed_by = CharField(max_length=20)
    words = BinaryJSONField(index=False)
    """``[[word, start, end], …]``, in seconds. A word in a script without spaces may have a fourth
    item with the times of its letters: ``[[offset, second], …]``."""


class Caption(Row):
    part = ForeignKeyField(Part, backref="captions", unique=True, on_delete="CASCADE")
    key = CharField(max_length=64, index=True)
    ass_path = TextField()
    srt_path = TextField()
    vtt_path = TextField()
    style = CharField(max_length=20)
    captioned_words = IntegerField()


class VideoState(StrEnum):
    REVIEW = "review"
    READY = "ready"
    REJECTED = "rejected"


class Video(Row):
    part = ForeignKeyField(Part, backref="videos", unique=True, on_delete="CASCADE")
    key = CharField(max_length=64, index=True)
    path = TextField()
    cover_path = TextField()
    seconds = FloatField()
    size_bytes = BigIntegerField()
    loudness = FloatField()
    true_peak = FloatField()
    state = CharField(max_length=10, constraints=[one_of("state", VideoState)])

    moves: ClassVar = {
        VideoState.REVIEW: frozenset({VideoState.READY, VideoState.REJECTED}),
        VideoState.READY: frozenset(),
        VideoState.REJECTED: frozenset({VideoState.REVIEW}),
    }

    class Meta:
        indexes = ((("state", "id"), False), (("created_at",), False))

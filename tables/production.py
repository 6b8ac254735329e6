"""Tables for what is produced from a story: script, parts, narration, captions, video."""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from peewee import (
    SQL,
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

    @property
    def spoken_key(self) -> str:
        """SHA-256 of ``spoken``: shows whether a video says the part's present words."""
        return sha256(self.spoken.encode()).hexdigest()


class Narration(Row):
    """A part's sound; ``key`` identifies the content it was made from."""

    part = ForeignKeyField(Part, backref="narrations", unique=True, on_delete="CASCADE")
    key = CharField(max_length=64, index=True)
    path = TextField()
    """Below the media folder, like all paths of files (``MediaStore.name``)."""
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
    narration_key = CharField(max_length=64, default="")
    """``key`` of the narration that they are in time with."""
    ass_path = TextField()
    srt_path = TextField()
    vtt_path = TextField()
    style = CharField(max_length=20)
    captioned_words = IntegerField()


class VideoNumber(Row):
    """A part's number among the parts that were rendered with the same mood."""

    part = ForeignKeyField(Part, backref="numbers", on_delete="CASCADE")
    choice = CharField(max_length=12)
    """``background`` or ``music``."""
    mood = CharField(max_length=120)
    number = IntegerField()

    class Meta:
        table_name = "video_number"
        indexes = ((("part", "choice", "mood"), True), (("choice", "mood", "number"), True))


class VideoState(StrEnum):
    REVIEW = "review"
    READY = "ready"
    REJECTED = "rejected"


class Video(Row):
    """A part's video. Only one that is ready, approved and of the part's words is posted."""

    part = ForeignKeyField(Part, backref="videos", unique=True, on_delete="CASCADE")
    key = CharField(max_length=64, index=True)
    """Identifies the content it was made from."""
    spoken_key = CharField(max_length=64, default="")
    """``Part.spoken_key`` of the words in it; empty if that is not known."""
    approved_key = CharField(max_length=64, default="")
    """The ``key`` that a person approved, or that needed no review; empty before."""
    path = TextField()
    cover_path = TextField()
    seconds = FloatField()
    size_bytes = BigIntegerField()
    loudness = FloatField()
    true_peak = FloatField()
    encoding = BinaryJSONField(default=dict, index=False)
    """The fields of ``adapters.ports.Encoding``; empty for a video made before it was recorded."""
    state = CharField(max_length=10, constraints=[one_of("state", VideoState)])

    moves: ClassVar = {
        VideoState.REVIEW: frozenset({VideoState.READY, VideoState.REJECTED}),
        # Rendered again with other content, it needs another look.
        VideoState.READY: frozenset({VideoState.REVIEW}),
        VideoState.REJECTED: frozenset({VideoState.REVIEW}),
    }

    class Meta:
        indexes = (
            (("state", "id"), False),
            (("created_at",), False),
            SQL("CREATE INDEX video_newest ON video (state, part_id DESC NULLS LAST)"),
        )

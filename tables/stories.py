"""Tables for channels, sources, stories and decisions about stories."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

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
from playhouse.postgres_ext import ArrayField, BinaryJSONField, DateTimeTZField

from core.crypto import EncryptedTextField
from tables.base import Row, one_of


class Tone(StrEnum):
    PLAIN = "plain"
    DRAMATIC = "dramatic"
    WARM = "warm"
    FUNNY = "funny"


class SplitBy(StrEnum):
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"
    CLIFFHANGER = "cliffhanger"


class Channel(Row):
    """How stories look and sound; an empty field falls back to the settings."""

    name = CharField(max_length=80, unique=True)
    tone = CharField(max_length=12, default=Tone.PLAIN, constraints=[one_of("tone", Tone)])
    voice = CharField(max_length=300, default="")
    """``espeak:<voice>``, or ``piper:<name>`` of a voice in VOICES_DIR."""
    quote_voice = CharField(max_length=300, default="")
    """Speaks quoted text; empty means the narrator does."""
    pronunciations = BinaryJSONField(default=list, index=False)
    """How words are said: ``[[written, said], …]``."""
    words_per_minute = IntegerField(null=True)
    split_by = CharField(
        max_length=12, default=SplitBy.CLIFFHANGER, constraints=[one_of("split_by", SplitBy)]
    )
    part_seconds_min = IntegerField(null=True)
    part_seconds_max = IntegerField(null=True)
    caption_style = BinaryJSONField(default=dict, index=False)
    """Caption style: style name, font, size, colours, position, words at once."""
    background = CharField(max_length=120, default="")
    """A mood (a folder of clips), or the name of a drawn background."""
    music = CharField(max_length=120, default="")
    """A mood (a folder of tunes), a mood of composed music, or ``none``."""


class SourceKind(StrEnum):
    SUBREDDIT = "subreddit"
    FEED = "feed"
    SAVED_LISTING = "saved_listing"
    CSV = "csv"
    FOLDER = "folder"
    PASTE = "paste"


class NsfwPolicy(StrEnum):
    SKIP = "skip"
    FLAG = "flag"
    ALLOW = "allow"


class Source(Row):
    name = CharField(max_length=120, unique=True)
    kind = CharField(max_length=20, constraints=[one_of("kind", SourceKind)])
    place = CharField(max_length=500, default="")
    """A subreddit name, a feed address as it may be shown, or a file or folder by its place in
    INTAKE_DIR."""
    address = EncryptedTextField(null=True)
    """The whole address of a feed, where ``place`` hides a part of it."""
    channel = ForeignKeyField(Channel, null=True, backref="sources", on_delete="SET NULL")
    warn_from = FloatField(default=0.6)
    """Safety score from which the approver is warned."""
    flag_from = FloatField(default=0.8)
    """Safety score from which a story is flagged."""
    listing = CharField(max_length=10, default="top")
    time_filter = CharField(max_length=10, default="day")
    count = IntegerField(default=25)
    answers = IntegerField(default=0)
    """How many of the best answers are narrated after the post."""
    min_score = IntegerField(default=0)
    min_words = IntegerField(default=40)
    max_words = IntegerField(default=1500)
    nsfw = CharField(
        max_length=10, default=NsfwPolicy.SKIP, constraints=[one_of("nsfw", NsfwPolicy)]
    )
    language = CharField(max_length=8, default="en")
    interval_minutes = IntegerField(default=60)
    enabled = BooleanField(default=True)
    next_fetch_at = DateTimeTZField(null=True)
    last_fetched_at = DateTimeTZField(null=True)
    last_error = TextField(default="")
    memory = BinaryJSONField(default=dict, index=False)
    """Validators from its last response, such as a feed's ``ETag``, and a note on what could not
    be used; cleared when it is edited."""
    archived_at = DateTimeTZField(null=True)
    """Since when it is kept without being fetched, and left out of lists and filters."""
    removed_at = DateTimeTZField(null=True)
    """Since when only its name is left, for its stories; it is archived too."""

    @property
    def whole_place(self) -> str:
        """Where it is fetched from; may hold a secret, so never show it."""
        return str(self.address or self.place)


class StoryState(StrEnum):
    FETCHED = "fetched"
    SKIPPED = "skipped"
    FLAGGED = "flagged"
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    SCRIPTED = "scripted"


class Story(Row):
    """A written story: the untouched original, and the text a narrator reads."""

    source = ForeignKeyField(Source, backref="stories", on_delete="RESTRICT", index=False)
    external_id = CharField(max_length=120, unique=True)
    url = TextField(default="")
    place = CharField(max_length=120, default="")
    author = CharField(max_length=120, default="")
    score = IntegerField(default=0, null=True)
    """Empty if it has none, or one that can't be read."""
    nsfw = BooleanField(default=False)
    doubt = TextField(default="")
    """What could not be read about it; a person decides."""
    link_key = CharField(max_length=32, null=True, unique=True)
    """Hash of the pasted link that it was read from, so that each link is added once."""
    link_address = EncryptedTextField(null=True)
    """The link, until it has been read; may hold a secret."""
    excerpt = BooleanField(default=False)
    """Whether its text is only the beginning of the page at ``url``."""
    written_at = DateTimeTZField(null=True)
    title = TextField()
    body = TextField()
    answers = BinaryJSONField(default=list, index=False)
    """``[{"author", "text", "score", "left_out"}, …]``, best first.

    ``left_out`` says why an answer is not narrated.
    """

    state = CharField(
        max_length=12, default=StoryState.FETCHED, constraints=[one_of("state", StoryState)]
    )
    reason = TextField(default="")
    """Why it was skipped, flagged or rejected."""
    narratable_title = TextField(default="")
    narratable_text = TextField(default="")
    """One sentence per line, a blank line between paragraphs, ``» Answer 1`` before an answer."""
    language = CharField(max_length=8, default="")
    words = IntegerField(default=0)
    voice = CharField(max_length=300, default="")
    """Tells it instead of its channel's voice; empty means the channel's."""
    sketch = ArrayField(BigIntegerField, default=list)
    similar_to = ForeignKeyField("self", null=True, backref="similar", on_delete="SET NULL")
    """The earlier story that this one nearly repeats."""
    similarity = FloatField(default=0.0)
    safety_score = FloatField(default=0.0)
    safety_judge = CharField(max_length=60, default="")
    decided_by = CharField(max_length=80, default="")
    decided_at = DateTimeTZField(null=True)

    moves: ClassVar = {
        StoryState.FETCHED: frozenset({StoryState.SKIPPED, StoryState.FLAGGED, StoryState.WAITING}),
        # Back to fetched: an excerpt's whole text has come from its page.
        StoryState.SKIPPED: frozenset({StoryState.WAITING, StoryState.FETCHED}),
        StoryState.FLAGGED: frozenset(
            {StoryState.APPROVED, StoryState.REJECTED, StoryState.FETCHED}
        ),
        # Back to skipped: its reconsideration is undone.
        StoryState.WAITING: frozenset(
            {StoryState.APPROVED, StoryState.REJECTED, StoryState.FETCHED, StoryState.SKIPPED}
        ),
        StoryState.REJECTED: frozenset({StoryState.WAITING, StoryState.FLAGGED}),
        StoryState.APPROVED: frozenset(
            {StoryState.SCRIPTED, StoryState.WAITING, StoryState.FLAGGED}
        ),
        # Until one of its posts has begun: ``handover.withdraw``.
        StoryState.SCRIPTED: frozenset({StoryState.WAITING, StoryState.FLAGGED}),
    }

    class Meta:
        indexes = (
            SQL("CREATE INDEX story_state_id ON story (state, id)"),
            SQL("CREATE INDEX story_newest ON story (state, id DESC NULLS LAST)"),
            SQL(
                "CREATE INDEX story_newest_of_source "
                "ON story (source_id, state, id DESC NULLS LAST)"
            ),
            # The back office searches with exactly this expression.
            SQL(
                "CREATE INDEX story_title_words ON story USING gin (to_tsvector('english', title))"
            ),
            SQL("CREATE INDEX story_url ON story USING hash (url) WHERE url <> ''"),
        )


class Intake(Row):
    """The outcome of one row from a source: taken, already known, or skipped (and why)."""

    source = ForeignKeyField(Source, backref="intakes", on_delete="CASCADE", index=False)
    external_id = CharField(max_length=120)
    title = TextField()
    outcome = CharField(max_length=10)
    reason = TextField(default="")
    story = ForeignKeyField(Story, null=True, backref="intakes", on_delete="CASCADE")

    class Meta:
        indexes = (
            (("source", "created_at"), False),
            (("source", "external_id"), False),
            SQL("CREATE INDEX intake_newest ON intake (source_id, outcome, id DESC NULLS LAST)"),
        )


class SafetyDecision(Row):
    """One judge's score for a story, with the thresholds in force at that time."""

    story = ForeignKeyField(Story, backref="safety_decisions", on_delete="CASCADE")
    judge = CharField(max_length=80)
    label = CharField(max_length=40, default="")
    score = FloatField()
    warn_from = FloatField()
    flag_from = FloatField()
    verdict = CharField(max_length=10)
    reason = TextField(default="")

    class Meta:
        table_name = "safety_decision"

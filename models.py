"""Every table: fields, indexes, states and the moves between them.

A state only ever changes by ``move()``: a conditional UPDATE whose row count is checked, so that
of two who try, one succeeds and the other is told.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Self

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    ModelDelete,
    TextField,
)
from playhouse.postgres_ext import ArrayField, BinaryJSONField, DateTimeTZField

from core.crypto import EncryptedTextField
from core.db import database
from core.errors import StorymillError


class StaleStateError(StorymillError):
    """The row was no longer in a state that allows the move; somebody else was first."""


def now() -> datetime:
    return datetime.now(UTC)


def one_of(column: str, states: type[StrEnum]) -> SQL:
    return SQL(f"CHECK ({column} IN ({', '.join(repr(state.value) for state in states)}))")


class Row(Model):
    """A table with an id, the time of its making, and guarded state moves."""

    id = AutoField()
    created_at = DateTimeTZField(default=now)

    moves: ClassVar[dict[str, frozenset[str]]] = {}
    """For each state the states it may go to; empty for tables without states."""

    class Meta:
        database = database
        legacy_table_names = False

    if TYPE_CHECKING:
        # the stubs' own is taken or refused by the order in which mypy reads the files
        @classmethod
        def delete(cls) -> ModelDelete: ...  # type: ignore[override, unused-ignore]

    def move(self, to: str, **changes: Any) -> None:
        """Go to state ``to`` and set ``changes`` in one conditional UPDATE.

        Raises:
            StaleStateError: the row is in no state from which ``to`` is allowed.
        """
        if not self.try_move(to, **changes):
            name = type(self).__name__.lower()
            state = type(self).get_by_id(self.id).state
            raise StaleStateError(f"This {name} is {state} and can't become {to}.")

    def try_move(self, to: str, **changes: Any) -> bool:
        """As ``move``, but answers whether the row moved."""
        table: Any = type(self)
        sources = [state for state, targets in self.moves.items() if to in targets]
        changed = (
            table.update(state=to, **changes)
            .where(table.id == self.id, table.state.in_(sources))
            .execute()
        )
        if changed:
            self.state = to
            for name, value in changes.items():
                setattr(self, name, value)
        return bool(changed)


# ── people ───────────────────────────────────────────────────────────────────────────────────


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
    """Who did what to which row, and why; rows are only ever added."""

    actor = CharField(max_length=80)
    action = CharField(max_length=60, index=True)
    subject = CharField(max_length=80)
    reason = TextField(default="")

    class Meta:
        table_name = "audit_entry"
        indexes = ((("actor", "id"), False), (("subject", "id"), False))


# ── production ───────────────────────────────────────────────────────────────────────────────


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
    """How stories look and sound; what is empty is as the settings say."""

    name = CharField(max_length=80, unique=True)
    tone = CharField(max_length=12, default=Tone.PLAIN, constraints=[one_of("tone", Tone)])
    voice = CharField(max_length=300, default="")
    """``espeak:<voice>`` or ``piper:<path>``."""
    quote_voice = CharField(max_length=300, default="")
    """Speaks what is in quotation marks; empty leaves it to the narrator."""
    words_per_minute = IntegerField(null=True)
    split_by = CharField(
        max_length=12, default=SplitBy.CLIFFHANGER, constraints=[one_of("split_by", SplitBy)]
    )
    part_seconds_min = IntegerField(null=True)
    part_seconds_max = IntegerField(null=True)
    caption_style = BinaryJSONField(default=dict, index=False)
    """The captions: style, font, size, colours, position, words at once."""
    background = CharField(max_length=120, default="")
    """A mood (a folder of clips), or a kind of drawn background."""
    music = CharField(max_length=120, default="")
    """A mood (a folder of tunes), one that is composed, or ``none``."""


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
    """A subreddit's name, a feed's address, a file's or a folder's path."""
    channel = ForeignKeyField(Channel, null=True, backref="sources", on_delete="SET NULL")
    warn_from = FloatField(default=0.6)
    """Safety score from which the approver is warned."""
    flag_from = FloatField(default=0.8)
    """Safety score from which a story waits flagged."""
    listing = CharField(max_length=10, default="top")
    time_filter = CharField(max_length=10, default="day")
    count = IntegerField(default=25)
    answers = IntegerField(default=0)
    """How many of the best answers to a post are told after it."""
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
    """What it gave to be asked by, such as a feed's ``ETag``; forgotten when it is changed."""


class StoryState(StrEnum):
    FETCHED = "fetched"
    SKIPPED = "skipped"
    FLAGGED = "flagged"
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    SCRIPTED = "scripted"


class Story(Row):
    """A written story: the untouched original, and what a narrator would say of it."""

    source = ForeignKeyField(Source, backref="stories", on_delete="RESTRICT")
    external_id = CharField(max_length=120, unique=True)
    url = TextField(default="")
    place = CharField(max_length=120, default="")
    author = CharField(max_length=120, default="")
    score = IntegerField(default=0)
    nsfw = BooleanField(default=False)
    written_at = DateTimeTZField(null=True)
    title = TextField()
    body = TextField()
    answers = BinaryJSONField(default=list, index=False)
    """``[{"author", "text", "score", "left_out"}, …]``, best first; why one is not told."""

    state = CharField(
        max_length=12, default=StoryState.FETCHED, constraints=[one_of("state", StoryState)]
    )
    reason = TextField(default="")
    """Why it was skipped, flagged or rejected."""
    narratable_title = TextField(default="")
    narratable_text = TextField(default="")
    """Paragraphs by a blank line, a sentence a line; ``» Answer 1`` before those of an answer."""
    language = CharField(max_length=8, default="")
    words = IntegerField(default=0)
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
        StoryState.SKIPPED: frozenset({StoryState.WAITING}),
        StoryState.FLAGGED: frozenset({StoryState.APPROVED, StoryState.REJECTED}),
        StoryState.WAITING: frozenset({StoryState.APPROVED, StoryState.REJECTED}),
        StoryState.REJECTED: frozenset({StoryState.WAITING}),
        StoryState.APPROVED: frozenset({StoryState.SCRIPTED, StoryState.REJECTED}),
        StoryState.SCRIPTED: frozenset(),
    }

    class Meta:
        indexes = (
            (("state", "id"), False),
            # The search of the back office is by just this expression.
            SQL(
                "CREATE INDEX story_title_words ON story USING gin (to_tsvector('english', title))"
            ),
        )


class Intake(Row):
    """What became of one row that a source gave: taken, known already, or skipped because."""

    source = ForeignKeyField(Source, backref="intakes", on_delete="CASCADE")
    external_id = CharField(max_length=120)
    title = TextField()
    outcome = CharField(max_length=10)
    reason = TextField(default="")
    story = ForeignKeyField(Story, null=True, backref="intakes", on_delete="CASCADE")

    class Meta:
        indexes = ((("source", "id"), False),)


class SafetyDecision(Row):
    """What one judge thought of a story, and against which thresholds that counted."""

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


class Script(Row):
    """What was written around a story's own words."""

    story = ForeignKeyField(Story, backref="scripts", unique=True, on_delete="RESTRICT")
    title = TextField()
    hook = TextField()
    hooks = BinaryJSONField(default=list, index=False)
    """Openings to pick from, the one that is used among them."""
    call_to_action = TextField()
    hashtags = BinaryJSONField(default=list, index=False)
    written_by = CharField(max_length=80)


class Part(Row):
    """One video's worth of a story; ``spoken`` is every word that is said and captioned."""

    script = ForeignKeyField(Script, backref="parts", on_delete="CASCADE")
    number = IntegerField()
    of = IntegerField()
    hook = TextField()
    text = TextField()
    call_to_action = TextField()
    answers = BinaryJSONField(default=list, index=False)
    """``[[word of the text, number of the answer that begins or goes on there], …]``."""

    class Meta:
        indexes = ((("script", "number"), True),)

    @property
    def spoken(self) -> str:
        return "\n\n".join(text for text in (self.hook, self.text, self.call_to_action) if text)


class Narration(Row):
    """A part's sound, kept by the content it was made from."""

    part = ForeignKeyField(Part, backref="narrations", unique=True, on_delete="CASCADE")
    key = CharField(max_length=64, index=True)
    path = TextField()
    seconds = FloatField()
    voice = CharField(max_length=200)
    timed_by = CharField(max_length=20)
    words = BinaryJSONField(index=False)
    """``[[word, start, end], …]``, seconds; a word of a script without spaces may have a fourth,
    when its letters sound: ``[[offset, second], …]``."""


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


# ── publishing ───────────────────────────────────────────────────────────────────────────────


class Method(StrEnum):
    """How a post gets to the platform, the best way first."""

    DIRECT = "direct"
    INBOX = "inbox"
    BROWSER = "browser"
    MANUAL = "manual"


class AccountState(StrEnum):
    CONNECTED = "connected"
    EXPIRED = "expired"
    DISCONNECTED = "disconnected"


class Account(Row):
    platform = CharField(max_length=20, default="tiktok")
    open_id = CharField(max_length=120)
    name = CharField(max_length=120, default="")
    username = CharField(max_length=60, default="")
    """The creator's @name, without the @; empty until the platform or a person has told it."""
    scopes = TextField(default="")
    state = CharField(max_length=14, constraints=[one_of("state", AccountState)])
    access_token = EncryptedTextField(null=True)
    refresh_token = EncryptedTextField(null=True)
    access_expires_at = DateTimeTZField(null=True)
    refresh_expires_at = DateTimeTZField(null=True)
    last_refreshed_at = DateTimeTZField(null=True)
    refresh_begun_at = DateTimeTZField(null=True)
    """Set before TikTok is asked for new tokens, cleared with what came of it."""
    refresh_attempts = IntegerField(default=0)
    """Failed refreshes since the last good one."""
    next_refresh_at = DateTimeTZField(null=True)
    """When a failed refresh is tried again."""
    last_error = TextField(default="")

    privacy = CharField(max_length=40, default="")
    """Who may see its posts; empty until a person has chosen, as the platform's rules want."""
    allow_comment = BooleanField(default=False)
    allow_duet = BooleanField(default=False)
    allow_stitch = BooleanField(default=False)
    ai_label = BooleanField(default=True)
    methods = BinaryJSONField(default=lambda: list(Method), index=False)
    """The ways that its posts may take, each tried when the one before it is closed."""

    timezone = CharField(max_length=64, default="UTC")
    """IANA name; its slots and its days are meant in it."""
    posts_a_day = IntegerField(default=15)
    """Most posts in one of its days."""
    gap_minutes = IntegerField(default=0)
    """Least time between two posts."""

    browser_session = EncryptedTextField(null=True)
    """Cookies of the creator's signed-in browser."""
    browser_checked_at = DateTimeTZField(null=True)
    browser_error = TextField(default="")
    """Why the session was of no use when it was last looked at."""

    moves: ClassVar = {
        AccountState.CONNECTED: frozenset({AccountState.EXPIRED, AccountState.DISCONNECTED}),
        AccountState.EXPIRED: frozenset({AccountState.CONNECTED, AccountState.DISCONNECTED}),
        AccountState.DISCONNECTED: frozenset({AccountState.CONNECTED}),
    }

    class Meta:
        indexes = (
            (("platform", "open_id"), True),
            (("state", "access_expires_at"), False),
        )


class Slot(Row):
    """A weekly time of an account, by its own clock, at which one post may go out."""

    account = ForeignKeyField(Account, backref="slots", on_delete="CASCADE")
    weekday = IntegerField(constraints=[SQL("CHECK (weekday BETWEEN 1 AND 7)")])
    """1 is Monday (ISO 8601)."""
    at = CharField(max_length=5)
    """``HH:MM``."""

    class Meta:
        indexes = ((("account", "weekday", "at"), True),)


class SourceAccount(Row):
    """Which accounts get a source's videos; a source without rows goes to every account."""

    source = ForeignKeyField(Source, backref="account_links", on_delete="CASCADE")
    account = ForeignKeyField(Account, backref="source_links", on_delete="CASCADE")

    class Meta:
        table_name = "source_account"
        indexes = ((("source", "account"), True),)


class OAuthHandshake(Row):
    """One connect attempt: used once, bound to the browser session that began it."""

    state = CharField(max_length=64, unique=True)
    verifier = EncryptedTextField()
    session_id = CharField(max_length=64)
    used_at = DateTimeTZField(null=True)

    class Meta:
        table_name = "oauth_handshake"


class PostState(StrEnum):
    """``claiming`` is "about to": from there only the platform can say what happened.

    ``inbox`` waits in the TikTok app for its creator, ``manual`` for a person with the file.
    """

    PLANNED = "planned"
    CLAIMING = "claiming"
    UPLOADING = "uploading"
    PROCESSING = "processing"
    PUBLISHED = "published"
    INBOX = "inbox"
    MANUAL = "manual"
    FAILED = "failed"
    PARKED = "parked"
    CANCELLED = "cancelled"


class Post(Row):
    """One video on one account."""

    video = ForeignKeyField(Video, backref="posts", on_delete="RESTRICT")
    account = ForeignKeyField(Account, backref="posts", on_delete="RESTRICT")
    state = CharField(
        max_length=12, default=PostState.PLANNED, constraints=[one_of("state", PostState)]
    )
    title = TextField()
    options = BinaryJSONField(default=dict, index=False)
    """What differs from its account's choices: ``privacy``, ``allow_comment``, ``ai_label``, …"""
    allowed = BooleanField(default=False)
    """A person has read what the compliance gate found, and lets it pass."""
    scheduled_at = DateTimeTZField(null=True)
    pinned = BooleanField(default=False)
    """A person chose ``scheduled_at``, so no other post's needs move it."""
    method = CharField(max_length=10, default="")
    """The way that it takes now; empty before its first try."""
    publish_id = CharField(max_length=120, null=True, unique=True)
    upload_url = EncryptedTextField(null=True)
    bytes_sent = BigIntegerField(default=0)
    platform_id = CharField(max_length=120, default="")
    address = TextField(default="")
    """Where viewers find it."""
    reason = TextField(default="")
    published_at = DateTimeTZField(null=True)
    next_insight_at = DateTimeTZField(null=True)
    """When its views are asked for again."""

    moves: ClassVar = {
        PostState.PLANNED: frozenset(
            {
                PostState.CLAIMING,
                PostState.MANUAL,
                PostState.CANCELLED,
                PostState.FAILED,
                PostState.PARKED,
            }
        ),
        PostState.CLAIMING: frozenset(
            {
                PostState.PLANNED,
                PostState.UPLOADING,
                PostState.PROCESSING,
                PostState.PARKED,
                PostState.FAILED,
            }
        ),
        PostState.UPLOADING: frozenset(
            {PostState.PLANNED, PostState.PROCESSING, PostState.FAILED, PostState.PARKED}
        ),
        PostState.PROCESSING: frozenset(
            {
                PostState.PLANNED,
                PostState.PUBLISHED,
                PostState.INBOX,
                PostState.FAILED,
                PostState.PARKED,
            }
        ),
        PostState.PARKED: frozenset({PostState.PLANNED, PostState.PUBLISHED, PostState.CANCELLED}),
        PostState.FAILED: frozenset({PostState.PLANNED, PostState.CANCELLED}),
        PostState.INBOX: frozenset({PostState.PUBLISHED}),
        PostState.MANUAL: frozenset({PostState.PLANNED, PostState.PUBLISHED, PostState.CANCELLED}),
        PostState.PUBLISHED: frozenset(),
        PostState.CANCELLED: frozenset({PostState.PLANNED}),
    }

    class Meta:
        indexes = (
            (("video", "account"), True),
            (("state", "id"), False),
            (("published_at",), False),
            (("account", "scheduled_at"), False),
            (("method", "id"), False),
            (("next_insight_at",), False),
        )


class Attempt(Row):
    """One try at a post, kept for the history."""

    post = ForeignKeyField(Post, backref="attempts", on_delete="CASCADE")
    method = CharField(max_length=20)
    bytes_sent = BigIntegerField(default=0)
    seconds = FloatField(default=0.0)
    outcome = CharField(max_length=60)
    reason = TextField(default="")
    """The outcome in a sentence; where the next way was taken, why."""
    platform_id = CharField(max_length=120, default="")
    screenshot = TextField(default="")
    """Path of what a browser showed when it stopped."""


class Insight(Row):
    """How a published video was doing at ``created_at``."""

    post = ForeignKeyField(Post, backref="insights", on_delete="CASCADE")
    views = BigIntegerField()
    likes = BigIntegerField()
    comments = BigIntegerField()
    shares = BigIntegerField()

    class Meta:
        indexes = ((("post", "id"), False),)


class WebhookEvent(Row):
    """An event that the platform has told us of; it tells each at least once."""

    digest = CharField(max_length=64, unique=True)
    event = CharField(max_length=60)
    open_id = CharField(max_length=120)
    publish_id = CharField(max_length=120, default="")
    outcome = TextField(default="")
    """What it led to."""


# ── work ─────────────────────────────────────────────────────────────────────────────────────


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    PARKED = "parked"
    CANCELLED = "cancelled"


class Job(Row):
    """One stage of work on one row: the record behind every queue message."""

    stage = CharField(max_length=20)
    subject_id = IntegerField()
    queue = CharField(max_length=20)
    request_id = CharField(max_length=32)
    """Shared by every job that began with the same fetch or click."""
    state = CharField(
        max_length=10, default=JobState.WAITING, constraints=[one_of("state", JobState)]
    )
    due_at = DateTimeTZField(default=now)
    sent_at = DateTimeTZField(null=True)
    sends = IntegerField(default=0)
    """Hints sent since it was due; repeats come ever more rarely."""
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
        JobState.CANCELLED: frozenset({JobState.WAITING}),
    }

    class Meta:
        indexes = (
            (("stage", "subject_id"), True),
            (("state", "due_at"), False),
            (("state", "stage", "id"), False),
        )

    @classmethod
    def of(cls, stage: str, subject_id: int) -> Self | None:
        return cls.get_or_none(cls.stage == stage, cls.subject_id == subject_id)


class DeadLetter(Row):
    """Work that was set aside, with all that is needed to understand and repeat it."""

    job = ForeignKeyField(Job, null=True, backref="dead_letters", on_delete="SET NULL")
    stage = CharField(max_length=60)
    subject_id = IntegerField(null=True)
    attempts = IntegerField(default=0)
    error = TextField()
    error_code = CharField(max_length=60, default="")
    trace = TextField(default="")
    resolved_at = DateTimeTZField(null=True)
    resolution = CharField(max_length=20, default="")

    class Meta:
        table_name = "dead_letter"
        indexes = (
            SQL("CREATE INDEX dead_letter_open ON dead_letter (id) WHERE resolved_at IS NULL"),
        )


class LimitSetting(Row):
    """A limit changed at run time; without a row the limit's own figure counts."""

    name = CharField(max_length=60, unique=True)
    count = IntegerField()
    seconds = FloatField()

    class Meta:
        table_name = "limit_setting"


TABLES: tuple[type[Row], ...] = (
    User,
    AuditEntry,
    Channel,
    Source,
    Story,
    Intake,
    SafetyDecision,
    Script,
    Part,
    Narration,
    Caption,
    Video,
    Account,
    Slot,
    SourceAccount,
    OAuthHandshake,
    Post,
    Attempt,
    Insight,
    WebhookEvent,
    Job,
    DeadLetter,
    LimitSetting,
)

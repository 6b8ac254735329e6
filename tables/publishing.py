"""Accounts, their times, posts, and how these do."""

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
from playhouse.postgres_ext import BinaryJSONField, DateTimeTZField

from core.crypto import EncryptedTextField
from tables.base import Row, one_of
from tables.production import Video
from tables.stories import Source


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


TOLD_BY_PLATFORM = frozenset(
    {
        PostState.PROCESSING,
        PostState.PUBLISHED,
        PostState.INBOX,
        PostState.FAILED,
        PostState.PARKED,
    }
)
"""What an answer of the platform may mean for a post that it has been told of."""


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
        # The platform may be further than we have seen: its answer skips what lies between.
        PostState.CLAIMING: frozenset({PostState.PLANNED, PostState.UPLOADING, *TOLD_BY_PLATFORM}),
        PostState.UPLOADING: frozenset({PostState.PLANNED, *TOLD_BY_PLATFORM}),
        PostState.PROCESSING: frozenset(
            {PostState.PLANNED, *TOLD_BY_PLATFORM - {PostState.PROCESSING}}
        ),
        # Begun again by a person, a post with a publish_id goes on where the platform has it.
        PostState.PARKED: frozenset(
            {
                PostState.PLANNED,
                PostState.CANCELLED,
                PostState.UPLOADING,
                *TOLD_BY_PLATFORM - {PostState.PARKED},
            }
        ),
        PostState.FAILED: frozenset(
            {
                PostState.PLANNED,
                PostState.CANCELLED,
                PostState.UPLOADING,
                *TOLD_BY_PLATFORM - {PostState.FAILED},
            }
        ),
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

"""Accounts, their slots and posts; ``insights.py`` has the posts' view counts."""

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
from tables.production import Script, Video
from tables.stories import Source


class Method(StrEnum):
    """How a post gets to the platform, the best method first."""

    DIRECT = "direct"
    INBOX = "inbox"
    BROWSER = "browser"
    MANUAL = "manual"


class AccountState(StrEnum):
    CONNECTED = "connected"
    EXPIRED = "expired"
    DISCONNECTED = "disconnected"


class PauseCause(StrEnum):
    """Why an account is paused; it paused itself unless a person did."""

    NONE = ""
    PERSON = "person"
    ALL = "all"
    """A person has paused all accounts."""
    REFUSED = "refused"
    """The platform takes none of its posts: a ban, or one refusal after another."""
    GRANT = "grant"
    """Its authorization has ended."""
    FAILURES = "failures"
    """Several of its posts failed in a row."""


class LateStories(StrEnum):
    """What an account gets of stories that had begun elsewhere before it could take part."""

    ASK = ""
    FROM_PART_ONE = "from_part_one"
    SKIP = "skip"


class Account(Row):
    platform = CharField(max_length=20, default="tiktok")
    open_id = CharField(max_length=120)
    name = CharField(max_length=120, default="")
    username = CharField(max_length=60, default="")
    """The creator's @name, without the @; empty until the platform or a person provides it."""
    scopes = TextField(default="")
    state = CharField(max_length=14, constraints=[one_of("state", AccountState)])
    access_token = EncryptedTextField(null=True)
    refresh_token = EncryptedTextField(null=True)
    access_expires_at = DateTimeTZField(null=True)
    refresh_expires_at = DateTimeTZField(null=True)
    last_refreshed_at = DateTimeTZField(null=True)
    refresh_begun_at = DateTimeTZField(null=True)
    """Set before TikTok is asked for new tokens, cleared when the result is stored."""
    refresh_attempts = IntegerField(default=0)
    """Failed refreshes since the last successful one."""
    next_refresh_at = DateTimeTZField(null=True)
    """When a failed refresh is retried."""
    last_error = TextField(default="")
    paused_at = DateTimeTZField(null=True)
    """Since when nothing of it is announced; None while it isn't paused."""
    paused_reason = TextField(default="")
    paused_cause = CharField(
        max_length=10, default=PauseCause.NONE, constraints=[one_of("paused_cause", PauseCause)]
    )
    failed_in_a_row = IntegerField(default=0)
    """Posts that failed or needed attention since the last one that went out."""
    groups = BinaryJSONField(default=list, index=False)
    """Names of the groups that a person has put it in, sorted."""

    late_stories = CharField(
        max_length=16, default=LateStories.ASK, constraints=[one_of("late_stories", LateStories)]
    )

    privacy = CharField(max_length=40, default="")
    """Who can see its posts; empty until a person has chosen, as the platform's rules require."""
    allow_comment = BooleanField(default=False)
    allow_duet = BooleanField(default=False)
    allow_stitch = BooleanField(default=False)
    ai_label = BooleanField(default=True)
    methods = BinaryJSONField(default=lambda: list(Method), index=False)
    """The methods that its posts may use; each is tried when the one before it is closed."""

    timezone = CharField(max_length=64, default="UTC")
    """IANA name; the account's slots and days are in this time zone."""
    posts_a_day = IntegerField(default=15)
    """Most posts in one day of its time zone."""
    gap_minutes = IntegerField(default=0)
    """Shortest time between two posts."""

    browser_session = EncryptedTextField(null=True)
    """Cookies of the creator's signed-in browser."""
    browser_session_version = IntegerField(default=0)
    """Raised whenever the cookies change, so that no use of older ones is written over them."""
    browser_checked_at = DateTimeTZField(null=True)
    browser_error = TextField(default="")
    """Why the session didn't work at the last check."""

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
    """A weekly time, in the account's time zone, at which one post may go out."""

    account = ForeignKeyField(Account, backref="slots", on_delete="CASCADE")
    weekday = IntegerField(constraints=[SQL("CHECK (weekday BETWEEN 1 AND 7)")])
    """1 is Monday (ISO 8601)."""
    at = CharField(max_length=5)
    """``HH:MM``."""

    class Meta:
        indexes = ((("account", "weekday", "at"), True),)


class SourceAccount(Row):
    """Which accounts get a source's videos; without rows, every account gets them."""

    source = ForeignKeyField(Source, backref="account_links", on_delete="CASCADE")
    account = ForeignKeyField(Account, backref="source_links", on_delete="CASCADE")

    class Meta:
        table_name = "source_account"
        indexes = ((("source", "account"), True),)


class LateStory(Row):
    """A story that began without an account; a person decides whether the account gets it."""

    account = ForeignKeyField(Account, backref="late", on_delete="CASCADE")
    script = ForeignKeyField(Script, backref="late_for", on_delete="CASCADE")

    class Meta:
        table_name = "late_story"
        indexes = ((("account", "script"), True),)


class OAuthHandshake(Row):
    """One attempt to connect: used once, tied to the browser session that started it."""

    state = CharField(max_length=64, unique=True)
    verifier = EncryptedTextField()
    session_id = CharField(max_length=64)
    used_at = DateTimeTZField(null=True)

    class Meta:
        table_name = "oauth_handshake"


class PostState(StrEnum):
    """``claiming`` means "about to be announced": after it, only the platform knows what happened.

    ``inbox`` waits for the creator in the TikTok app, ``manual`` for a person to post the file.
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


REPORTED_BY_PLATFORM = frozenset(
    {
        PostState.PROCESSING,
        PostState.PUBLISHED,
        PostState.INBOX,
        PostState.FAILED,
        PostState.PARKED,
    }
)
"""States that the platform's answer may give a post that was announced to it."""


class Post(Row):
    """One video on one account."""

    video = ForeignKeyField(Video, backref="posts", on_delete="RESTRICT")
    account = ForeignKeyField(Account, backref="posts", on_delete="RESTRICT", index=False)
    state = CharField(
        max_length=12, default=PostState.PLANNED, constraints=[one_of("state", PostState)]
    )
    video_key = CharField(max_length=64, default="")
    """``key`` of the video that was announced; empty before."""
    title = TextField()
    options = BinaryJSONField(default=dict, index=False)
    """Where it differs from its account's settings: ``privacy``, ``allow_comment``, …"""
    allowed = BooleanField(default=False)
    """A person has read what the compliance check found and allows the post."""
    scheduled_at = DateTimeTZField(null=True)
    pinned = BooleanField(default=False)
    """A person chose ``scheduled_at``, so it is never moved to make room for another post."""
    method = CharField(max_length=10, default="")
    """The method it uses now; empty before its first try."""
    publish_id = CharField(max_length=120, null=True, unique=True)
    upload_url = EncryptedTextField(null=True)
    bytes_sent = BigIntegerField(default=0)
    platform_id = CharField(max_length=120, default="")
    address = TextField(default="")
    """Its public address."""
    reason = TextField(default="")
    published_at = DateTimeTZField(null=True)
    next_insight_at = DateTimeTZField(null=True)
    """When TikTok is asked about it next: for its number, then for its view counts."""

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
        # The platform may be ahead of our last known state: its answer can skip states.
        PostState.CLAIMING: frozenset(
            {PostState.PLANNED, PostState.UPLOADING, *REPORTED_BY_PLATFORM}
        ),
        PostState.UPLOADING: frozenset({PostState.PLANNED, *REPORTED_BY_PLATFORM}),
        PostState.PROCESSING: frozenset(
            {PostState.PLANNED, *REPORTED_BY_PLATFORM - {PostState.PROCESSING}}
        ),
        # When a person restarts a post with a publish_id, it continues where the platform has it.
        PostState.PARKED: frozenset(
            {
                PostState.PLANNED,
                PostState.CANCELLED,
                PostState.UPLOADING,
                *REPORTED_BY_PLATFORM - {PostState.PARKED},
            }
        ),
        PostState.FAILED: frozenset(
            {
                PostState.PLANNED,
                PostState.CANCELLED,
                PostState.UPLOADING,
                *REPORTED_BY_PLATFORM - {PostState.FAILED},
            }
        ),
        PostState.INBOX: frozenset({PostState.PUBLISHED}),
        PostState.MANUAL: frozenset({PostState.PLANNED, PostState.PUBLISHED, PostState.CANCELLED}),
        PostState.PUBLISHED: frozenset(),
        # Back to what it was: its cancellation is undone.
        PostState.CANCELLED: frozenset({PostState.PLANNED, PostState.PARKED, PostState.FAILED}),
    }

    class Meta:
        indexes = (
            (("video", "account"), True),
            (("state", "id"), False),
            (("published_at",), False),
            (("account", "scheduled_at"), False),
            (("next_insight_at",), False),
            SQL("CREATE INDEX post_newest ON post (state, method, id DESC NULLS LAST)"),
            SQL(
                "CREATE INDEX post_newest_of_account "
                "ON post (account_id, state, method, id DESC NULLS LAST)"
            ),
            SQL("CREATE INDEX post_by_time ON post (scheduled_at, id) WHERE state <> 'cancelled'"),
            SQL("CREATE INDEX post_platform_id ON post (platform_id) WHERE platform_id <> ''"),
            SQL(
                "CREATE INDEX post_new_drafts ON post (id) "
                "WHERE state = 'inbox' AND next_insight_at IS NULL"
            ),
            SQL(
                "CREATE INDEX post_new_videos ON post (published_at) "
                "WHERE state = 'published' AND next_insight_at IS NULL"
            ),
            SQL(
                "CREATE INDEX post_queued ON post (account_id, scheduled_at) "
                "WHERE state = 'planned'"
            ),
            SQL(
                "CREATE INDEX post_stopped ON post (account_id, id) "
                "WHERE state IN ('failed', 'parked')"
            ),
        )


class Attempt(Row):
    """One try at a post, kept for the history."""

    post = ForeignKeyField(Post, backref="attempts", on_delete="CASCADE")
    method = CharField(max_length=20)
    bytes_sent = BigIntegerField(default=0)
    seconds = FloatField(default=0.0)
    outcome = CharField(max_length=60)
    reason = TextField(default="")
    """The outcome in a sentence; if the next method was used, why."""
    platform_id = CharField(max_length=120, default="")
    unknown_answers = IntegerField(default=0)
    """How often in a row the platform has said that it doesn't know this upload."""
    screenshot = TextField(default="")
    """Path, below the media folder, of a picture of the page where the browser stopped."""


class WebhookEvent(Row):
    """An event that the platform sent us; it sends each event at least once."""

    digest = CharField(max_length=64, unique=True)
    event = CharField(max_length=60)
    open_id = CharField(max_length=120)
    publish_id = CharField(max_length=120, default="")
    outcome = TextField(default="")
    """What was done about it."""

    class Meta:
        indexes = (
            (("created_at",), False),
            SQL("CREATE INDEX webhook_event_unsettled ON webhook_event (id) WHERE outcome = ''"),
            SQL(
                "CREATE INDEX webhook_event_post ON webhook_event (publish_id) "
                "WHERE publish_id <> ''"
            ),
        )

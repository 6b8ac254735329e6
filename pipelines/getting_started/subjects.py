"""The first account, source, channel, story and post: what the first steps are about."""

from __future__ import annotations

from typing import Any

from peewee import JOIN, SQL, fn

from core.settings import Settings
from models import (
    Account,
    AccountState,
    Channel,
    Part,
    Post,
    PostState,
    Script,
    Source,
    Story,
    StoryState,
    Video,
    VideoState,
)

ON_ITS_WAY = (PostState.PROCESSING, PostState.UPLOADING, PostState.CLAIMING)
FURTHEST_FIRST = (
    PostState.PUBLISHED,
    PostState.INBOX,
    *ON_ITS_WAY,
    PostState.PLANNED,
    PostState.MANUAL,
    PostState.PARKED,
    PostState.FAILED,
)


def account() -> Account | None:
    """The account that is furthest: connected, with its audience chosen, then the oldest."""
    connected = (Account.state == AccountState.CONNECTED).desc()
    columns = Account.select(
        Account.id, Account.name, Account.open_id, Account.state, Account.privacy
    )
    used = columns.where(Account.state != AccountState.DISCONNECTED)
    found: Account | None = used.order_by(
        connected, (Account.privacy != "").desc(), Account.id
    ).first()
    return found


def source() -> Source | None:
    """The source that is furthest: one that has given a story, then the oldest."""
    # In the order of the index story_newest_of_source. PostgreSQL would read the stories until one
    # fits otherwise, and all of them for an EXISTS.
    in_order = SQL("state, id DESC NULLS LAST")
    one = Story.select(Story.id).where(Story.source == Source.id).order_by(in_order).limit(1)
    gave = fn.COALESCE(one, 0) > 0
    rows: Any = Source.select(Source, gave.alias("gave")).where(Source.archived_at.is_null())
    found: Source | None = rows.order_by(gave.desc(), Source.id).first()
    return found


def channel() -> Channel | None:
    """The channel that is furthest: one that a source uses, then the oldest."""
    rows: Any = (
        Channel.select(Channel, Source.id.is_null(False).alias("used"))
        .join(Source, JOIN.LEFT_OUTER)
        .order_by(Source.id.is_null(), Channel.id)
    )
    found: Channel | None = rows.objects().first()
    return found


def waiting(most: int) -> list[Story]:
    """The newest stories that wait for approval."""
    return _newest(StoryState.WAITING, most)


def approved() -> Story | None:
    """The newest approved story."""
    found = [*_newest(StoryState.APPROVED, 1), *_newest(StoryState.SCRIPTED, 1)]
    return max(found, key=lambda story: int(story.id), default=None)


def _newest(state: StoryState, most: int) -> list[Story]:
    rows = Story.select(Story.id, Story.title, Story.state).where(Story.state == state)
    # In the order of the index story_newest, so that nothing else of the table is read.
    return list(rows.order_by(SQL("id DESC NULLS LAST")).limit(most))


def post() -> Any:
    """The post that is furthest, with its story's title and its account; None without one."""
    columns = Post.select(
        Post.id, Post.state, Post.reason, Script.title.alias("told"), Account.name, Account.open_id
    )
    rows = columns.join(Video).join(Part).join(Script).switch(Post).join(Account).objects()
    # One state after the other, each by the index of states: most posts are not read.
    newest = (rows.where(Post.state == state).order_by(Post.id.desc()) for state in FURTHEST_FIRST)
    return next((found for each in newest if (found := each.first())), None)


def in_review() -> bool:
    """Whether a video waits for a person."""
    return bool(Video.select().where(Video.state == VideoState.REVIEW).exists())


def voice_of(channel: Channel | None, config: Settings) -> str:
    """The voice that tells its stories."""
    return str((channel.voice if channel else "") or config.voice)


def name_of(account: Any) -> str:
    return str(account.name or account.open_id)

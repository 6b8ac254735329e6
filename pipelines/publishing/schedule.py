"""Which account gets which video, and when it is a post's turn (P8, U4).

The parts of a story go out in order on each account. Two transactions decide that together, the
one that plans a part and the one that ends the part before it. Both hold the script's row, so that
the later one always sees what the earlier one did, and no part is forgotten between them.
"""

from __future__ import annotations

import structlog
from peewee import ModelSelect

from core import db
from models import (
    Account,
    AccountState,
    Job,
    Part,
    Post,
    PostState,
    Script,
    Source,
    SourceAccount,
    Video,
    VideoState,
)
from pipelines import ledger
from pipelines.publishing.locks import locked
from pipelines.publishing.titles import post_title

log = structlog.get_logger(__name__)

OVER = frozenset({PostState.PUBLISHED, PostState.INBOX, PostState.CANCELLED})
"""States after which the next part may go out."""


def plan(video: Video, *, request_id: str = "") -> list[Post]:
    """Make the posts of a video that has just become READY and release those whose turn it is.

    Each account of the story's source gets the video, or every account where the source names
    none; expired accounts too, whose posts then wait for a person rather than get lost. Earlier
    parts that an account lacks, because it was connected between them, are planned with it.
    Inside the caller's transaction; a second call changes nothing.

    Args:
        video: READY.
        request_id: what the work began with, for the log.
    """
    with db.transaction():
        script = video.part.script
        _lock(script)
        posts = []
        for account in _accounts(script.story.source):
            for ready in _ready_videos(script, up_to=video.part.number):
                post = Post.get_or_none(Post.video == ready, Post.account == account)
                if post is None:
                    post = Post.create(video=ready, account=account, title=_title(ready))
                    release(post, request_id=request_id)
                if ready.id == video.id:
                    posts.append(post)
        return posts


def release(post: Post, *, request_id: str = "") -> None:
    """Make the publish job of a planned post when it is its turn and it has none yet."""
    with db.transaction():
        _lock(post.video.part.script)
        planned = Post.get_by_id(post.id).state == PostState.PLANNED
        if planned and Job.of("publish", post.id) is None and _is_its_turn(post):
            ledger.enqueue("publish", post.id, request_id=request_id)


def release_next(post: Post, *, request_id: str = "") -> None:
    """Release what waits for a post that has ended well or was cancelled."""
    with db.transaction():
        _lock(post.video.part.script)
        part = post.video.part
        following = _posts_of(part.script, post.account).where(Part.number > part.number)
        for next_post in following.order_by(Part.number):
            release(next_post, request_id=request_id)


def lock_turns(post: Post) -> None:
    """Take the lock that ``release_next`` needs, before the post's own row is written."""
    _lock(post.video.part.script)


def _lock(script: Script) -> None:
    locked(Script.select(Script.id).where(Script.id == script.id)).get()


def _accounts(source: Source) -> list[Account]:
    usable = Account.select().where(Account.state != AccountState.DISCONNECTED)
    chosen = SourceAccount.select(SourceAccount.account).where(SourceAccount.source == source)
    if chosen.exists():
        usable = usable.where(Account.id.in_(chosen))
    return list(usable.order_by(Account.id))


def _ready_videos(script: Script, *, up_to: int) -> list[Video]:
    return list(
        Video.select()
        .join(Part)
        .where(Part.script == script, Part.number <= up_to, Video.state == VideoState.READY)
        .order_by(Part.number)
    )


def _is_its_turn(post: Post) -> bool:
    part = post.video.part
    earlier = _posts_of(part.script, post.account).where(
        Part.number < part.number, Post.state.in_(OVER)
    )
    return bool(earlier.count() == part.number - 1)


def _posts_of(script: Script, account: Account) -> ModelSelect[Post]:
    return (
        Post.select().join(Video).join(Part).where(Part.script == script, Post.account == account)
    )


def _title(video: Video) -> str:
    part, script = video.part, video.part.script
    return post_title(script.title, part.number, part.of, script.hashtags)

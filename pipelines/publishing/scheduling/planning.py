"""Which account gets which video, and when a post is released to the workers (P8, U4).

A planned post gets its time at once (``booking``), and its job when the parts of its story before
it are out: the parts go out in order on each account. Two transactions decide that together, the
one that plans a part and the one that ends the part before it. Both hold the script's row, so that
the later one always sees what the earlier one did, and no part is forgotten between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import structlog
from peewee import ModelSelect

from core import db
from core.errors import InputError
from models import (
    Account,
    AccountState,
    AuditEntry,
    Job,
    Part,
    Post,
    PostState,
    Script,
    Source,
    SourceAccount,
    Video,
    VideoState,
    locked,
    now,
)
from pipelines import ledger
from pipelines.publishing.posts.post_title import post_title
from pipelines.publishing.scheduling import account_queue, pins, post_times

log = structlog.get_logger(__name__)

OVER = account_queue.OVER
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
        chosen = _accounts(script.story.source)
        return [_planned(video, account, request_id)[0] for account in chosen]


def post_to(
    video_id: int, account_ids: Iterable[int], *, at: datetime | None = None, by: str
) -> list[Post]:
    """A person has a video posted to these accounts too; those that have it keep their post.

    Args:
        video_id: READY.
        account_ids: connected, or expired.
        at: when the new posts go out (up to a minute ago is at once); None queues them for each
            account's next free time.
        by: who.

    Raises:
        InputError: the video can't be posted, there is no such account, or it can't be at that
            time; then nothing is planned.
    """
    with db.transaction():
        video = Video.get_or_none(Video.id == video_id)
        if video is None or video.state != VideoState.READY:
            raise InputError(f"Video {video_id} is not ready: approve it first.")
        _lock(video.part.script)
        posts = []
        for account_id in sorted(set(account_ids)):
            account = Account.get_or_none(Account.id == account_id)
            if account is None or account.state == AccountState.DISCONNECTED:
                raise InputError(f"Account {account_id} is not connected: connect it first.")
            post, made = _planned(video, account)
            if made:
                subject = f"post {post.id}"
                AuditEntry.create(actor=by, action="post.plan", subject=subject)
            if made and at is not None:
                pins.pin(post.id, at, by)
            posts.append(Post.get_by_id(post.id))
        return posts


def release(post: Post, *, request_id: str = "") -> None:
    """Make the publish job of a planned post whose turn it is, due at the post's time.

    A job that waits already is moved there; one that has ended is a person's to begin anew.
    """
    with db.transaction():
        _lock(post.video.part.script)
        post = Post.get_by_id(post.id)
        if post.state == PostState.PLANNED and _earlier_parts_are_out(post):
            if post.scheduled_at is None:
                post_times.assign(post)
            if Job.of("publish", post.id) is None:
                time = Post.get_by_id(post.id).scheduled_at
                later = time if time is not None and time > now() else None
                ledger.enqueue("publish", post.id, request_id=request_id, due_at=later)
            post_times.align_job(post)


def replan(post: Post) -> None:
    """Give a post that a person has planned again its job, which had ended, and a time."""
    with db.transaction():
        _lock(post.video.part.script)
        ledger.enqueue("publish", post.id, due_at=now())
        post_times.assign(post)
        post_times.align_job(post)


def release_next(post: Post, *, request_id: str = "") -> None:
    """Release what waits for a post that has ended well or was cancelled."""
    with db.transaction():
        _lock(post.video.part.script)
        part = post.video.part
        following = _posts_of(part.script, post.account).where(Part.number > part.number)
        for next_post in following.order_by(Part.number):
            release(next_post, request_id=request_id)


def lock_for_release(post: Post) -> None:
    """Take the locks that ``release_next`` needs, before the post's own row is written."""
    _lock(post.video.part.script)
    account_queue.AccountQueue.of(post)


def _lock(script: Script) -> None:
    locked(Script.select(Script.id).where(Script.id == script.id)).get()


def _planned(video: Video, account: Account, request_id: str = "") -> tuple[Post, bool]:
    """The video's post on the account, and whether it is new; the parts before it come with it."""
    posts = []
    for ready in _ready_videos(video.part.script, up_to=video.part.number):
        post = Post.get_or_none(Post.video == ready, Post.account == account)
        is_new = post is None
        if post is None:
            post = Post.create(video=ready, account=account, title=_title(ready))
            post_times.assign(post)
            release(post, request_id=request_id)
        posts.append((post, is_new))
    return posts[-1]


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


def _earlier_parts_are_out(post: Post) -> bool:
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

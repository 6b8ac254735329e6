"""Which account gets which video, and when a post is released to the workers.

A planned post gets its time at once (``post_times``). It gets its job when the earlier parts of its
story are out, so that the parts go out in order on each account. Two transactions decide this
together: the one that plans a part, and the one that ends the part before it. Both lock the
script's row, so the later one always sees what the earlier one did, and no part is forgotten.
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
    LateStories,
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
from pipelines.publishing.scheduling import account_queue, late_stories, pins, post_times

log = structlog.get_logger(__name__)

OVER = account_queue.OVER
"""States after which the next part may go out."""


def plan(video: Video, *, request_id: str = "") -> list[Post]:
    """Create the posts of a video that has just become READY, and release those that may go out.

    Each account of the story's source gets the video, or every account if the source names none.
    Expired accounts get it too: their posts then wait for a person instead of getting lost. An
    account that could only join the story late gets it as a person has decided
    (``late_stories.py``), then with all earlier parts. Runs in the caller's transaction; a second
    call changes nothing.

    Args:
        video: READY.
        request_id: the request that started the work, for the log.
    """
    with db.transaction():
        script = video.part.script
        _lock(script)
        chosen = [each for each in _accounts(script.story.source) if _takes(script, each)]
        return [_planned(video, account, request_id)[0] for account in chosen]


def decide_late(account_id: int, choice: str, by: str) -> int:
    """What an account gets of stories that began before it joined; how many it gets now.

    Args:
        account_id: the account.
        choice: one of ``LateStories``.
        by: who decides.

    Raises:
        InputError: there is no such account or no such choice.
    """
    with db.transaction():
        waiting = late_stories.waiting_for(account_id)
        list(locked(Script.select(Script.id).where(Script.id.in_(waiting)).order_by(Script.id)))
        scripts = late_stories.decide(account_id, choice, by, waiting)
        account = Account.get_by_id(account_id)
        for script_id in scripts:
            ready = Video.select(Video.id, Video.part).join(Part).order_by(Part.number.desc())
            newest = ready.where(Part.script == script_id, Video.state == VideoState.READY).first()
            if newest is not None:
                _planned(newest, account)
    return len(scripts)


def _takes(script: Script, account: Account) -> bool:
    if account.late_stories == LateStories.FROM_PART_ONE or not late_stories.joins_late(
        script, account
    ):
        return True
    if account.late_stories == LateStories.ASK:
        late_stories.ask(script, account)
    return False


def post_to(
    video_id: int, account_ids: Iterable[int], *, at: datetime | None = None, by: str
) -> list[Post]:
    """Plan a video on further accounts, as a person wants; existing posts stay.

    Args:
        video_id: READY.
        account_ids: connected or expired accounts.
        at: when the new posts go out (up to a minute ago means at once); None queues them for each
            account's next free time.
        by: who decides.

    Raises:
        InputError: the video can't be posted, there is no such account, or the time is not
            possible; then nothing is planned.
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
    """Create the publish job of a planned post whose earlier parts are out, due at its time.

    A waiting job is moved to that time; a job that has ended can only be restarted by a person.
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
    """Restart the ended job of a post that a person has planned again, and give it a time."""
    with db.transaction():
        _lock(post.video.part.script)
        ledger.enqueue("publish", post.id, due_at=now())
        post_times.assign(post)
        post_times.align_job(post)


def release_next(post: Post, *, request_id: str = "") -> None:
    """Release the later parts that wait for a post that went out or was cancelled."""
    with db.transaction():
        _lock(post.video.part.script)
        part = post.video.part
        following = _posts_of(part.script, post.account).where(Part.number > part.number)
        for next_post in following.order_by(Part.number):
            release(next_post, request_id=request_id)


def lock_for_release(post: Post) -> None:
    """Take the locks that ``release_next`` needs, before writing the post's own row."""
    _lock(post.video.part.script)
    account_queue.AccountQueue.of(post)


def _lock(script: Script) -> None:
    locked(Script.select(Script.id).where(Script.id == script.id)).get()


def _planned(video: Video, account: Account, request_id: str = "") -> tuple[Post, bool]:
    """The video's post on the account, and whether it is new; earlier parts are planned too."""
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

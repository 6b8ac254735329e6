"""Whether a post may go out now: the last check of cap, gap and order, under its account's lock.

There is no burst after downtime. Posts that are more than ``GRACE`` late get the account's next
free times, in the order of the queue. With slots these are the next slots, and none goes out now.
Without slots the first post may go out now, and the others keep their gap. With neither slots nor
a gap, posts go out together, as always on such an account, up to the cap. A pinned post that was
missed goes out as soon as gap and cap allow: a person chose its time, and the next slot would be
further from it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core import db
from core.errors import AccountFullError, Wait
from models import Part, Post, PostState, Video
from pipelines.publishing.accounts.pause import paused
from pipelines.publishing.scheduling.account_queue import GRACE, OVER, AccountQueue
from pipelines.publishing.scheduling.slots import moments

PAUSE_WITHOUT_SLOTS = timedelta(hours=6)
"""How long an account without slots pauses when the platform takes no more of its posts."""
PART_SECONDS = 600.0
"""The previous part wakes the next one when it ends; this check only covers a missed wake-up."""
NEVER_SECONDS = 3_600.0


def admit(post: Post) -> Wait | None:
    """Let the post go out now, or move it to its time.

    Call it in the transaction that would announce the post, before any post is written, and only
    if the post has no ``publish_id``. A post that was interrupted while it was announced is checked
    like others; if it has to wait, it is planned again.

    Returns:
        None: it may go out, and the time is stored. Otherwise the error to raise once this
        transaction is committed, so that the job waits.
    """
    with db.transaction():
        account_queue = AccountQueue.of(post)
        if (wait := paused(account_queue.account)) is not None:
            _plan_again(post)
            return wait
        unfinished = _part_before(post)
        if unfinished is not None:
            return Wait(f"part {unfinished} of this story must go out first", after=PART_SECONDS)
        _read(post)
        if not post.pinned and post.state != PostState.CLAIMING and _is_missed(post, account_queue):
            _plan_again(post)
            account_queue.reassign()
            _read(post)
        due = post.scheduled_at
        if due is None or due > account_queue.now:
            return _wait(post, account_queue)
        others = account_queue.gone(but=post.id) + ([] if post.pinned else account_queue.pinned())
        if account_queue.availability(others).free_at(account_queue.now):
            _schedule(post, account_queue.now)
            return None
        _plan_again(post)
        _move_pinned(post, account_queue, account_queue.now)
        account_queue.reassign(moving=post.id)
        _read(post)
        return _wait(post, account_queue)


def defer(post: Post) -> AccountFullError:
    """Move a post and all behind it: the platform takes no more posts from the account for now.

    They move to the next slots, or by some hours if the account has none. In the transaction
    that plans the post again, before its row is written.

    Returns:
        What to raise once the transaction is committed.
    """
    with db.transaction():
        account_queue = AccountQueue.of(post)
        _plan_again(post)
        slots = moments(account_queue.slots, account_queue.where, account_queue.now)
        earliest = next(slots, account_queue.now + PAUSE_WITHOUT_SLOTS)
        _move_pinned(post, account_queue, earliest)
        # With slots, no time before the next slot is free anyway.
        since = None if account_queue.slots else earliest
        account_queue.reassign(refused=post.id, since=since)
        _read(post)
        wait = _wait(post, account_queue)
    return AccountFullError(
        f"{wait}, because the platform takes no more posts from this account for now",
        after=wait.after or 0,
    )


def _is_missed(post: Post, account_queue: AccountQueue) -> bool:
    return post.scheduled_at is None or post.scheduled_at < account_queue.now - GRACE


def _plan_again(post: Post) -> None:
    _read(post)
    if post.state != PostState.PLANNED:
        post.move(PostState.PLANNED)


def _move_pinned(post: Post, account_queue: AccountQueue, earliest: datetime) -> None:
    """A pinned post stays outside the queue, but cap and gap apply to it too."""
    if post.pinned and account_queue.account.posts_a_day > 0:
        availability = account_queue.availability(account_queue.gone(but=post.id))
        _schedule(post, availability.next_allowed(earliest))


def _wait(post: Post, account_queue: AccountQueue) -> Wait:
    if post.scheduled_at is None or post.scheduled_at <= account_queue.now:
        return Wait("its account is set to 0 posts a day", after=NEVER_SECONDS)
    left = (post.scheduled_at - account_queue.now).total_seconds()
    return Wait(account_queue.waits_for(post.scheduled_at), after=left)


def _read(post: Post) -> None:
    fresh = Post.select(Post.state, Post.pinned, Post.scheduled_at).where(Post.id == post.id).get()
    post.state, post.pinned, post.scheduled_at = fresh.state, fresh.pinned, fresh.scheduled_at


def _schedule(post: Post, moment: datetime) -> None:
    post.scheduled_at = moment
    Post.update(scheduled_at=moment).where(Post.id == post.id).execute()


def _part_before(post: Post) -> int | None:
    """The number of an earlier part that is not over yet on this account."""
    part = post.video.part
    over = (
        Part.select(Part.number)
        .join(Video)
        .join(Post)
        .where(
            Part.script == part.script,
            Part.number < part.number,
            Post.account == post.account,
            Post.state.in_(OVER),
        )
    )
    missing = set(range(1, part.number)) - {row.number for row in over}
    return min(missing, default=None)

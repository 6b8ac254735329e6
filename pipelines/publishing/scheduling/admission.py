"""Whether a post may go out now: the last look at cap, gap and order, under its account's lock.

After downtime nothing bursts. What is more than ``GRACE`` late takes the account's next free times
in the order of the queue: with slots the next slots, none of them now; without slots the first may
go now and the others keep their gap. Where there is neither slot nor gap, posts go out together as
they always do there, as many as the cap allows. A pinned post that was missed goes out as soon as
gap and cap allow, since that moment was a person's wish and the next slot would be further from it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core import db
from core.errors import AccountFullError, Wait
from models import Part, Post, PostState, Video
from pipelines.publishing.scheduling.account_queue import GRACE, OVER, AccountQueue
from pipelines.publishing.scheduling.slots import moments

PAUSE_WITHOUT_SLOTS = timedelta(hours=6)
"""How long an account without slots rests when the platform has had enough of its posts."""
PART_SECONDS = 600.0
"""The end of the part before wakes the next; it only looks by itself in case that was missed."""
NEVER_SECONDS = 3_600.0


def admit(post: Post) -> Wait | None:
    """Let the post go now, or move it to its time.

    To be called in the transaction that would announce it, before any post is written, when the
    post has no ``publish_id``. A post that was interrupted in its turn is looked at like others,
    and is planned again where it has to wait.

    Returns:
        None: it may go, and its turn is on record. Else what to raise once this transaction is
        committed, so that the job waits as long.
    """
    with db.transaction():
        account_queue = AccountQueue.of(post)
        unfinished = _part_before(post)
        if unfinished is not None:
            return Wait(f"part {unfinished} of this story to be out", after=PART_SECONDS)
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
    """Move a post and all behind it, as the platform takes no more of the account for now.

    They go to the next slots, or some hours on where the account has none. In the transaction
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
        # With slots there is nothing before the next one anyway.
        since = None if account_queue.slots else earliest
        account_queue.reassign(refused=post.id, since=since)
        _read(post)
        wait = _wait(post, account_queue)
    return AccountFullError(
        f"{wait}, as the platform takes no more posts of this account for now",
        after=wait.after or 0,
    )


def _is_missed(post: Post, account_queue: AccountQueue) -> bool:
    return post.scheduled_at is None or post.scheduled_at < account_queue.now - GRACE


def _plan_again(post: Post) -> None:
    _read(post)
    if post.state != PostState.PLANNED:
        post.move(PostState.PLANNED)


def _move_pinned(post: Post, account_queue: AccountQueue, earliest: datetime) -> None:
    """A pinned post keeps its place outside the queue, but cap and gap are for it too."""
    if post.pinned and account_queue.account.posts_a_day > 0:
        availability = account_queue.availability(account_queue.gone(but=post.id))
        _schedule(post, availability.next_allowed(earliest))


def _wait(post: Post, account_queue: AccountQueue) -> Wait:
    if post.scheduled_at is None or post.scheduled_at <= account_queue.now:
        return Wait("an account that may have more than 0 posts a day", after=NEVER_SECONDS)
    left = (post.scheduled_at - account_queue.now).total_seconds()
    return Wait(account_queue.waits_for(post.scheduled_at), after=left)


def _read(post: Post) -> None:
    fresh = Post.select(Post.state, Post.pinned, Post.scheduled_at).where(Post.id == post.id).get()
    post.state, post.pinned, post.scheduled_at = fresh.state, fresh.pinned, fresh.scheduled_at


def _schedule(post: Post, moment: datetime) -> None:
    post.scheduled_at = moment
    Post.update(scheduled_at=moment).where(Post.id == post.id).execute()


def _part_before(post: Post) -> int | None:
    """The number of an earlier part that has not ended yet on this account."""
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

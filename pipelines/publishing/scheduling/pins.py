"""A person chooses when a post goes out, or returns it to its account's queue."""

from __future__ import annotations

from datetime import datetime, timedelta

from core import db
from core.errors import InputError
from models import AuditEntry, Post, PostState, in_state
from pipelines.publishing.scheduling.account_queue import AccountQueue
from pipelines.publishing.scheduling.slots import spoken

THIS_MINUTE = timedelta(minutes=1)
"""Forms have no seconds: the current minute doesn't count as past."""
FARTHEST = timedelta(days=731)


def pin(post_id: int, moment: datetime, by: str) -> None:
    """Set the time that a person chose for a planned post; queued posts move to make room.

    Raises:
        InputError: it is no longer planned, or the time is past, too far away, too close to a
            post that can't move, on a full day, or against the order of the story's parts.
    """
    with db.transaction():
        post, account_queue = _to_be_moved(post_id)
        if moment < account_queue.now - THIS_MINUTE:
            raise InputError("This time is in the past: choose a later one.", field="time")
        if moment > account_queue.now + FARTHEST:
            raise InputError(
                "This time is more than two years away: choose an earlier one.", field="date"
            )
        moment = max(moment, account_queue.now)
        _check_against_fixed(account_queue, post_id, moment)
        _check_against_parts(account_queue, post_id, moment)
        Post.update(scheduled_at=moment, pinned=True).where(Post.id == post_id).execute()
        account_queue.reassign()
        account_queue.set_due({post_id: moment})
        _audit("post.pin", post, by, spoken(account_queue.where, moment))


def unpin(post_id: int, by: str) -> None:
    """Return the post to the queue; it gets one of the account's next free times.

    Raises:
        InputError: it is no longer planned, or is already in the queue.
    """
    with db.transaction():
        post, account_queue = _to_be_moved(post_id)
        if not post.pinned:
            raise InputError("This post is already in the queue.")
        Post.update(pinned=False).where(Post.id == post_id).execute()
        account_queue.reassign()
        _audit("post.unpin", post, by)


def _to_be_moved(post_id: int) -> tuple[Post, AccountQueue]:
    """The post, read again under its account's lock."""
    post = Post.get_or_none(Post.id == post_id)
    if post is None:
        raise InputError(f"There is no post {post_id}.")
    account_queue = AccountQueue.of(post)
    post = Post.select(Post.id, Post.state, Post.pinned).where(Post.id == post_id).get()
    if post.state != PostState.PLANNED:
        raise InputError(f"This post {in_state(post.state)}: only a scheduled post can be moved.")
    return post, account_queue


def _check_against_fixed(account_queue: AccountQueue, post_id: int, moment: datetime) -> None:
    availability = account_queue.availability(
        [*account_queue.gone(), *account_queue.pinned(but=post_id)]
    )
    if availability.free_at(moment):
        return
    account = account_queue.account
    raise InputError(
        f"No post can go out on {spoken(account_queue.where, moment)}: "
        f"{account.name or 'the account'} allows {account.posts_a_day} posts a day, "
        f"{account.gap_minutes} minutes apart, and posts that are out or pinned leave no room. "
        "Choose another time."
    )


def _check_against_parts(account_queue: AccountQueue, post_id: int, moment: datetime) -> None:
    """Check the order of parts: unpinned later parts move by themselves, others don't."""
    story = next(s for s in account_queue.stories() if any(row.id == post_id for row in s))
    ours = next(row for row in story if row.id == post_id)
    for row in story:
        if row.state != PostState.PLANNED or row.time is None or row.id == post_id:
            continue
        earlier = row.number < ours.number
        if (earlier and row.time > moment) or (not earlier and row.pinned and row.time < moment):
            raise InputError(
                f"Part {row.number} of this story goes out on "
                f"{spoken(account_queue.where, row.time)}, and part {ours.number} can't go out "
                f"{'before' if earlier else 'after'} it: choose another time, or move part "
                f"{row.number} first."
            )


def _audit(action: str, post: Post, by: str, reason: str = "") -> None:
    AuditEntry.create(actor=by, action=action, subject=f"post {post.id}", reason=reason)

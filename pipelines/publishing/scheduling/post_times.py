"""The planned time of each post: the account's next free one, kept in the order of its queue.

This is the plan that a person sees on the calendar. What counts is ``admission``: right before a
post is announced, under the lock of its account, cap and gap are looked at once more, and the post
goes or is moved. So they hold exactly, however many workers there are, and a plan that something
has overtaken (downtime, a changed cap) mends itself.

``Post.scheduled_at`` is the planned time, and from the admission on the moment when that was.
"""

from __future__ import annotations

from datetime import datetime

from core import db
from models import Account, Post, PostState
from pipelines.publishing.scheduling.account_queue import GRACE, AccountQueue


def assign(post: Post) -> None:
    """Give a planned post the account's next free time, and the parts that waited for it theirs.

    Inside the transaction that plans it. A pinned post keeps its time.
    """
    if not post.pinned:
        with db.transaction():
            AccountQueue.of(post).assign(post.id)


def reassign(account_id: int) -> None:
    """Give the account's queue its times anew, in order.

    To be called when its slots, zone, cap or gap have changed, or a time has become free.
    """
    with db.transaction():
        AccountQueue(account_id).reassign()


def align_job(post: Post) -> None:
    """Let the post's job, if it waits, be due at the post's time."""
    with db.transaction():
        time = Post.get_by_id(post.id).scheduled_at
        if time is not None:
            AccountQueue.of(post).set_due({post.id: time})


def next_free_after(account: Account, moment: datetime) -> datetime | None:
    """The first time from ``moment`` on that no post has; None when the account takes none."""
    account_queue = AccountQueue(account.id, lock=False)
    planned = Post.select(Post.scheduled_at).where(
        Post.account == account,
        Post.state == PostState.PLANNED,
        Post.scheduled_at >= account_queue.now - GRACE,
    )
    taken = [*account_queue.gone(), *(post.scheduled_at for post in planned)]
    return account_queue.availability(taken).next_free(moment)

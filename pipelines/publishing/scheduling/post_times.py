"""The planned time of each post: the account's next free time, in the order of its queue.

This is the plan that a person sees on the calendar. The final check is ``admission``: right before
a post is announced, under its account's lock, cap and gap are checked again, and the post goes out
or is moved. So cap and gap always hold, with any number of workers, and a plan that is out of date
(after downtime or a changed cap) corrects itself.

``Post.scheduled_at`` is the planned time; from the admission on, it is the time of admission.
"""

from __future__ import annotations

from datetime import datetime

from core import db
from models import Account, Post, PostState
from pipelines.publishing.scheduling.account_queue import GRACE, AccountQueue


def assign(post: Post) -> None:
    """Give a planned post the account's next free time, and times to parts that waited for it.

    Inside the transaction that plans it. A pinned post keeps its time.
    """
    if not post.pinned:
        with db.transaction():
            AccountQueue.of(post).assign(post.id)


def reassign(account_id: int) -> None:
    """Give the account's queue new times, in order.

    Call it when the account's slots, zone, cap or gap have changed, or a time has become free.
    """
    with db.transaction():
        AccountQueue(account_id).reassign()


def align_job(post: Post) -> None:
    """Make the post's waiting job, if there is one, due at the post's time."""
    with db.transaction():
        time = Post.get_by_id(post.id).scheduled_at
        if time is not None:
            AccountQueue.of(post).set_due({post.id: time})


def next_free_after(account: Account, moment: datetime) -> datetime | None:
    """The first free time from ``moment`` on; None if the account has 0 posts a day."""
    account_queue = AccountQueue(account.id, lock=False)
    planned = Post.select(Post.scheduled_at).where(
        Post.account == account,
        Post.state == PostState.PLANNED,
        Post.scheduled_at >= account_queue.now - GRACE,
    )
    taken = [*account_queue.gone(), *(post.scheduled_at for post in planned)]
    return account_queue.availability(taken).next_free(moment)

"""Removes posts that a person takes back before they have begun."""

from __future__ import annotations

from typing import Any

from peewee import ModelSelect, fn

from core import db
from core.errors import InputError
from models import (
    Account,
    Attempt,
    AuditEntry,
    Part,
    Post,
    PostState,
    Script,
    Video,
    in_state,
    locked,
)
from pipelines import ledger
from pipelines.publishing.scheduling import post_times
from pipelines.stages import POST_STAGES

BEFORE_IT_BEGINS = (PostState.PLANNED, PostState.CANCELLED, PostState.PARKED, PostState.FAILED)


def begun(posts: ModelSelect[Any]) -> ModelSelect[Post]:
    """Those of the posts that were announced, or that a person was asked to post."""
    attempts = Attempt.select(Attempt.id).where(Attempt.post == Post.id)
    signs = (
        Post.state.not_in(BEFORE_IT_BEGINS)
        | (Post.video_key != "")
        | Post.publish_id.is_null(False)
        | fn.EXISTS(attempts)
    )
    return Post.select().where(Post.id.in_(posts), signs)


def take_back(post_id: int, by: str) -> None:
    """Remove a post that a person had added by hand, with its jobs.

    Raises:
        InputError: it has begun, or there is no such post.
    """
    with db.transaction():
        jobs = ledger.lock_jobs((POST_STAGES, (post_id,)))
        script = Part.select(Part.script).join(Video).join(Post).where(Post.id == post_id)
        if locked(Script.select(Script.id).where(Script.id.in_(script))).first() is None:
            raise InputError(f"There is no post {post_id}.")
        remove(Post.select(Post.id).where(Post.id == post_id))
        for job in jobs:
            ledger.resolve_dead_letters(job.id, "withdrawn")
            job.delete_instance()  # what it works on is removed
        AuditEntry.create(actor=by, action="post.take_back", subject=f"post {post_id}")


def remove(posts: ModelSelect[Any]) -> None:
    """Remove posts, and give their accounts' queues the times that become free.

    The caller has locked the posts' jobs and script.

    Args:
        posts: a query for their ids.

    Raises:
        InputError: one of them has begun.
    """
    with db.transaction():
        on = Post.select(Post.account).where(Post.id.in_(posts))
        accounts = locked(Account.select(Account.id).where(Account.id.in_(on)).order_by(Account.id))
        account_ids = [account.id for account in accounts]
        if started := begun(posts).order_by(Post.id).first():
            raise InputError(
                "This can't be undone, because a post has begun: the one on "
                f"{started.account.name or 'an account'} {in_state(started.state)}."
            )
        Post.delete().where(Post.id.in_(posts)).execute()
        for account_id in account_ids:
            post_times.reassign(account_id)

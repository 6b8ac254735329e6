"""Removes the posts of a story whose approval is taken back, if none of them has begun."""

from __future__ import annotations

from typing import Any

from peewee import ModelSelect, fn

from core import db
from core.errors import InputError
from models import Account, Attempt, Post, PostState, in_state, locked
from pipelines.publishing.scheduling import post_times

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
                "The approval can't be undone, because a post has begun: the one on "
                f"{started.account.name or 'an account'} {in_state(started.state)}."
            )
        Post.delete().where(Post.id.in_(posts)).execute()
        for account_id in account_ids:
            post_times.reassign(account_id)

"""Posts for lists and pages, with their account, story title and part."""

from __future__ import annotations

from typing import Any

from peewee import ModelSelect

from models import Account, Part, Post, Script, Video


def post_rows(*fields: Any) -> ModelSelect[Post]:
    """Posts with the names of their account and story, and ``fields`` of the joined tables.

    Never select their upload URL: it is a secret.
    """
    return (
        Post.select(
            Post.id,
            Post.state,
            Post.title.alias("caption"),
            Post.scheduled_at,
            Post.address,
            Post.reason,
            Post.created_at,
            Account.id.alias("account_id"),
            Account.name.alias("account_name"),
            Video.part.alias("part_id"),
            Video.size_bytes,
            Video.seconds,
            Part.number,
            Part.of,
            Script.title,
            *fields,
        )
        .join(Account)
        .switch(Post)
        .join(Video)
        .join(Part)
        .join(Script)
        .objects()
    )

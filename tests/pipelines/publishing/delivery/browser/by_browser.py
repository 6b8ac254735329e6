"""The account that posts by browser, and its post as the record has it now."""

from __future__ import annotations

from models import Post

ME = "storymill_tales"


def fresh(post: Post) -> Post:
    return Post.get_by_id(post.id)

"""What became of a post: here, and on the platform."""

from __future__ import annotations

from collections.abc import Callable

from models import Account, Attempt, Post, Video
from sandbox.testing import RunningSandbox

Connect = Callable[..., Account]
MakeVideos = Callable[..., list[Video]]


def fresh(post: Post) -> Post:
    return Post.get_by_id(post.id)


def published(sandbox: RunningSandbox) -> list[str]:
    """Titles of visible posts, in the order in which they appeared."""
    shown = [found for found in sandbox.posts() if found["status"] == "PUBLISH_COMPLETE"]
    return [found["title"] for found in sorted(shown, key=lambda found: found["published_at"])]


def outcomes(post: Post) -> list[str]:
    return [a.outcome for a in Attempt.select().where(Attempt.post == post).order_by(Attempt.id)]

"""Which posts a list shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from peewee import ModelSelect

from admin.lists.each_of import EachOf
from models import Method, Post, PostState

METHODS = ("", *Method)
"""Posts that have not been tried have none."""


def filtered(
    posts: ModelSelect[Any], *, state: str, account: int | None, method: str
) -> ModelSelect[Any]:
    """Those of ``posts`` that match; an empty filter matches all."""
    if state:
        posts = posts.where(Post.state == state)
    if account is not None:
        posts = posts.where(Post.account == account)
    if method:
        posts = posts.where(Post.method == method)
    return posts


def each(*, state: str, account: int | None, method: str) -> EachOf | None:
    """The index that finds the ids of the posts that match; None without a filter."""
    if not state and account is None and not method:
        return None
    values: Mapping[str, Sequence[str | int]] = {
        "state": [state] if state else list(PostState),
        "method": [method] if method else METHODS,
    }
    return EachOf(Post, {"account_id": [account], **values} if account is not None else values)

"""What a creator's list of posts tells: whether a title was posted since a moment, or nothing.

A wrong "it is not there" would post a video twice, so it is said only when the list shows that
nothing at all was posted since; a wrong "it is there" would leave one out, so the title has to be
the same and recent.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.errors import BrowserStopped

SAME_TITLE = timedelta(hours=1)
"""How long before the Post button a post's id may have been given out: at the upload's start."""
CLOCKS_DIFFER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class ListedPost:
    platform_id: str
    title: str


@dataclass(frozen=True, slots=True)
class ContentList:
    """The newest posts of a creator; ``complete`` where the page says that there are no more."""

    posts: tuple[ListedPost, ...]
    complete: bool
    exact: bool
    """The titles are whole: they came from the page's data, not from what a table shows."""


def plain(text: str) -> str:
    """Give a text as it is compared: composed, without zero-width characters, single spaces."""
    text = unicodedata.normalize("NFC", text).replace("\u200b", "").replace("\ufeff", "")
    return " ".join(text.split())


def unknown(why: str) -> BrowserStopped:
    return BrowserStopped(
        f"{why}: look in TikTok's app whether the video is there before you post it again.",
        code="browser_unknown",
    )


def find_listed(content: ContentList, title: str, since: datetime) -> ListedPost | None:
    """Give the one post of this title that was made since; None if there certainly is none.

    Raises:
        BrowserStopped: ``browser_unknown``: the list does not tell.
    """
    same = [
        post
        for post in content.posts
        if plain(post.title) == plain(title) and made(post) > since - SAME_TITLE
    ]
    if len(same) == 1:
        return same[0]
    ages = [made(post) > since - CLOCKS_DIFFER for post in content.posts]
    reaches_back = content.complete or not all(ages)
    if same or any(ages) or not (content.exact and reaches_back):
        raise unknown("TikTok's list of posts does not tell whether it was made")
    return None


def made(post: ListedPost) -> datetime:
    """Give when a post's id was made: its upper 32 bits are seconds since 1970 (long observed).

    A post without an id is as new as can be: it is still on its way.
    """
    if not post.platform_id.isdecimal():
        return datetime.max.replace(tzinfo=UTC)
    return datetime.fromtimestamp(int(post.platform_id) >> 32, UTC)

"""Whether a creator's list of posts shows that a title was posted since a moment.

A wrong "not posted" would post a video twice, so the answer is "not posted" only if the list shows
that nothing at all was posted since. A wrong "posted" would skip a video, so the title must be the
same and recent. In all other cases the list gives no answer.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.errors import BrowserStopped

SAME_TITLE = timedelta(hours=1)
"""A post's id may be older than the press of the Post button: it is made when the upload starts."""
CLOCKS_DIFFER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class ListedPost:
    platform_id: str
    title: str


@dataclass(frozen=True, slots=True)
class ContentList:
    """The newest posts of a creator; ``complete`` if the page says that there are no more."""

    posts: tuple[ListedPost, ...]
    complete: bool
    exact: bool
    """The titles are complete: they come from the page's data, not from its table."""


def plain(text: str) -> str:
    """The text for comparisons: composed, without zero-width characters, with single spaces."""
    text = unicodedata.normalize("NFC", text).replace("\u200b", "").replace("\ufeff", "")
    return " ".join(text.split())


def unknown(why: str) -> BrowserStopped:
    return BrowserStopped(
        f"{why}: check in the TikTok app whether the video is there before you post it again.",
        code="browser_unknown",
    )


def unread_answer(message: str) -> BrowserStopped:
    return BrowserStopped(
        f"TikTok's page answered in words that Storymill doesn't know: “{message[:200]}”. Check in "
        "TikTok's app whether the video was posted.",
        code="browser_unread_answer",
    )


def find_listed(content: ContentList, title: str, since: datetime) -> ListedPost | None:
    """The one post with this title made since then; None if there certainly is none.

    Raises:
        BrowserStopped: ``browser_unknown``: the list gives no clear answer.
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
        raise unknown("TikTok's list of posts does not show whether it was posted")
    return None


def made(post: ListedPost) -> datetime:
    """When a post's id was made: its upper 32 bits are seconds since 1970 (long observed).

    A post without an id counts as the newest: it is still being processed.
    """
    if not post.platform_id.isdecimal():
        return datetime.max.replace(tzinfo=UTC)
    return datetime.fromtimestamp(int(post.platform_id) >> 32, UTC)

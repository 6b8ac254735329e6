"""When a creator's list shows that a video was posted, that it was not, or neither."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.tiktok.browser.content_list import ContentList, ListedPost, find_listed
from core.errors import BrowserStopped

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TITLE = "The lamp, part 2 #storytime"


def at(minutes: int, title: str) -> ListedPost:
    moment = NOW + timedelta(minutes=minutes)
    return ListedPost(str(int(moment.timestamp()) << 32 | 4711), title)


def listed(*posts: ListedPost, complete: bool = True, exact: bool = True) -> ContentList:
    return ContentList(posts, complete, exact)


@pytest.mark.parametrize(
    "content",
    [
        listed(at(1, TITLE)),
        listed(at(1, TITLE), at(-300, TITLE), complete=False),
        listed(at(1, TITLE), exact=False),
        listed(at(1, "  The lamp,\u200b  part 2\n#storytime ")),
        listed(at(-30, TITLE)),  # its id was made when its upload started
    ],
)
def test_the_same_title_made_since_is_the_post(content: ContentList) -> None:
    assert find_listed(content, TITLE, NOW) == content.posts[0]


@pytest.mark.parametrize(
    "content",
    [
        listed(),
        listed(at(-10, "Another")),
        listed(at(-90, TITLE)),
        listed(at(-10, "Another"), complete=False),
    ],
)
def test_it_is_not_posted_if_nothing_was_posted_since(content: ContentList) -> None:
    assert find_listed(content, TITLE, NOW) is None


@pytest.mark.parametrize(
    "content",
    [
        listed(at(2, TITLE), at(1, TITLE)),  # already posted twice
        listed(at(1, "Another")),  # perhaps the same, with its title changed
        listed(ListedPost("", "Another")),  # still being processed
        listed(complete=False),  # it may be further down
        listed(at(-10, "The lamp, part…"), exact=False),  # a table may shorten titles
    ],
)
def test_anything_else_gives_no_answer(content: ContentList) -> None:
    with pytest.raises(BrowserStopped) as stopped:
        find_listed(content, TITLE, NOW)

    assert stopped.value.code == "browser_unknown"

"""Stories from an RSS or Atom feed; a subreddit's own feed needs no API key."""

from __future__ import annotations

import calendar
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import feedparser
import requests
from markdownify import markdownify

from adapters.ports import FetchedStory, StoryQuery, StorySource
from core.errors import Permanent, Retryable

LARGEST_FEED = 10_000_000
SECONDS = (5.0, 30.0)
"""To connect, and between two blocks of the answer."""

_REDDIT_POST = re.compile(r"t3_[0-9a-z]{1,20}")
_REDDIT_TEXT = re.compile(r"<!-- SC_OFF -->(.*)<!-- SC_ON -->", re.DOTALL)
"""What Reddit puts around a post's own text; a post without it is a link or a picture."""


class FeedSource(StorySource):
    """StorySource over a feed; ``query.place`` is its address, its order counts as best first.

    Feeds carry no score, so a source's minimum score skips all of them.

    Args:
        user_agent: names this project to the feed's server.
    """

    def __init__(self, *, user_agent: str) -> None:
        self._user_agent = user_agent

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Give at most ``query.limit`` stories.

        Raises:
            Permanent: the address is none, leads nowhere, or holds no feed.
            Retryable: the server is away or asks to slow down.
        """
        parsed = feedparser.parse(self._content(query.place), sanitize_html=False)
        if not parsed.get("version"):
            raise _unusable(
                f"{query.place} is no RSS or Atom feed: look for the page's feed address."
            )
        title = str(parsed.feed.get("title", ""))
        entries = (entry for entry in parsed.entries if not _is_comment(entry))
        return islice((_story(entry, title) for entry in entries), query.limit)

    def _content(self, address: str) -> bytes:
        if urlsplit(address).scheme not in {"http", "https"}:
            raise _unusable(f"{address} is no address of a feed: it must begin with https://.")
        try:
            response = requests.get(
                address, headers={"User-Agent": self._user_agent}, timeout=SECONDS, stream=True
            )
            with response:
                _check(response, address)
                return _limited(response, address)
        except requests.exceptions.InvalidURL:
            raise _unusable(f"{address} is no address of a feed: correct it.") from None
        except requests.RequestException as error:
            raise Retryable(
                f"The feed {address} can't be read now ({type(error).__name__}).",
                code="feed_away",
            ) from error


def _check(response: requests.Response, address: str) -> None:
    status = response.status_code
    if status == HTTPStatus.OK:
        return
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wish = response.headers.get("Retry-After", "")
        raise Retryable(
            f"The feed {address} is away for now (HTTP {status}).",
            code=f"http_{status}",
            after=float(wish) if wish.isdigit() else None,
        )
    raise _unusable(f"The feed {address} can't be had (HTTP {status}): correct its address.")


def _limited(response: requests.Response, address: str) -> bytes:
    content = b""
    for block in response.iter_content(65_536):
        content += block
        if len(content) > LARGEST_FEED:
            raise _unusable(f"{address} is larger than {LARGEST_FEED // 10**6} MB: it is no feed.")
    return content


def _story(entry: Any, feed_title: str) -> FetchedStory:
    name, content = str(entry.get("id") or entry.get("link") or ""), _content_of(entry)
    on_reddit = _REDDIT_POST.fullmatch(name) is not None
    if on_reddit:
        own = _REDDIT_TEXT.search(content)
        content = own.group(1) if own else ""
    body = markdownify(content, heading_style="ATX").strip() if content else ""
    told = name or f"{entry.get('title', '')} {body}"
    digest = hashlib.sha256(told.encode()).hexdigest()[:32]
    tags = entry.get("tags") or [{}]
    return FetchedStory(
        external_id=f"reddit:{name}" if on_reddit else f"feed:{digest}",
        title=str(entry.get("title", "")).strip(),
        body=body,
        url=str(entry.get("link", "")),
        place=str(tags[0].get("term", "") if on_reddit else feed_title)[:120],
        author=str(entry.get("author", "")).removeprefix("/u/")[:120],
        media_only=on_reddit and not body,
        written_at=_moment(entry.get("published_parsed") or entry.get("updated_parsed")),
    )


def _content_of(entry: Any) -> str:
    """The longest text of an entry: feeds often have a short summary beside it."""
    texts = [str(part.get("value", "")) for part in entry.get("content", [])]
    return max([*texts, str(entry.get("summary", ""))], key=len)


def _is_comment(entry: Any) -> bool:
    """The feed of a single Reddit post holds the answers to it as well."""
    return str(entry.get("id", "")).startswith("t1_")


def _moment(parsed: Any) -> datetime | None:
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None


def _unusable(sentence: str) -> Permanent:
    return Permanent(sentence, code="feed")

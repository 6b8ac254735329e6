"""Stories from an RSS or Atom feed; a subreddit's own feed needs no API key."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice

import feedparser
import requests

from adapters.feed_entry import title_of, to_story
from adapters.feed_page import feed_address, whole_characters
from adapters.ports import FetchedStory, StoryQuery, StorySource
from core.errors import Permanent, Retryable

LARGEST_FEED = 10_000_000
SECONDS = (5.0, 30.0)
"""To connect, and between two blocks of the answer."""
MOST_SECONDS = 120.0
"""For all of the answer: a server that drips holds no worker."""

_END = re.compile(rb"</\s*(?:[\w.-]+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)


class FeedSource(StorySource):
    """StorySource over a feed; ``query.place`` is its address, its order counts as best first.

    Feeds carry no score, so a source's minimum score skips all of them.

    Args:
        user_agent: names this project to the feed's server.
        most_seconds: for one answer.
    """

    def __init__(self, *, user_agent: str, most_seconds: float = MOST_SECONDS) -> None:
        self._user_agent = user_agent
        self._most_seconds = most_seconds

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Give at most ``query.limit`` stories; what can't be read is told of.

        Raises:
            Permanent: the address is none, leads nowhere, or holds no feed.
            Retryable: the server is away or asks to slow down, or its answer broke off.
        """
        place = query.place
        content, kind, base = self._answer(place)
        # Without the answer's own address: feedparser would make Reddit's names relative to it.
        headers = {"content-type": kind} if kind else {}
        try:
            parsed = feedparser.parse(
                whole_characters(content), response_headers=headers, sanitize_html=False
            )
        except (ValueError, RecursionError) as error:  # its own, on what is too odd
            raise _unusable(f"{place} is a feed that can't be read ({error}).") from None
        if not parsed.get("version"):
            elsewhere = feed_address(content, base)
            if elsewhere:
                raise _unusable(f"{place} is a web page; its feed is {elsewhere}: give that one.")
            raise _unusable(f"{place} is no RSS or Atom feed: look for the page's feed address.")
        if parsed.bozo and not _END.search(content[-4096:].replace(b"\0", b"")):
            raise Retryable(f"The feed {place} broke off before its end.", code="feed_away")
        title = title_of(parsed.feed)
        entries = (entry for entry in parsed.entries if not _is_comment(entry))
        stories = (to_story(entry, title, feed=place, base=base) for entry in entries)
        return islice(stories, query.limit)

    def _answer(self, address: str) -> tuple[bytes, str, str]:
        """The answer's content and type, and the address that it came from in the end."""
        if not address.startswith(("https://", "http://")):
            raise _unusable(f"{address} is no address of a feed: it must begin with https://.")
        try:
            response = requests.get(
                address, headers={"User-Agent": self._user_agent}, timeout=SECONDS, stream=True
            )
            with response:
                _check(response, address)
                kind = response.headers.get("Content-Type", "")
                return self._content(response, address), kind, response.url
        except ValueError:  # of the address, in each of the libraries that look at it
            raise _unusable(f"{address} leads to no web address: correct it.") from None
        except requests.TooManyRedirects:
            raise _unusable(f"{address} leads in a circle: correct it.") from None
        except requests.RequestException as error:
            raise Retryable(
                f"The feed {address} can't be read now ({type(error).__name__}).",
                code="feed_away",
            ) from error

    def _content(self, response: requests.Response, address: str) -> bytes:
        content, deadline = bytearray(), time.monotonic() + self._most_seconds
        for block in response.iter_content(65_536):
            content += block
            if len(content) > LARGEST_FEED:
                limit = LARGEST_FEED // 10**6
                raise _unusable(f"{address} is larger than {limit} MB: it is no feed.")
            if time.monotonic() > deadline:
                raise Retryable(f"The feed {address} comes too slowly.", code="feed_away")
        return bytes(content)


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


def _is_comment(entry: feedparser.FeedParserDict) -> bool:
    """The feed of a single Reddit post holds the answers to it as well."""
    return str(entry.get("id", "")).startswith("t1_")


def _unusable(sentence: str) -> Permanent:
    return Permanent(sentence, code="feed")

"""Stories from an RSS or Atom feed; a subreddit's own feed needs no API key."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import islice

import feedparser
import requests
import structlog

from adapters.feeds.feed_entry import title_of, to_story
from adapters.feeds.feed_page import feed_address, whole_characters
from adapters.ports import FetchedStory, StoryQuery, StorySource
from core.errors import Permanent, Retryable

log = structlog.get_logger(__name__)

LARGEST_FEED = 10_000_000
SECONDS = (5.0, 30.0)
"""To connect, and between two blocks of the answer."""
MOST_SECONDS = 120.0
"""For all of the answer: a server that drips holds no worker."""

LONGEST_WISH = 86_400.0
"""Seconds for which a server is left alone at most, whatever it asks for."""

_ASKED_BY = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
"""What a server gives to be asked by, and the header that asks by it (RFC 9110, 13.1)."""
_LONGEST_MARK = 500
_END = re.compile(rb"</\s*(?:[\w.-]+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)


class FeedSource(StorySource):
    """StorySource over a feed; ``query.place`` is its address, its order counts as best first.

    Feeds carry no score, so a source's minimum score skips all of them. Its memory holds ``ETag``
    and ``Last-Modified``: a server that knows them says that nothing is new, and sends no feed.

    Args:
        user_agent: names this project to the feed's server.
        most_seconds: for one answer.
    """

    def __init__(self, *, user_agent: str, most_seconds: float = MOST_SECONDS) -> None:
        self._user_agent = user_agent
        self._most_seconds = most_seconds

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Give at most ``query.limit`` stories, none where nothing is new.

        What can't be read is told of.

        Raises:
            Permanent: the address is none, leads nowhere, or holds no feed.
            Retryable: the server is away or asks to slow down (``after``), or its answer broke off.
        """
        place = query.place
        response, content = self._answer(place, query.memory)
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            log.info("feed_unchanged", feed=place)
            return iter(())
        kind, base = response.headers.get("Content-Type", ""), response.url
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
        query.memory.clear()
        query.memory.update(_marks(response))
        title = title_of(parsed.feed)
        entries = (entry for entry in parsed.entries if not _is_comment(entry))
        stories = (to_story(entry, title, feed=place, base=base) for entry in entries)
        return islice(stories, query.limit)

    def _answer(self, address: str, marks: Mapping[str, str]) -> tuple[requests.Response, bytes]:
        """The server's last answer, and its content; none where nothing changed since ``marks``."""
        if not address.startswith(("https://", "http://")):
            raise _unusable(f"{address} is no address of a feed: it must begin with https://.")
        try:
            asked_by = {_ASKED_BY[name]: mark for name, mark in marks.items()}
            headers = {"User-Agent": self._user_agent, **asked_by}
            response = requests.get(address, headers=headers, timeout=SECONDS, stream=True)
            with response:
                if asked_by and response.status_code == HTTPStatus.NOT_MODIFIED:
                    return response, b""
                _check(response, address)
                return response, self._content(response, address)
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
        raise Retryable(
            f"The feed {address} is away for now (HTTP {status}).",
            code=f"http_{status}",
            after=_wish(response.headers.get("Retry-After", "").strip()),
        )
    if status == HTTPStatus.NOT_MODIFIED:
        raise Retryable(
            f"The feed {address} says that nothing changed, though it was never read: its server "
            "is at fault.",
            code="feed_away",
        )
    raise _unusable(f"The feed {address} can't be had (HTTP {status}): correct its address.")


def _wish(header: str) -> float | None:
    """Seconds that a server asks to be left alone for: a number, or a date (RFC 9110, 10.2.3)."""
    if header.isascii() and header.isdigit():
        return min(float(header), LONGEST_WISH)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    left = moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)
    return min(max(0.0, left.total_seconds()), LONGEST_WISH)


def _marks(response: requests.Response) -> dict[str, str]:
    """What the next request asks by; what no header or table can hold is left out."""
    given = {name: response.headers.get(name, "").strip() for name in _ASKED_BY}
    return {
        name: mark
        for name, mark in given.items()
        if mark and mark.isprintable() and len(mark) <= _LONGEST_MARK
    }


def _is_comment(entry: feedparser.FeedParserDict) -> bool:
    """The feed of a single Reddit post holds the answers to it as well."""
    return str(entry.get("id", "")).startswith("t1_")


def _unusable(sentence: str) -> Permanent:
    return Permanent(sentence, code="feed")

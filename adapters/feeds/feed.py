"""Reads stories from an RSS or Atom feed. A subreddit's own feed needs no API key."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import islice

import feedparser
import requests
import structlog

from adapters.feeds.feed_entry import title_of, to_story
from adapters.feeds.feed_page import feed_address, whole_characters
from adapters.guarded_http import AddressNotPublicError, GuardedSession
from adapters.ports import FetchedStory, StoryQuery, StorySource
from core.errors import Permanent, Retryable

log = structlog.get_logger(__name__)

LARGEST_FEED = 10_000_000
SECONDS = (5.0, 30.0)
"""Timeouts: to connect, and between two blocks of the response."""
MOST_SECONDS = 120.0
"""Limit for the whole response, so a slow server can't block a worker."""

LONGEST_WISH = 86_400.0
"""Longest ``Retry-After`` that is honoured, in seconds."""

_ASKED_BY = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
"""Validators a server sends, and the header that sends each back (RFC 9110, 13.1)."""
_LONGEST_MARK = 500
_END = re.compile(rb"</\s*(?:[\w.-]+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)


class FeedSource(StorySource):
    """StorySource for a feed; ``query.place`` is its address. Feed order counts as best first.

    Feeds carry no score, so a minimum score skips every entry. ``query.memory`` holds ``ETag`` and
    ``Last-Modified``; a server that supports them answers "not modified" if nothing is new.

    Args:
        user_agent: names this project to the feed's server.
        allowed_hosts: hosts that may be private, as ``name`` or ``name:port``.
        most_seconds: time limit for one response.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allowed_hosts: Collection[str] = (),
        most_seconds: float = MOST_SECONDS,
    ) -> None:
        self._user_agent = user_agent
        self._allowed_hosts = allowed_hosts
        self._most_seconds = most_seconds

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Return at most ``query.limit`` stories; none if nothing is new.

        Entries that can't be read are returned as ``UnreadableRow``.

        Raises:
            Permanent: the address is invalid, not found, or not a feed.
            Retryable: the server is unavailable or asks to slow down (``after``), or its response
                was cut off.
        """
        place = query.place
        response, content = self._answer(place, query.memory)
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            log.info("feed_unchanged", feed=place)
            return iter(())
        kind, base = response.headers.get("Content-Type", ""), response.url
        # Without the response's address: feedparser would resolve Reddit's ids against it.
        headers = {"content-type": kind} if kind else {}
        try:
            parsed = feedparser.parse(
                whole_characters(content), response_headers=headers, sanitize_html=False
            )
        except (ValueError, RecursionError) as error:  # feedparser's own, on malformed feeds
            raise _unusable(f"The feed {place} can't be read ({error}).") from None
        if not parsed.get("version"):
            elsewhere = feed_address(content, base)
            if elsewhere:
                raise _unusable(f"{place} is a web page: use its feed address, {elsewhere}.")
            raise _unusable(f"{place} is not an RSS or Atom feed: find the page's feed address.")
        if parsed.bozo and not _END.search(content[-4096:].replace(b"\0", b"")):
            raise Retryable(f"The feed {place} was cut off before its end.", code="feed_away")
        query.memory.clear()
        query.memory.update(_marks(response))
        title = title_of(parsed.feed)
        entries = (entry for entry in parsed.entries if not _is_comment(entry))
        stories = (to_story(entry, title, feed=place, base=base) for entry in entries)
        return islice(stories, query.limit)

    def _answer(self, address: str, marks: Mapping[str, str]) -> tuple[requests.Response, bytes]:
        """The response and its content; no content if nothing changed since ``marks``."""
        if not address.startswith(("https://", "http://")):
            raise _unusable(f"{address} is not a feed address: it must start with https://.")
        try:
            asked_by = {_ASKED_BY[name]: mark for name, mark in marks.items()}
            headers = {"User-Agent": self._user_agent, **asked_by}
            session = GuardedSession(allowed=self._allowed_hosts)
            with (
                session,
                session.get(address, headers=headers, timeout=SECONDS, stream=True) as response,
            ):
                if asked_by and response.status_code == HTTPStatus.NOT_MODIFIED:
                    return response, b""
                _check(response, address)
                return response, self._content(response, address)
        except AddressNotPublicError:
            raise _unusable(
                f"{address} does not lead to a public web address, and sources are only read from "
                "those. If this host is yours, its owner can name it in FETCH_ALLOWED_HOSTS."
            ) from None
        except ValueError:  # a bad address, from any of the libraries that parse it
            raise _unusable(f"{address} is not a valid web address: correct it.") from None
        except requests.TooManyRedirects:
            raise _unusable(f"{address} redirects too many times: correct it.") from None
        except requests.RequestException as error:
            log.info("feed_away", error=type(error).__name__)
            # The reason stays in the log: it tells open ports from closed ones.
            raise Retryable(f"The feed {address} can't be reached.", code="feed_away") from None

    def _content(self, response: requests.Response, address: str) -> bytes:
        content, deadline = bytearray(), time.monotonic() + self._most_seconds
        for block in response.iter_content(65_536):
            content += block
            if len(content) > LARGEST_FEED:
                limit = LARGEST_FEED // 10**6
                raise _unusable(f"{address} is larger than {limit} MB: it is not a feed.")
            if time.monotonic() > deadline:
                raise Retryable(f"The feed {address} is too slow.", code="feed_away")
        return bytes(content)


def _check(response: requests.Response, address: str) -> None:
    status = response.status_code
    if status == HTTPStatus.OK:
        return
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Retryable(
            f"The feed {address} is unavailable (HTTP {status}).",
            code=f"http_{status}",
            after=_wish(response.headers.get("Retry-After", "").strip()),
        )
    if status == HTTPStatus.NOT_MODIFIED:
        raise Retryable(
            f"The feed {address} answered “not modified” to a first request: its server is faulty.",
            code="feed_away",
        )
    raise _unusable(f"The feed {address} can't be fetched (HTTP {status}): correct its address.")


def _wish(header: str) -> float | None:
    """Seconds to wait, from ``Retry-After``: a number or a date (RFC 9110, 10.2.3)."""
    if header.isascii() and header.isdigit():
        return min(float(header), LONGEST_WISH)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    left = moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)
    return min(max(0.0, left.total_seconds()), LONGEST_WISH)


def _marks(response: requests.Response) -> dict[str, str]:
    """Validators for the next request, without any that a header or the database can't hold."""
    given = {name: response.headers.get(name, "").strip() for name in _ASKED_BY}
    return {
        name: mark
        for name, mark in given.items()
        if mark and mark.isprintable() and len(mark) <= _LONGEST_MARK
    }


def _is_comment(entry: feedparser.FeedParserDict) -> bool:
    """The feed of a single Reddit post also holds its comments."""
    return str(entry.get("id", "")).startswith("t1_")


def _unusable(sentence: str) -> Permanent:
    return Permanent(sentence, code="feed")

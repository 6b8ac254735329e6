"""Reads stories from an RSS or Atom feed. A subreddit's own feed needs no API key."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from itertools import islice

import feedparser
import requests
import structlog

from adapters.asked_pause import until_reset
from adapters.feeds.feed_entry import title_of, to_story
from adapters.feeds.feed_page import feed_address, whole_characters
from adapters.feeds.feed_response import READ_OF_REFUSAL, blocked_page, refusal
from adapters.guarded_http import AddressNotPublicError, GuardedSession
from adapters.ports import FetchedStory, StoryQuery, StorySource
from core.errors import Permanent, Retryable
from core.text.addresses import is_masked, public_part, remover, shown

log = structlog.get_logger(__name__)

LARGEST_FEED = 10_000_000
SECONDS = (5.0, 30.0)
"""Timeouts: to connect, and between two blocks of the response."""
MOST_SECONDS = 120.0
"""Limit for the whole response, so a slow server can't block a worker."""

_ASKED_BY = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
"""Validators a server sends, and the header that sends each back (RFC 9110, 13.1)."""
_LONGEST_MARK = 500
_END = re.compile(rb"</\s*(?:[\w.-]+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)


class FeedSource(StorySource):
    """StorySource for a feed; ``query.place`` is its address. Feed order counts as best first.

    Feeds carry no score, so a minimum score skips every entry. ``query.memory`` holds ``ETag`` and
    ``Last-Modified``; a server that supports them answers "not modified" if nothing is new.

    The address may hold a secret. Messages name it as it may be shown, and stories don't repeat it.

    Args:
        user_agent: names this project to the feed's server.
        allowed_hosts: hosts that may be private, as ``name`` or ``name:port``.
        most_seconds: time limit for one response.
        slow_down: called with the address and the seconds for which its server must not be asked
            again, when a good response used up the server's allowance.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allowed_hosts: Collection[str] = (),
        most_seconds: float = MOST_SECONDS,
        slow_down: Callable[[str, float], None] = lambda _address, _seconds: None,
    ) -> None:
        self._user_agent = user_agent
        self._allowed_hosts = allowed_hosts
        self._most_seconds = most_seconds
        self._slow_down = slow_down

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Return at most ``query.limit`` stories; none if nothing is new.

        Entries that can't be read are returned as ``UnreadableRow``.

        Raises:
            Permanent: the address is invalid, not found, or not a feed.
            Retryable: the server is unavailable, blocks, or asks to slow down (``after``), or its
                response was cut off.
        """
        response, content = self._answer(query.place, query.memory)
        feed = shown(query.place)
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            log.info("feed_unchanged", feed=feed)
            return iter(())
        addresses = (query.place, response.url, *(hop.url for hop in response.history))
        clean = remover(*addresses)
        parsed = _parsed(response, content, feed, clean)
        query.memory.clear()
        query.memory.update(_marks(response, clean))
        title, base = title_of(parsed.feed), public_part(response.url)
        entries = (entry for entry in parsed.entries if not _is_comment(entry))
        stories = (to_story(entry, title, feed=query.place, base=base) for entry in entries)
        return (_cleaned(story, clean) for story in islice(stories, query.limit))

    def _answer(self, address: str, marks: Mapping[str, str]) -> tuple[requests.Response, bytes]:
        """The response and its content; no content if nothing changed since ``marks``."""
        feed = shown(address)
        if not address.startswith(("https://", "http://")):
            raise _unusable(f"{feed} is not a feed address: it must start with https://.")
        if is_masked(address):  # its key was lost, and its encrypted address with it
            raise _unusable(f"{feed}: the hidden part of this address was lost; enter it again.")
        try:
            asked_by = {_ASKED_BY[name]: mark for name, mark in marks.items()}
            headers = {"User-Agent": self._user_agent, **asked_by}
            session = GuardedSession(allowed=self._allowed_hosts)
            with (
                session,
                session.get(address, headers=headers, timeout=SECONDS, stream=True) as response,
            ):
                unchanged = asked_by and response.status_code == HTTPStatus.NOT_MODIFIED
                content = b"" if unchanged else self._content(response, feed)
                if not unchanged and (error := refusal(response, content, feed)):
                    raise error
                if (seconds := until_reset(response.headers)) is not None:
                    self._slow_down(address, seconds)
                return response, content
        except AddressNotPublicError:
            raise _unusable(
                f"{feed} does not lead to a public web address, and sources are only read from "
                "those. If this host is yours, its owner can name it in FETCH_ALLOWED_HOSTS."
            ) from None
        except ValueError:  # a bad address, from any of the libraries that parse it
            raise _unusable(f"{feed} is not a valid web address: correct it.") from None
        except requests.TooManyRedirects:
            raise _unusable(f"{feed} redirects too many times: correct it.") from None
        except requests.RequestException as error:
            log.info("feed_away", error=type(error).__name__)
            # The reason stays in the log: it tells open ports from closed ones.
            raise Retryable(f"The feed {feed} can't be reached.", code="feed_away") from None

    def _content(self, response: requests.Response, feed: str) -> bytes:
        """The content; of a refusal only as much as is needed to explain it."""
        content, deadline = bytearray(), time.monotonic() + self._most_seconds
        for block in response.iter_content(65_536):
            content += block
            if response.status_code != HTTPStatus.OK and len(content) > READ_OF_REFUSAL:
                break
            if len(content) > LARGEST_FEED:
                limit = LARGEST_FEED // 10**6
                raise _unusable(f"{feed} is larger than {limit} MB: it is not a feed.")
            if time.monotonic() > deadline:
                raise Retryable(f"The feed {feed} is too slow.", code="feed_away")
        return bytes(content)


def _parsed(
    response: requests.Response, content: bytes, feed: str, clean: Callable[[str], str]
) -> feedparser.FeedParserDict:
    kind = response.headers.get("Content-Type", "")
    # Without the response's address: feedparser would resolve Reddit's ids against it.
    headers = {"content-type": kind} if kind else {}
    try:
        parsed = feedparser.parse(
            whole_characters(content), response_headers=headers, sanitize_html=False
        )
    except (ValueError, RecursionError) as error:  # feedparser's own, on malformed feeds
        raise _unusable(f"The feed {feed} can't be read ({clean(str(error))}).") from None
    if not parsed.get("version"):
        if block := blocked_page(content, feed):
            raise block
        elsewhere = feed_address(content, public_part(response.url))
        if elsewhere:
            raise _unusable(f"{feed} is a web page: use its feed address, {shown(elsewhere)}.")
        raise _unusable(f"{feed} is not an RSS or Atom feed: find the page's feed address.")
    if parsed.bozo and not _END.search(content[-4096:].replace(b"\0", b"")):
        raise Retryable(f"The feed {feed} was cut off before its end.", code="feed_away")
    return parsed


def _cleaned(story: FetchedStory, clean: Callable[[str], str]) -> FetchedStory:
    """The story without what its feed's address hides; some servers repeat it in links."""
    return replace(
        story,
        title=clean(story.title),
        body=clean(story.body),
        url=clean(story.url),
        place=clean(story.place),
        author=clean(story.author),
    )


def _marks(response: requests.Response, clean: Callable[[str], str]) -> dict[str, str]:
    """Validators for the next request, without any that a header or the database can't hold."""
    given = {name: response.headers.get(name, "").strip() for name in _ASKED_BY}
    return {
        name: mark
        for name, mark in given.items()
        if mark and mark.isprintable() and len(mark) <= _LONGEST_MARK and clean(mark) == mark
    }


def _is_comment(entry: feedparser.FeedParserDict) -> bool:
    """The feed of a single Reddit post also holds its comments."""
    return str(entry.get("id", "")).startswith("t1_")


def _unusable(sentence: str) -> Permanent:
    return Permanent(sentence, code="feed")

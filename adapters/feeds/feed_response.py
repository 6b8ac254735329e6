"""What a feed server's refusal means: an error with a sentence, and how long to wait."""

from __future__ import annotations

from http import HTTPStatus

import requests

from adapters.asked_pause import asked_pause
from adapters.block_page import BLOCKED_PAUSE, is_block_page, is_sign_in
from core.errors import Permanent, Retryable, StageError
from core.text.addresses import is_reddit, name_of

UNSAID_PAUSE = 60.0
"""Seconds to wait after "too many requests" from a server that doesn't say how long."""
RATE_LIMITED = "rate_limit_exceeded"
TRY_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
READ_OF_REFUSAL = 400_000
"""Most bytes of a refusal that are read, to see whether it is a block."""


def refusal(response: requests.Response, content: bytes, feed: str) -> StageError | None:
    """The error that a response means; None if it is good, as far as its status says.

    Args:
        response: to a request without validators.
        content: its first bytes, of which a block page is told from another.
        feed: its address as it may be shown.
    """
    if is_sign_in(response.url):
        return _blocked(feed, "sent the request to its sign-in page", BLOCKED_PAUSE)
    if response.status_code == HTTPStatus.OK:
        return None
    return _by_status(response, content, feed)


def _by_status(response: requests.Response, content: bytes, feed: str) -> StageError:
    status, pause = response.status_code, asked_pause(response.headers)
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Retryable(
                f"The server of {feed} asks to slow down (HTTP 429); it is asked again later.",
                code=RATE_LIMITED,
                after=UNSAID_PAUSE if pause is None else pause,
            )
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            blocks = pause is not None or is_block_page(content.decode("utf-8", "replace"))
            what = f"blocked the request (HTTP {status})"
            return _blocked(feed, what, pause or BLOCKED_PAUSE) if blocks else _closed(feed, status)
        case HTTPStatus.NOT_MODIFIED:
            return Retryable(
                f"The feed {feed} answered “not modified” to a first request: its server is "
                "faulty.",
                code="feed_away",
            )
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in TRY_AGAIN:
            sentence = f"The feed {feed} is unavailable (HTTP {status})."
            return Retryable(sentence, code=f"http_{status}", after=pause)
    return Permanent(
        f"The feed {feed} can't be fetched (HTTP {status}): correct its address.", code="feed"
    )


def blocked_page(content: bytes, feed: str) -> StageError | None:
    """The error for a page that says in place of the feed, with a good status, that it blocks."""
    if is_block_page(content[:READ_OF_REFUSAL].decode("utf-8", "replace")):
        return _blocked(feed, "answered with a page that blocks the request", BLOCKED_PAUSE)
    return None


def _blocked(feed: str, what: str, pause: float) -> Retryable:
    if is_reddit(feed):
        advice = (
            "Wait, or sign in: use the address of a feed from www.reddit.com/prefs/feeds, which "
            "has a token, or a subreddit with an API key."
        )
    else:
        advice = "Wait, or sign in: use the address that the site gives to subscribers."
    return Retryable(
        f"{name_of(feed)}: the server {what}. The address may be right. {advice}",
        code="feed_blocked",
        after=pause,
    )


def _closed(feed: str, status: int) -> Permanent:
    if is_reddit(feed):
        why = (
            "the subreddit is private or closed, or Reddit blocks this machine. Wait, or sign in: "
            "use the address of a feed from www.reddit.com/prefs/feeds, which has a token, or a "
            "subreddit with an API key."
        )
    else:
        why = (
            "it needs a sign-in, or blocks this machine. Wait, or use the address with the key "
            "that the site gives to subscribers."
        )
    return Permanent(f"The server refuses to give {feed} (HTTP {status}): {why}", code="feed")

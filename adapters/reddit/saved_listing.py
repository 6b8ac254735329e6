"""Reads stories from a Reddit listing saved as a file. No API key is needed.

Accepts the response of ``https://www.reddit.com/r/<name>/top.json`` or of a post's ``….json``, a
plain list of posts, and one post per line (newline-delimited JSON), as archives store them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from itertools import islice
from typing import Any

import structlog

from adapters.block_page import is_block_page
from adapters.figures import POSTS_UNREADABLE
from adapters.ports import FetchedStory, StoryQuery, StorySource
from adapters.reddit.post import answers_by_post, is_post, stories_of
from core.errors import Permanent
from core.files.intake_folder import IntakeFolder

log = structlog.get_logger(__name__)

SITE = "https://www.reddit.com"
LARGEST_FILE = 256 * 1024 * 1024
HOW_TO_SAVE = (
    "open https://www.reddit.com/r/<name>/top.json in a browser that is signed in to Reddit, and "
    "save that page as a file"
)
OR_A_FEED = "Without an account, use a feed as the source: https://www.reddit.com/r/<name>/top/.rss"
"""Since May 2026 Reddit shows its .json pages only to people who are signed in."""


class SavedListing(StorySource):
    """StorySource for a file; ``query.place`` is its place. File order counts as best first.

    Args:
        folder: where listings are read from.
    """

    def __init__(self, folder: IntakeFolder) -> None:
        self._folder = folder

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Return at most ``query.limit`` stories.

        Raises:
            Permanent: the file is missing, outside the folder, not JSON, or not a listing of
                posts; the message names the file, the position and what to do.
        """
        name, content = f"“{query.place}”", self._folder.read(query.place, LARGEST_FILE)
        things = _things(name, _parsed(name, _text(name, content)))
        answers = answers_by_post(things)
        return (
            replace(story, answers=tuple(answers.get(story.external_id, ())))
            for story in islice(stories_of(things, site=SITE), query.limit)
        )


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode(json.detect_encoding(content))
    except UnicodeDecodeError as error:
        raise _unusable(f"{name} is not text (byte {error.start}): {HOW_TO_SAVE}.") from None


def _parsed(name: str, text: str) -> Any:
    """The JSON value of the file, or the list of its lines' values."""
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("<"):
        raise _unusable(f"{name} is {_kind_of_page(text)}")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) > 1 and _is_value(lines[0]):
            return list(_line_values(lines))
        where = f"line {error.lineno}, column {error.colno}"
        raise _unusable(f"{name} is not JSON at {where} ({error.msg}): {HOW_TO_SAVE}.") from None
    except (ValueError, RecursionError):
        raise _unusable(f"{name} is not a listing: {HOW_TO_SAVE}.") from None


def _kind_of_page(text: str) -> str:
    """What a web page is that was saved in place of a listing, and what to do."""
    if is_block_page(text):
        return (
            "not the listing but a page on which Reddit blocks the request: sign in to Reddit in "
            f"that browser, open the same address again, and save what it shows then. {OR_A_FEED}."
        )
    return (
        "a web page, not JSON: its address must end in .json. If it does, sign in to Reddit in "
        f"that browser and save it again. {OR_A_FEED}."
    )


def _is_value(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _line_values(lines: list[str]) -> Iterator[Any]:
    for number, line in enumerate(lines, start=1):
        try:
            yield json.loads(line)
        except (ValueError, RecursionError) as error:
            POSTS_UNREADABLE.inc()
            log.warning("post_skipped", place=number, reason=f"the line is not JSON: {error}")


def _things(name: str, value: Any) -> list[Any]:
    """The children of one listing, or of each listing in a list (a comment page has two)."""
    if refused := _refusal(value):
        raise _unusable(f"{name} is not the listing but {refused}")
    parts = value if isinstance(value, list) else [value]
    things: list[Any] = []
    for part in parts:
        children = _children(part)
        things += [part] if children is None else children
    if things and not any(is_post(thing) and "title" in _inner(thing) for thing in things):
        raise _unusable(f"{name} is JSON but not a listing of Reddit posts: {HOW_TO_SAVE}.")
    return things


def _refusal(value: Any) -> str:
    """What Reddit's error says that was saved in place of a listing; empty if it is none."""
    status = value.get("error") if isinstance(value, dict) else None
    if not isinstance(status, int) or "data" in value:
        return ""
    why = f"Reddit's answer that it is not to be had (error {status})"
    if status == HTTPStatus.NOT_FOUND:
        return f"{why}: correct the subreddit's name in the address and save it again."
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return f"{why}: wait some minutes, load the page again and save it."
    return f"{why}: sign in to Reddit in that browser and save it again. {OR_A_FEED}."


def _children(part: Any) -> list[Any] | None:
    children = _inner(part).get("children")
    return children if isinstance(children, list) else None


def _inner(part: Any) -> dict[str, Any]:
    """A thing's ``data``, or the thing itself if it is not wrapped."""
    if not isinstance(part, dict):
        return {}
    data = part.get("data", part)
    return data if isinstance(data, dict) else {}


def _unusable(sentence: str) -> Permanent:
    return Permanent(sentence, code="saved_listing")

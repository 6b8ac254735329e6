"""Turns a feed entry into a FetchedStory."""

from __future__ import annotations

import calendar
import hashlib
import html
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from markdownify import markdownify

from adapters.ports import FetchedStory, UnreadableRow

LONGEST_NAME = 120

_REDDIT_POST = re.compile(r"t3_[0-9a-z]{1,20}")
_REDDIT_TEXT = re.compile(r"<!-- SC_OFF -->(.*)<!-- SC_ON -->", re.DOTALL)
"""Reddit's markers around a post's own text; a post without them is a link or a picture."""
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--.*?--)>", re.DOTALL)
_WORLDWIDE = re.compile(r"(?:https?|tag|urn):\S+", re.IGNORECASE)
"""Ids that are unique across all feeds."""
_HALVES = re.compile("[\0\ud800-\udfff]")
"""Characters that a stored text can't hold, although a feed may contain them."""


def to_story(entry: Any, feed_title: str, *, feed: str, base: str) -> FetchedStory:
    """Read one entry; HTML becomes Markdown.

    Args:
        entry: as parsed by feedparser.
        feed_title: becomes the story's place.
        feed: the feed's address; makes a bare entry number unique.
        base: the address it was fetched from, which links are relative to.
    """
    name = _text(entry.get("id") or entry.get("link"))
    on_reddit = _REDDIT_POST.fullmatch(name) is not None
    title = title_of(entry)
    try:
        body = _body(entry, on_reddit=on_reddit)
    except RecursionError:
        external_id = _external_id(name, title, feed)
        why = "Its HTML is nested too deeply to be read."
        return UnreadableRow(external_id=external_id, title=title, body="", why=why)
    tags = entry.get("tags") or [{}]
    return FetchedStory(
        external_id=f"reddit:{name}" if on_reddit else _external_id(name, f"{title} {body}", feed),
        title=title,
        body=body,
        url=_link(entry, base),
        place=_text(tags[0].get("term") if on_reddit else feed_title)[:LONGEST_NAME],
        author=_text(entry.get("author")).removeprefix("/u/")[:LONGEST_NAME],
        media_only=on_reddit and not body,
        written_at=_moment(entry.get("published_parsed") or entry.get("updated_parsed")),
    )


def _external_id(name: str, text: str, feed: str) -> str:
    if name:
        text = name if _WORLDWIDE.fullmatch(name) else f"{feed} {name}"
    return f"feed:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def title_of(thing: Any) -> str:
    """The title of a feed or an entry, as text on one line."""
    title = _text(thing.get("title"))
    if _is_plain(thing.get("title_detail")):
        return " ".join(title.split())
    return " ".join(_text(html.unescape(_TAG.sub("", title))).split())


def _body(entry: Any, *, on_reddit: bool) -> str:
    """The longest text of an entry: feeds often add a short summary."""
    summary = {"value": entry.get("summary", ""), **(entry.get("summary_detail") or {})}
    part = max([*entry.get("content", []), summary], key=lambda part: len(part.get("value") or ""))
    content = _text(part.get("value"))
    if on_reddit:
        own = _REDDIT_TEXT.search(content)
        content = own.group(1) if own else ""
    if _is_plain(part):
        return content.strip()
    if not _TAG.search(content):  # labelled as HTML, but plain text
        return _text(html.unescape(content)).strip()
    return _text(markdownify(content, heading_style="ATX")).strip()


def _is_plain(detail: Any) -> bool:
    return bool(detail) and detail.get("type") == "text/plain"


def _link(entry: Any, base: str) -> str:
    """The entry's page; web addresses only, because it is shown as a link."""
    try:
        link = urljoin(base, _text(entry.get("link")))
    except ValueError:
        return ""
    return link if link != base and link.startswith(("https://", "http://")) else ""


def _text(value: Any) -> str:
    return _HALVES.sub("", str(value or ""))


def _moment(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None

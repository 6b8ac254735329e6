"""Turns a Reddit post's JSON into a FetchedStory, wherever the JSON came from.

Fields are those that Reddit's API documents for its ``t3`` things. Old, saved or converted
listings lack some of them or use other types, so only an id and a title are required.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import structlog

from adapters.figures import POSTS_UNREADABLE
from adapters.ports import Answer, FetchedStory
from core.text import deletion_notices
from core.text.deletion_notices import Notice

log = structlog.get_logger(__name__)

POST, COMMENT = "t3", "t1"
NAME_LENGTH = 120
"""Most characters stored of an author or subreddit name; Reddit's have 23 at most."""
LONGEST_ANSWER = 40_000
"""Characters; Reddit allows 10,000 in a comment, so a longer text is not a comment."""
LARGEST_SCORE = 2**31 - 1

_ID = re.compile(r"(?:t3_)?([0-9a-z]{1,20})", re.IGNORECASE)
_POST_NAME = re.compile(r"t3_([0-9a-z]{1,20})", re.IGNORECASE)
GONE = deletion_notices.GONE
"""What Reddit shows instead of a removed text or a deleted author."""


class MalformedPostError(ValueError):
    """A post without a usable id or without a title."""


def stories_of(things: Iterable[object], *, site: str) -> Iterator[FetchedStory]:
    """Yield the stories among ``things``, in order.

    Args:
        things: ``{"kind": "t3", "data": {…}}`` or the bare ``data``. Things of another kind
            (comments, "more") are ignored; malformed posts are logged and counted.
        site: address that the posts' links are relative to.
    """
    for place, thing in enumerate(things):
        if not is_post(thing):
            continue
        try:
            yield to_story(_data(thing), site=site)
        except MalformedPostError as error:
            POSTS_UNREADABLE.inc()
            log.warning("post_skipped", place=place, reason=str(error))


def is_post(thing: object) -> bool:
    """Whether ``thing`` is a post (even a malformed one), not a thing of another kind."""
    return not isinstance(thing, Mapping) or thing.get("kind", POST) == POST


def answers_by_post(things: Iterable[object]) -> dict[str, list[Answer]]:
    """The top-level comments among ``things``, by external id of their post, in order.

    Notices from moderators and bots, removed, empty and overlong comments, and "more" placeholders
    are left out. A comment stays when only its author's account was deleted.
    """
    answers: dict[str, list[Answer]] = {}
    for comment in map(_comment, things):
        answered = _POST_NAME.fullmatch(_text(comment.get("parent_id")))
        if answered and _is_narratable(comment):
            author = _author(comment)
            answer = Answer(author, _text(comment.get("body")), score(comment.get("score")))
            answers.setdefault(f"reddit:{POST}_{answered[1].lower()}", []).append(answer)
    return answers


def _comment(thing: object) -> Mapping[str, object]:
    if not isinstance(thing, Mapping) or thing.get("kind", COMMENT) != COMMENT:
        return {}
    data = thing.get("data", thing)
    return data if isinstance(data, Mapping) else {}


def _is_narratable(comment: Mapping[str, object]) -> bool:
    body, author = _text(comment.get("body")).strip(), _text(comment.get("author")).strip()
    from_moderators = (
        _flag(comment.get("stickied"))
        or bool(_text(comment.get("distinguished")))
        or author.lower() == "automoderator"
    )
    usable = 0 < len(body) <= LONGEST_ANSWER and not from_moderators
    return usable and deletion_notices.notice(body) is not Notice.GONE


def to_story(post: Mapping[str, object], *, site: str) -> FetchedStory:
    """Read one post's ``data``; its texts stay as written.

    Raises:
        MalformedPostError: it has no usable id or no title.
    """
    title = _text(post.get("title"))
    if not title.strip():
        raise MalformedPostError("it has no title")
    external_id = _external_id(post.get("name"), post.get("id"))
    shown = _shown(post)
    body = _text(shown.get("selftext"))
    return FetchedStory(
        external_id=external_id,
        title=title,
        body=body,
        url=_url(post, site),
        place=_text(post.get("subreddit")).removeprefix("r/")[:NAME_LENGTH],
        author=_author(post),
        score=score(post.get("score")),
        nsfw=_flag(post.get("over_18")),
        stickied=_flag(post.get("stickied")),
        removed=_is_removed(post, shown),
        media_only=not (body.strip() or _flag(shown.get("is_self"))),
        crosspost_of=_crosspost_of(post.get("crosspost_parent")),
        written_at=_moment(post.get("created_utc")),
    )


def _author(thing: Mapping[str, object]) -> str:
    """The author's name; empty for a deleted account."""
    return GONE.sub("", _text(thing.get("author"))).strip()[:NAME_LENGTH]


def _data(thing: object) -> Mapping[str, object]:
    data = thing.get("data", thing) if isinstance(thing, Mapping) else None
    if not isinstance(data, Mapping):
        raise MalformedPostError("it is not an object")
    return data


def _external_id(*candidates: object) -> str:
    for candidate in candidates:
        if match := _ID.fullmatch(_text(candidate)):
            return f"reddit:{POST}_{match[1].lower()}"
    raise MalformedPostError("it has no id")


def _shown(post: Mapping[str, object]) -> Mapping[str, object]:
    """The post whose text is used: a cross-post has no text but contains its original."""
    parents = post.get("crosspost_parent_list")
    if not _text(post.get("selftext")).strip() and isinstance(parents, list):
        for parent in parents:
            if isinstance(parent, Mapping):
                return parent
    return post


def _is_removed(post: Mapping[str, object], shown: Mapping[str, object]) -> bool:
    body = _text(shown.get("selftext")).strip()
    title = _text(post.get("title")).strip()
    author = _text(post.get("author", "not given"))
    return (
        any(bool(one.get("removed_by_category")) for one in (post, shown))
        or GONE.fullmatch(title) is not None
        or deletion_notices.notice(body) is Notice.GONE
        or not (body or GONE.sub("", author))
    )


def _crosspost_of(parent: object) -> str | None:
    match = _ID.fullmatch(_text(parent))
    return f"reddit:{POST}_{match[1].lower()}" if match else None


def _url(post: Mapping[str, object], site: str) -> str:
    """The post's page; web addresses only, because it is shown as a link."""
    link = _text(post.get("permalink"))
    link = site.rstrip("/") + link if link.startswith("/") else link or _text(post.get("url"))
    return link if link.startswith(("https://", "http://")) else ""


def _text(value: object) -> str:
    """The text of a field, without what PostgreSQL can't store (NUL, lone surrogates)."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\0", "").encode("utf-8", "ignore").decode()


def _flag(value: object) -> bool:
    return _text(value).lower() in {"true", "1"} or value is True


def _number(value: object) -> float | None:
    try:
        number = float(_text(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def score(value: object) -> int:
    """A score as stored; 0 if there is none."""
    number = int(_number(value) or 0)
    return max(-LARGEST_SCORE, min(LARGEST_SCORE, number))


def _moment(seconds: object) -> datetime | None:
    number = _number(seconds)
    try:
        return None if number is None else datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return None

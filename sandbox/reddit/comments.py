"""The comments on a post, as Reddit lists them: a tree, limited in depth and number."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.reddit.listing import body_html, created_at

if TYPE_CHECKING:
    from sandbox.stories import Story
    from sandbox.world import World

MOST = 200
"""Default ``limit`` of comments."""


def comment_listing(
    world: World, story: Story, arguments: Mapping[str, str], *, raw: bool
) -> dict[str, Any]:
    """The comments on ``story`` for the given ``limit``, ``depth`` and ``sort`` (``top``)."""
    limit, depth = (_number(arguments.get(name), MOST) for name in ("limit", "depth"))
    children = _children(world, story, story.answers, story.fullname, (limit, depth), raw=raw)
    return {
        "kind": "Listing",
        "data": {"after": None, "before": None, "dist": None, "modhash": "", "children": children},
    }


def _children(
    world: World,
    story: Story,
    answers: list[dict[str, Any]],
    parent: str,
    room: tuple[int, int],
    *,
    raw: bool,
    level: int = 0,
) -> list[dict[str, Any]]:
    limit, depth = room
    best = sorted(
        enumerate(answers), key=lambda one: ("stickied" not in _flags(one[1]), -one[1]["score"])
    )
    made = []
    for number, answer in best[:limit]:
        name = f"t1_{parent.partition('_')[2]}c{number}"
        replies = answer.get("replies") or []
        shown: Any = ""
        if replies and level + 1 < depth:
            below = _children(world, story, replies, name, room, raw=raw, level=level + 1)
            shown = {"kind": "Listing", "data": {"children": below}}
        data = _data(world, story, answer, name, raw=raw)
        made.append({"kind": "t1", "data": {**data, "parent_id": parent, "replies": shown}})
    if left := best[limit:]:
        ids = [f"{parent.partition('_')[2]}c{number}" for number, _ in left]
        more = {"count": len(left), "children": ids, "parent_id": parent, "id": ids[0]}
        made.append({"kind": "more", "data": more})
    return made


def _data(
    world: World, story: Story, answer: Mapping[str, Any], name: str, *, raw: bool
) -> dict[str, Any]:
    body, flags = str(answer["body"]), _flags(answer)
    author = "[deleted]" if flags & {"removed", "deleted"} else answer["author"]
    return {
        "id": name.removeprefix("t1_"),
        "name": name,
        "link_id": story.fullname,
        "subreddit": story.subreddit,
        "author": author,
        "body": body if raw else html.escape(body, quote=False),
        "body_html": body_html(body) if raw else html.escape(body_html(body), quote=False),
        "score": answer["score"],
        "ups": answer["score"],
        "downs": 0,
        "stickied": "stickied" in flags,
        "distinguished": "moderator" if "stickied" in flags else None,
        "is_submitter": author == story.author,
        "created_utc": created_at(world, story) + 600,
        "edited": False,
        "score_hidden": False,
    }


def _flags(answer: Mapping[str, Any]) -> set[str]:
    return set(answer.get("flags") or ())


def _number(text: str | None, otherwise: int) -> int:
    try:
        return max(1, int(text or ""))
    except ValueError:
        return otherwise

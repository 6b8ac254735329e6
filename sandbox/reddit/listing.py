"""Reddit's listings: order, pages, and posts with the real fields."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import request
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from sandbox.stories import Story
    from sandbox.world import World

HOURS: dict[str, float] = {
    "hour": 1,
    "day": 24,
    "week": 168,
    "month": 744,
    "year": 8_784,
    "all": math.inf,
}
_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def page_size(arguments: Mapping[str, str]) -> int:
    """Number of posts per page: ``limit``, 25 by default, 100 at most."""
    try:
        return max(1, min(100, int(arguments.get("limit", "25"))))
    except ValueError:
        return 25


def created_at(world: World, story: Story) -> float:
    return world.clock.epoch - story.hours_old * 3_600


def ordered(world: World, posts: list[Story], order: str, period: str) -> list[Story]:
    """Sort like the listing of that name; ``period`` only applies to ``top``."""

    def heat(story: Story) -> float:
        return math.log10(max(story.score, 1)) + created_at(world, story) / 45_000

    if order == "new":
        return sorted(posts, key=lambda s: created_at(world, s), reverse=True)
    if order == "top":
        oldest = world.now() - HOURS.get(period, 24) * 3_600
        young = [s for s in posts if created_at(world, s) >= oldest]
        return sorted(young, key=lambda s: s.score, reverse=True)
    if order == "rising":
        posts = [s for s in posts if "stickied" not in s.flags]
        ages = {s.id: (world.now() - created_at(world, s)) / 3_600 for s in posts}
        young = [s for s in posts if ages[s.id] <= HOURS["day"]]
        return sorted(young, key=lambda s: s.score / max(ages[s.id], 0.1), reverse=True)
    hot = sorted(posts, key=heat, reverse=True)
    return sorted(hot, key=lambda s: "stickied" not in s.flags)


def paged(
    world: World, posts: list[Story], arguments: Mapping[str, str], *, raw: bool
) -> dict[str, Any]:
    """The page after the post ``after``."""
    names = [story.fullname for story in posts]
    after = arguments.get("after", "")
    first = names.index(after) + 1 if after in names else 0
    size = page_size(arguments)
    shown = posts[first : first + size]
    more = first + size < len(posts)
    return listing(world, shown, after=shown[-1].fullname if more else None, raw=raw)


def listing(
    world: World, posts: list[Story], *, raw: bool, after: str | None = None
) -> dict[str, Any]:
    children = [{"kind": "t3", "data": post_data(world, story, raw=raw)} for story in posts]
    data = {
        "after": after,
        "dist": len(children),
        "modhash": None,
        "geo_filter": None,
        "children": children,
        "before": None,
    }
    return {"kind": "Listing", "data": data}


def body_html(text: str) -> str:
    return f'<!-- SC_OFF --><div class="md">{_markdown.render(text).strip()}\n</div><!-- SC_ON -->'


def post_data(world: World, story: Story, *, raw: bool) -> dict[str, Any]:
    """A post's ``data``. Without ``raw``, texts are escaped, as older clients expect."""

    def text(value: str) -> str:
        return value if raw else html.escape(value, quote=False)

    flags = story.flags
    original = next((s for s in world.stories() if s.id == story.crosspost_of), None)
    is_self = "media" not in flags and original is None
    gone = "removed" in flags or "deleted" in flags
    body = story.body if original is None else ""  # a picture may have a text too
    permalink_url = f"{request.host_url}reddit{story.permalink}"
    created = created_at(world, story)
    edited = world.clock.epoch - story.edited_hours_old * 3_600 if story.edited_hours_old else False
    data: dict[str, Any] = {
        "id": story.id,
        "name": story.fullname,
        "subreddit": story.subreddit,
        "subreddit_id": f"t5_{story.subreddit[-5:]}",
        "subreddit_name_prefixed": f"r/{story.subreddit}",
        "subreddit_type": "public",
        "title": text(story.title),
        "selftext": text(body),
        "selftext_html": text(body_html(body)) if body else None,
        "author": "[deleted]" if "deleted" in flags else story.author,
        "author_fullname": None if "deleted" in flags else f"t2_{story.author[:6]}",
        "created": created,
        "created_utc": created,
        "edited": edited,
        "score": story.score,
        "ups": story.score,
        "downs": 0,
        "upvote_ratio": 0.96,
        "hide_score": False,
        "num_comments": story.comments,
        "num_crossposts": sum(s.crosspost_of == story.id for s in world.stories()),
        "over_18": "nsfw" in flags,
        "spoiler": False,
        "stickied": "stickied" in flags,
        "pinned": False,
        "locked": "stickied" in flags,
        "archived": False,
        "hidden": False,
        "quarantine": False,
        "distinguished": "moderator" if "stickied" in flags else None,
        "removed_by_category": _removed_by(flags),
        "removed_by": None,
        "banned_by": None,
        "is_robot_indexable": not gone,
        "is_self": is_self,
        "is_video": False,
        "is_original_content": False,
        "is_meta": False,
        "is_crosspostable": not gone,
        "is_reddit_media_domain": "media" in flags,
        "domain": "i.redd.it" if "media" in flags else f"self.{story.subreddit}",
        "permalink": story.permalink,
        "url": story.url or permalink_url,
        "thumbnail": "nsfw" if "nsfw" in flags else "self" if is_self else "default",
        "link_flair_text": None,
        "author_flair_text": None,
        "media": None,
        "media_only": False,
        "gilded": 0,
        "all_awardings": [],
        "total_awards_received": 0,
        "whitelist_status": None,
        "contest_mode": False,
        "suggested_sort": None,
        "view_count": None,
        "likes": None,
        "saved": False,
        "clicked": False,
        "visited": False,
        "send_replies": True,
        "treatment_tags": [],
        "mod_reports": [],
        "user_reports": [],
    }
    if "media" in flags:
        data |= {"post_hint": "image", "url_overridden_by_dest": story.url}
    if original is not None:
        data |= {
            "crosspost_parent": original.fullname,
            "crosspost_parent_list": [post_data(world, original, raw=raw)],
            "domain": f"self.{original.subreddit}",
            "url": original.permalink,
            "url_overridden_by_dest": original.permalink,
        }
    return data


def _removed_by(flags: list[str]) -> str | None:
    if "removed" in flags:
        return "moderator"
    return "deleted" if "deleted" in flags else None

"""TikTok's Display API: the creator, and the public videos' counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, make_response, redirect, request

from sandbox.calls import serving
from sandbox.records import Post
from sandbox.tiktok.creators import Creator
from sandbox.tiktok.wire import TikTok, answer, json_body, refuse

if TYPE_CHECKING:
    from sandbox.world import World

PAGE = 20
USER_SCOPES = {
    "open_id": "user.info.basic",
    "union_id": "user.info.basic",
    "avatar_url": "user.info.basic",
    "display_name": "user.info.basic",
    "username": "user.info.profile",
    "follower_count": "user.info.stats",
    "video_count": "user.info.stats",
    "likes_count": "user.info.stats",
}
HALF_WAY_SECONDS = 6 * 3_600
"""Time until a video has half of all its views."""


def videos(world: World) -> Blueprint:
    api = Blueprint("tiktok_videos", __name__)
    wire = TikTok(world)

    @api.get("/v2/user/info/")
    @serving(world, wire, "user_info")
    def user_info() -> Response:
        creator = wire.creator(*USER_SCOPES.values())
        wire.limit("user_info", world.settings.read_a_minute)
        names = _fields(tuple(USER_SCOPES))
        granted = wire.token().scopes
        if any(USER_SCOPES[name] not in granted for name in names):
            raise refuse("scope_not_authorized")
        everything = _user(world, creator)
        return answer({"user": {name: everything[name] for name in names}})

    @api.post("/v2/video/list/")
    @serving(world, wire, "video_list")
    def video_list() -> Response:
        creator = wire.creator("video.list")
        wire.limit("video_list", world.settings.read_a_minute)
        body = json_body() if request.content_length else {}
        count, cursor = body.get("max_count", 10), body.get("cursor")
        if type(count) is not int or not 1 <= count <= PAGE:
            raise refuse("invalid_params", f"max_count must be from 1 to {PAGE}.")
        if cursor is not None and type(cursor) is not int:
            raise refuse("invalid_params", "cursor must be an integer.")
        found = [p for p in _public(world, creator) if cursor is None or _moment(p) < cursor]
        shown = found[:count]
        return answer(
            {
                "videos": _videos(world, shown, _fields(VIDEO_FIELDS)),
                "cursor": _moment(shown[-1]) if shown else 0,
                "has_more": len(found) > count,
            }
        )

    @api.post("/v2/video/query/")
    @serving(world, wire, "video_query")
    def video_query() -> Response:
        creator = wire.creator("video.list")
        wire.limit("video_query", world.settings.read_a_minute)
        filters = json_body().get("filters")
        wanted = filters.get("video_ids") if isinstance(filters, dict) else None
        if not isinstance(wanted, list) or not 1 <= len(wanted) <= PAGE:
            raise refuse("invalid_params", f"filters.video_ids must name 1 to {PAGE} videos.")
        names = [str(video_id) for video_id in wanted]
        found = [post for post in _public(world, creator) if str(post.post_id) in names]
        return answer({"videos": _videos(world, found, _fields(VIDEO_FIELDS))})

    @api.get("/@<username>/video/<video_id>")
    def shared(username: str, video_id: str) -> Response:
        return make_response(redirect(f"/#{username}-{video_id}"))

    return api


VIDEO_FIELDS = (
    "id",
    "create_time",
    "cover_image_url",
    "share_url",
    "video_description",
    "duration",
    "height",
    "width",
    "title",
    "like_count",
    "comment_count",
    "share_count",
    "view_count",
)


def counts(post: Post, now: float) -> dict[str, int]:
    """Views, likes, comments and shares: they never fall, and level off for each video."""
    age = max(0.0, now - post.published_at) if post.published_at else 0.0
    level = 2_000 + post.post_id % 90_000
    views = int(level * (1 - math.exp(-age * math.log(2) / HALF_WAY_SECONDS)))
    return {
        "view_count": views,
        "like_count": int(views * (0.06 + post.post_id % 7 / 100)),
        "comment_count": int(views * 0.008),
        "share_count": int(views * 0.011),
    }


def _fields(allowed: tuple[str, ...]) -> list[str]:
    names = [name for name in request.args.get("fields", "").split(",") if name]
    if not names or any(name not in allowed for name in names):
        raise refuse("invalid_params", f"fields must be some of: {', '.join(allowed)}.")
    return names


def _moment(post: Post) -> int:
    """UTC in milliseconds, used as the list's cursor."""
    return int(post.published_at * 1_000)


def _public(world: World, creator: Creator) -> list[Post]:
    """Public videos, newest first."""
    posts = [p for p in world.posts.all() if p.creator == creator.username]
    public = [p for p in posts if p.public and p.published_at]
    return sorted(public, key=lambda post: post.published_at, reverse=True)


def _user(world: World, creator: Creator) -> dict[str, Any]:
    posts = _public(world, creator)
    return {
        "open_id": creator.open_id,
        "union_id": creator.union_id,
        "avatar_url": f"{request.host_url}sandbox/avatars/{creator.username}.svg",
        "display_name": creator.nickname,
        "username": creator.username,
        "follower_count": creator.followers,
        "video_count": len(posts),
        "likes_count": sum(counts(post, world.now())["like_count"] for post in posts),
    }


def _videos(world: World, posts: list[Post], names: list[str]) -> list[dict[str, Any]]:
    base, now = request.host_url, world.now()
    found = [
        {
            "id": str(post.post_id),
            "create_time": int(post.published_at),
            "cover_image_url": f"{base}sandbox/covers/{post.publish_id}.jpg",
            "share_url": f"{base}tiktok/@{post.creator}/video/{post.post_id}",
            "video_description": post.title,
            "duration": round(post.seconds),
            "height": post.height,
            "width": post.width,
            "title": post.title[:150],
            **counts(post, now),
        }
        for post in posts
    ]
    return [{name: video[name] for name in names} for video in found]

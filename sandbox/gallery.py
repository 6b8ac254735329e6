"""The posts: list, videos and pictures."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, jsonify, render_template, send_file

from sandbox import background
from sandbox.records import Post
from sandbox.tiktok.creators import CREATORS
from sandbox.tiktok.videos import counts

if TYPE_CHECKING:
    from sandbox.world import World


def gallery(world: World) -> Blueprint:
    pages = Blueprint("gallery", __name__)

    @pages.get("/sandbox/posts")
    def posts() -> Response:
        return jsonify(posts=_posts(world), creators=_creators())

    @pages.post("/sandbox/posts/<publish_id>/publish")
    def publish(publish_id: str) -> tuple[str, int]:
        if not background.publish_from_inbox(world, publish_id):
            abort(409, "No such video is waiting in an inbox.")
        return "", 204

    @pages.get("/sandbox/videos/<publish_id>.mp4")
    def video(publish_id: str) -> Response:
        post = world.posts.get(publish_id)
        if post is None or not post.checked:
            abort(404)
        path = background.video_path(world, post)
        return send_file(path, mimetype="video/mp4", conditional=True, max_age=3_600)

    @pages.get("/sandbox/covers/<publish_id>.jpg")
    def cover(publish_id: str) -> Response:
        post = world.posts.get(publish_id)
        path = background.video_path(world, post).with_suffix(".jpg") if post else None
        if path is None or not path.exists():
            abort(404)
        return send_file(path, max_age=3_600)

    @pages.get("/sandbox/avatars/<username>.svg")
    def avatar(username: str) -> Response:
        creator = CREATORS.get(username) or abort(404)
        initials = "".join(word[0] for word in creator.nickname.split()[:2]).upper()
        picture = render_template("avatar.svg", hue=creator.hue, initials=initials)
        return Response(picture, mimetype="image/svg+xml")

    return pages


def _moment(seconds: float) -> str | None:
    return (
        datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds") if seconds else None
    )


def _creators() -> list[dict[str, Any]]:
    return [dataclasses.asdict(creator) for creator in CREATORS.values()]


def _posts(world: World) -> list[dict[str, Any]]:
    """All posts, newest first; ``order`` numbers a creator's videos in order of publication."""
    posts, now = world.posts.all(), world.now()
    published = sorted((p for p in posts if p.published_at), key=lambda p: p.published_at)
    order: dict[str, int] = {}
    for creator in CREATORS:
        own = [p for p in published if p.creator == creator]
        order |= {p.publish_id: place for place, p in enumerate(own, start=1)}
    return [
        _post(world, post, order.get(post.publish_id), now)
        for post in sorted(posts, key=lambda p: p.created_at, reverse=True)
    ]


def _post(world: World, post: Post, order: int | None, now: float) -> dict[str, Any]:
    cover = background.video_path(world, post).with_suffix(".jpg").exists()
    return {
        "publish_id": post.publish_id,
        "creator": post.creator,
        "kind": "direct" if post.direct else "inbox",
        "via": post.via,
        "title": post.title,
        "hashtags": post.hashtags,
        "privacy_level": post.info.get("privacy_level", ""),
        "info": post.info,
        "asked_creator_info": post.asked_creator_info,
        "size": post.size,
        "uploaded_bytes": post.received,
        "bytes_read": post.bytes_read,
        "chunks": post.chunks,
        "sha256": post.sha256,
        "seconds": post.seconds,
        "width": post.width,
        "height": post.height,
        "fps": post.fps,
        "status": post.status(now),
        "fail_reason": post.fail_reason,
        "order": order,
        "post_id": str(post.post_id) if post.post_id else "",
        "created_at": _moment(post.created_at),
        "completed_at": _moment(post.completed_at),
        "published_at": _moment(post.published_at),
        "video": f"/sandbox/videos/{post.publish_id}.mp4" if post.checked else "",
        "cover": f"/sandbox/covers/{post.publish_id}.jpg" if cover else "",
        **(counts(post, now) if post.published_at else {}),
    }

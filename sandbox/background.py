"""Background work of the services: processing, publishing, webhooks."""

from __future__ import annotations

import hashlib
import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.records import Post
from sandbox.tiktok import media, webhooks
from sandbox.tiktok.creators import CREATORS
from sandbox.tiktok.uploads import part_path
from sandbox.tiktok.wire import FAIL_REASONS

if TYPE_CHECKING:
    from sandbox.world import World

TICK_SECONDS = 0.1


class Background(threading.Thread):
    """Advances posts and delivers webhooks, also after a restart."""

    def __init__(self, world: World) -> None:
        super().__init__(name="background", daemon=True)
        self._world = world
        self._ended = threading.Event()
        self._deliveries = threading.Thread(target=self._deliver, daemon=True)

    def run(self) -> None:
        self._deliveries.start()  # separate, so that a slow receiver doesn't delay posts
        while not self._ended.is_set():
            move_posts(self._world)
            self._world.wake.wait(TICK_SECONDS)
            self._world.wake.clear()

    def end(self) -> None:
        self._ended.set()
        self._world.wake.set()
        self.join(5)

    def _deliver(self) -> None:
        while not self._ended.wait(TICK_SECONDS):
            webhooks.deliver_due(self._world)


def move_posts(world: World) -> None:
    for post in world.posts.all():
        if post.settled or not post.completed_at:
            continue
        if not post.checked:
            try:
                _check(world, post)
            except FileNotFoundError:
                if world.posts.get(post.publish_id) is not None:  # else a reset removed it
                    raise
        elif world.now() >= post.done_at:
            _settle(world, post)


def publish_from_inbox(world: World, publish_id: str) -> bool:
    """Publish a video from the inbox, as the creator would in the app."""
    now = world.now()
    with world.posts.changing(publish_id) as post:
        if post is None or post.status(now) != "SEND_TO_USER_INBOX":
            return False
        post.published_at, post.post_id = now, new_post_id(now)
        post.info = {**post.info, "privacy_level": "PUBLIC_TO_EVERYONE"}
    _notify(world, post, "post.publish.complete")
    _notify(world, post, "post.publish.publicly_available", post_id=str(post.post_id))
    return True


def video_path(world: World, post: Post) -> Path:
    return world.videos / f"{post.publish_id}.mp4"


def _check(world: World, post: Post) -> None:
    part, video = part_path(world, post), video_path(world, post)
    if part.exists():
        part.replace(video)
    digest = hashlib.sha256()
    with video.open("rb") as file:
        while piece := file.read(2**20):
            digest.update(piece)
    verdict = media.check(video, CREATORS[post.creator].max_seconds)
    if not verdict.fail_reason:
        cover_at = int(post.info.get("video_cover_timestamp_ms", 0))
        media.save_cover(video, cover_at, video.with_suffix(".jpg"))
    wanted = ("slow", *FAIL_REASONS)
    wait, fault = world.faults.take("tiktok", "processing", post.creator, only=wanted)
    with world.posts.changing(post.publish_id):
        post.sha256 = digest.hexdigest()
        post.fail_reason = fault.fault if fault else verdict.fail_reason
        post.seconds, post.fps = round(verdict.seconds, 3), round(verdict.fps, 3)
        post.width, post.height = verdict.width, verdict.height
        post.done_at = post.completed_at + world.settings.processing_seconds + wait
        post.checked = True


def _settle(world: World, post: Post) -> None:
    with world.posts.changing(post.publish_id):
        post.settled = True
        if post.direct and not post.fail_reason:
            post.published_at = post.done_at
            post.post_id = post.post_id or new_post_id(post.done_at)
    if post.fail_reason:
        _notify(world, post, "post.publish.failed", reason=post.fail_reason)
    elif not post.direct:
        _notify(world, post, "post.publish.inbox_delivered")
    else:
        _notify(world, post, "post.publish.complete")
        if post.public:
            _notify(world, post, "post.publish.publicly_available", post_id=str(post.post_id))


def _notify(world: World, post: Post, event: str, **more: str) -> None:
    """Queue a webhook; an app only gets events about posts made through it."""
    if post.via != "api":
        return
    kind = "DIRECT_PUBLISH" if post.direct else "INBOX_SHARE"
    content = {"publish_id": post.publish_id, "publish_type": kind, **more}
    webhooks.send(world, event, CREATORS[post.creator], content)


def new_post_id(now: float) -> int:
    """Make a 19-digit id like the platform's: its upper 32 bits are the time."""
    return (int(now) << 32) | secrets.randbits(32)

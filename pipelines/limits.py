"""How often the outside may be asked: named limits as data (U7).

TikTok's figures are its documents' of November 2026, for each endpoint and user token; the cap of
direct posts is counted for a creator over all apps. Reddit allows 100 requests a minute to a
client; the limit here leaves room for access tokens and further pages. Each figure can be changed
at run time by a LimitSetting of its name.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from core.limiter import Limit
from models import LimitSetting, Post, PostState, Source, SourceKind

MINUTE, DAY = 60.0, 86_400.0

REDDIT = Limit("reddit_fetch", 60, MINUTE)
SCRIPT = Limit("script_request", 30, MINUTE)
CREATOR_INFO = Limit("tiktok_creator_info", 20, MINUTE)
INIT = Limit("tiktok_init", 6, MINUTE)
POSTS = Limit("tiktok_posts", 15, DAY)
STATUS = Limit("tiktok_status", 30, MINUTE)

LIMITS = {limit.name: limit for limit in (REDDIT, SCRIPT, CREATOR_INFO, INIT, POSTS, STATUS)}


def _fetch(source_id: int) -> list[Limit]:
    source = Source.get_or_none(Source.id == source_id)
    return [REDDIT] if source is not None and source.kind == SourceKind.SUBREDDIT else []


def _script(_story_id: int) -> list[Limit]:
    return [SCRIPT]


def _publish(post_id: int) -> list[Limit]:
    """A post that was announced asks for its status; one without a live address is announced."""
    post = Post.get_or_none(Post.id == post_id)
    if post is None:
        return []
    key = str(post.account.id)
    limits = [] if post.publish_id is None else [replace(STATUS, key=key)]
    if post.upload_url is None and post.state != PostState.PROCESSING:
        limits += [
            replace(CREATOR_INFO, key=key),
            replace(INIT, key=key),
            replace(POSTS, key=key, counted=f"post:{post_id}"),  # its retries are the same post
        ]
    return limits


def _confirm(post_id: int) -> list[Limit]:
    post = Post.get_or_none(Post.id == post_id)
    return [replace(STATUS, key=str(post.account.id))] if post is not None else []


STAGE_LIMITS: dict[str, Callable[[int], list[Limit]]] = {
    "fetch": _fetch,
    "script": _script,
    "publish": _publish,
    "confirm": _confirm,
}
"""For each limited stage what one run of it on a row asks for; a row that is gone asks nothing."""


class Limits:
    """The limits as they are set now; one instance serves all threads of a process.

    Parameters:
      cache_seconds: how long a changed LimitSetting may go unnoticed.
    """

    def __init__(self, *, cache_seconds: float = 5.0) -> None:
        self._cache_seconds = cache_seconds
        self._lock = threading.Lock()
        self._read_at = -cache_seconds
        self._figures: dict[str, tuple[int, float]] = {}

    def of(self, stage: str, subject_id: int) -> list[Limit]:
        """What one run of ``stage`` on the row needs; a connection must be open."""
        wanted = STAGE_LIMITS.get(stage)
        return [self._as_set(limit) for limit in wanted(subject_id)] if wanted else []

    def _as_set(self, limit: Limit) -> Limit:
        with self._lock:
            if time.monotonic() - self._read_at >= self._cache_seconds:
                self._figures = {
                    row.name: (row.count, row.seconds) for row in LimitSetting.select()
                }
                self._read_at = time.monotonic()
            count, seconds = self._figures.get(limit.name, (limit.count, limit.seconds))
        return replace(limit, count=count, seconds=seconds)

"""The row of a finished video: whether it is ready to post, or needs a person's look first."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import structlog
from prometheus_client import Counter

from adapters.ports import RenderedVideo
from core.db import on_commit
from core.files.storage import MediaStore
from models import Part, Video, VideoState, locked

VIDEOS_MADE = Counter("storymill_videos_made_total", "Parts that became a video for the first time")
STORIES_MADE = Counter(
    "storymill_stories_made_total", "Stories whose last part became a video for the first time"
)

log = structlog.get_logger(__name__)


def store(part: Part, key: str, made: RenderedVideo, media: MediaStore, *, review: bool) -> Video:
    """Store the part's video, in the transaction that ends the render.

    The caller has locked the part's script. A video that was decided on keeps its state while its
    content stays the same. With other content it goes back to review if ``review`` is on; without
    reviews a ready video stays ready, and a person's rejection stays too.
    """
    facts: dict[str, Any] = {
        "key": key,
        "spoken_key": part.spoken_key,
        "path": media.name(made.path),
        "cover_path": media.name(made.cover),
        "seconds": made.seconds,
        "size_bytes": made.size_bytes,
        "loudness": made.loudness,
        "true_peak": made.true_peak,
        "encoding": asdict(made.encoding),
    }
    video: Video | None = locked(Video.select().where(Video.part == part)).first()
    if video is None:
        state = VideoState.REVIEW if review else VideoState.READY
        approved = "" if review else key
        created: Video = Video.create(part=part, state=state, approved_key=approved, **facts)
        _count(part)
        return created
    if review and video.key != key and video.state != VideoState.REVIEW:
        log.info("video_back_to_review", video=video.id, was=video.state)
        video.move(VideoState.REVIEW, approved_key="", **facts)
        return video
    if not review and video.state == VideoState.READY:
        facts["approved_key"] = key
    Video.update(**facts).where(Video.id == video.id).execute()
    return Video.get_by_id(video.id)


def _count(part: Part) -> None:
    on_commit(VIDEOS_MADE.inc)
    of_story = Part.select(Part.id).where(Part.script == part.script)
    made = Video.select(Video.part)
    if not of_story.where(Part.id.not_in(made.where(Video.part.in_(of_story)))).exists():
        on_commit(STORIES_MADE.inc)

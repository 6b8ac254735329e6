"""Finished videos: listed, watched, approved, rejected."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from flask import Response, send_file
from pydantic import Field
from werkzeug.exceptions import NotFound

from admin.api.caller import caller
from admin.api.decisions import undoable
from admin.api.listing import check, get, rows
from admin.api.models import Answer, Body, Id, Line, ListQuery, Moment, Page, Undoable
from admin.api.operation import operation
from admin.configured import settings
from core.files.storage import MediaStore
from models import Caption, Part, Script, Video, VideoState
from pipelines import handover
from pipelines.people.api_tokens import Scope
from pipelines.production import video_review


class VideoItem(Answer):
    """A finished video."""

    id: Id
    script_id: Id
    story_id: Id
    title: str
    number: Annotated[int, Field(description="Which part of the story it tells.")]
    of: int
    state: VideoState
    key: Annotated[str, Field(description="Names its content. Send it to approve what you saw.")]
    seconds: float
    size_bytes: int
    created_at: Moment


class VideoPage(Page[VideoItem]):
    """One page of videos, newest first."""


class VideoDecided(Undoable):
    """A decision on a video."""

    video: VideoItem


class VideoQuery(ListQuery):
    state: VideoState | None = None


class VideoApproval(Body):
    key: Annotated[Line, Field(min_length=1, description="`key` of the video that you watched.")]


class VideoRejection(Body):
    reason: Annotated[Line, Field(min_length=1)]


@operation("GET", "/videos", Scope.READ)
def listed(query: VideoQuery) -> VideoPage:
    """List finished videos."""
    found = _videos()
    if query.state is not None:
        found = found.where(Video.state == query.state)
    page, following = rows(found, Video.id, query)
    return VideoPage(items=[VideoItem.model_validate(row) for row in page], next=following)


@operation("GET", "/videos/<int:video_id>", Scope.READ)
def show(video_id: int) -> VideoItem:
    """Read a video's facts."""
    return _item(video_id)


@operation("GET", "/videos/<int:video_id>/file", Scope.READ, media="video/mp4")
def file(video_id: int) -> Response:
    """Watch or download the video; ranges are supported."""
    return _media(get(Video, video_id).path)


@operation("GET", "/videos/<int:video_id>/cover", Scope.READ, media="image/jpeg")
def cover(video_id: int) -> Response:
    """Download the cover."""
    return _media(get(Video, video_id).cover_path)


@operation("GET", "/videos/<int:video_id>/captions", Scope.READ, media="text/vtt")
def captions(video_id: int) -> Response:
    """Download the captions as WebVTT."""
    video: Any = get(Video, video_id)
    return _media(Caption.get(Caption.part == video.part_id).vtt_path)


@operation(
    "POST",
    "/videos/<int:video_id>/approve",
    Scope.STORIES,
    examples={"the video that was watched": {"key": "v"}},
)
def approve(video_id: int, body: VideoApproval) -> VideoDecided:
    """Approve a video: its posts are scheduled."""
    seconds = settings().approval_seconds
    act = partial(handover.approve_video, by=caller().name, key=body.key, seconds=seconds)
    return _decided("video.approve", video_id, act)


@operation(
    "POST",
    "/videos/<int:video_id>/reject",
    Scope.STORIES,
    examples={"with its reason": {"reason": "The voice stumbles over the name."}},
)
def reject(video_id: int, body: VideoRejection) -> VideoDecided:
    """Reject a video: it is not posted."""
    act = partial(video_review.reject, by=caller().name, reason=body.reason)
    return _decided("video.reject", video_id, act)


@operation("POST", "/videos/<int:video_id>/reconsider", Scope.STORIES)
def reconsider(video_id: int) -> VideoItem:
    """Have a rejected video wait for review again."""
    get(Video, video_id)
    video_review.reconsider(video_id, caller().name)
    return _item(video_id)


def _decided(action: str, video_id: int, act: partial[None]) -> VideoDecided:
    check(Video, video_id)
    undo_id = undoable(action, video_id, act)
    return VideoDecided(video=_item(video_id), undo=undo_id)


def _videos() -> Any:
    return (
        Video.select(
            Video.id,
            Video.state,
            Video.key,
            Video.seconds,
            Video.size_bytes,
            Video.created_at,
            Part.script.alias("script_id"),
            Part.number,
            Part.of,
            Script.story.alias("story_id"),
            Script.title,
        )
        .join(Part)
        .join(Script)
        .namedtuples()
    )


def _item(video_id: int) -> VideoItem:
    return VideoItem.model_validate(_videos().where(Video.id == video_id).get())


def _media(stored: str) -> Response:
    path = MediaStore(settings().media_dir).held(stored)
    if path is None:
        raise NotFound
    return send_file(path, conditional=True, max_age=0)

"""Which story or video comes next: those that nobody has decided on yet."""

from __future__ import annotations

from models import Story, StoryState, Video, VideoState
from pipelines.stories.review import UNDECIDED


def beside(story: Story, *, older: bool) -> int | None:
    """The next story in the same state, to read through a queue from any position.

    After the oldest comes the newest, so stories that arrived in the meantime are not missed.
    """
    return _beside(story.id, story.state, older=older)


def still_undecided(story_id: int) -> int | None:
    """The story itself; if somebody has decided on it meanwhile, the next one that waits."""
    state = Story.select(Story.state).where(Story.id == story_id).scalar()
    if state in UNDECIDED:
        return story_id
    return _beside(story_id, StoryState.WAITING, older=True)


def _beside(story_id: int, state: str, *, older: bool) -> int | None:
    same = Story.select(Story.id).where(Story.state == state, Story.id != story_id)
    order = Story.id.desc() if older else Story.id
    following = same.where(Story.id < story_id if older else Story.id > story_id)
    row = following.order_by(order).first() or same.order_by(order).first()
    return row.id if row else None


def part_beside(video: Video, *, newer: bool) -> int | None:
    """The part of the next video in the same state; earlier parts of a story come first."""
    return _part_beside(video.id, video.state, newer=newer)


def still_in_review(part_id: int) -> int | None:
    """The part itself; if somebody has decided on its video meanwhile, the next one in review."""
    video = Video.select(Video.id, Video.state).where(Video.part == part_id).first()
    if video is None or video.state == VideoState.REVIEW:
        return part_id if video else None
    return _part_beside(video.id, VideoState.REVIEW, newer=True)


def _part_beside(video_id: int, state: str, *, newer: bool) -> int | None:
    same = Video.select(Video.part).where(Video.state == state, Video.id != video_id)
    order = Video.id if newer else Video.id.desc()
    following = same.where(Video.id > video_id if newer else Video.id < video_id)
    row = following.order_by(order).first() or same.order_by(order).first()
    return int(row.part_id) if row else None

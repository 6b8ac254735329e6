"""What others have decided while a page was open, for ``static/desk.js``."""

from __future__ import annotations

from admin.auth import person
from models import Story, StoryState, Video, VideoState
from pipelines import overtaken
from pipelines.overtaken import OvertakenError
from pipelines.stories.review import DECIDED

MOST = 100
"""Stories that are asked for at once: more than a page of a list has."""


def stories(ids: list[int]) -> dict[int, str]:
    """For each story that no longer waits for a decision: who did what, and when."""
    columns = (Story.id, Story.state, Story.decided_by, Story.decided_at)
    rows = Story.select(*columns).where(Story.id.in_(ids[:MOST]), Story.state.in_(DECIDED))
    told = {}
    for row in rows:
        action = "story.reject" if row.state == StoryState.REJECTED else "story.approve"
        if row.decided_at is None:
            told[row.id] = "This story no longer waits for a decision."
        else:
            error = OvertakenError(person().name, row.decided_by, action, row.id, row.decided_at)
            told[row.id] = str(error)
    return told


def video(part_id: int) -> dict[int, str]:
    """The same for the video of a part."""
    row = Video.select(Video.id, Video.state).where(Video.part == part_id).first()
    if row is None or row.state == VideoState.REVIEW:
        return {}
    try:
        overtaken.check("video", row.id, person().name)
    except OvertakenError as error:
        return {part_id: str(error)}
    return {part_id: "This video is no longer in review."}

"""Production of a story is stopped, for all that is not out yet, and resumed."""

from __future__ import annotations

import pytest

from core.errors import InputError
from models import (
    Account,
    AuditEntry,
    Job,
    JobState,
    Part,
    Post,
    PostState,
    StaleStateError,
    Video,
    VideoState,
)
from pipelines import handover
from pipelines.ledger import LeaseLostError
from pipelines.production import video_review
from pipelines.publishing.scheduling import planning
from tests.pipelines.production.making import a_part, claimed

pytestmark = pytest.mark.usefixtures("record")


def a_video(part: Part, state: VideoState) -> Video:
    made = {"key": "k", "path": "/v.mp4", "cover_path": "/c.jpg", "seconds": 60, "size_bytes": 1}
    return Video.create(part=part, state=state, loudness=-14, true_peak=-2, **made)


def test_a_story_in_production_is_stopped_and_resumed() -> None:
    # Given a part that is being narrated, and a finished one with a planned post
    speaking = a_part(of=2)
    finished = Part.create(
        script=speaking.script, number=2, of=2, hook="", text="The end.", call_to_action=""
    )
    narration = claimed("narrate", speaking.id)
    Account.create(name="tales", open_id="o", state="connected")
    post = planning.plan(a_video(finished, VideoState.READY))[0]
    story = speaking.script.story

    # When production is stopped
    handover.stop(story.id, "ada")

    # Then the work stops, and nothing goes out
    with pytest.raises(LeaseLostError), narration.finish():
        pass
    assert Post.get_by_id(post.id).state == PostState.CANCELLED
    with pytest.raises(InputError, match="Nothing is left to stop"):
        handover.stop(story.id, "ada")

    # And the stopped work can be resumed
    handover.resume(story.id, "ada")
    assert Job.get(Job.stage == "narrate").state == JobState.WAITING
    with pytest.raises(InputError, match="No work on this story was stopped"):
        handover.resume(story.id, "ada")
    actions = [entry.action for entry in AuditEntry.select().order_by(AuditEntry.id)]
    assert actions == ["post.cancel", "story.stop", "story.resume"]


def test_a_story_that_was_stopped_with_another_hook_is_narrated_again() -> None:
    # Given a part whose render was cancelled for another hook, and that was then stopped
    part = a_part()
    script = part.script
    script.hooks = [script.hook, "The lamp went out."]
    script.save()
    claimed("render", part.id)
    video_review.choose_hook(script.story.id, "ada", "The lamp went out.")

    # When it is resumed, too early and later
    with pytest.raises(InputError, match="No work on this story was stopped"):
        handover.resume(script.story.id, "ada")
    handover.stop(script.story.id, "ada")
    handover.resume(script.story.id, "ada")

    # Then it starts with the new hook's narration, not with the old one's render
    states = {job.stage: job.state for job in Job.select()}
    assert states == {"narrate": JobState.WAITING, "render": JobState.CANCELLED}


def test_a_story_whose_post_is_out_is_not_stopped() -> None:
    part = a_part()
    video = a_video(part, VideoState.READY)
    account = Account.create(name="tales", open_id="o", state="connected")
    Post.create(video=video, account=account, state=PostState.PUBLISHED, title="The lamp")

    with pytest.raises(InputError, match="its posts are out"):
        handover.stop(part.script.story.id, "ada")


def test_a_rejected_video_waits_for_review_again() -> None:
    video = a_video(a_part(), VideoState.REVIEW)
    video_review.reject(video.id, "ada", "The sound is off")

    video_review.reconsider(video.id, "ada")

    assert Video.get_by_id(video.id).state == VideoState.REVIEW
    with pytest.raises(StaleStateError):
        video_review.reconsider(video.id, "ada")

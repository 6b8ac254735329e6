"""Undoing "Stop production" brings back what it has ended, and nobody has decided on since."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from models import Account, Job, JobState, Part, Post, PostState, Script, Video, VideoState, now
from pipelines import handover, job_decisions, ledger, undo
from pipelines.production import video_review
from pipelines.publishing.posts import decisions
from pipelines.publishing.scheduling import pins, planning
from tests.pipelines.production.making import a_part, claimed
from tests.pipelines.test_handover import a_video
from tests.pipelines.undoing import decided

pytestmark = pytest.mark.usefixtures("record")


def of_three_parts() -> tuple[Part, Video, Post]:
    """A story whose first part is narrated, whose second is in review, whose third has a post."""
    Account.create(name="tales", open_id="o", state="connected")
    first, *others = (a_part(of=3) for _ in range(3))
    for number, part in enumerate(others, 2):
        Part.update(script=first.script, number=number).where(Part.id == part.id).execute()
    second, third = (Part.get_by_id(part.id) for part in others)
    claimed("narrate", first.id)
    video = a_video(second, VideoState.REVIEW)
    return first, video, planning.plan(a_video(third, VideoState.READY))[0]


def stopped(part: Part) -> int:
    act = partial(handover.stop, by="ada")
    return decided("story.stop", "ada", act, part.script.story.id)


def test_stopped_production_goes_on_whole() -> None:
    part, video, post = of_three_parts()
    moment = now() + timedelta(days=3)
    pins.pin(post.id, moment, "ada")
    undo_id = stopped(part)
    assert Video.get_by_id(video.id).state == VideoState.REJECTED
    assert Post.get_by_id(post.id).state == PostState.CANCELLED

    done = undo.undo(undo_id, "ada")

    assert (done.ids, done.refused) == ([part.script.story.id], [])
    assert Job.get(Job.stage == "narrate").state == JobState.WAITING
    assert Video.get_by_id(video.id).state == VideoState.REVIEW
    known = Post.get_by_id(post.id)
    assert (known.state, known.pinned, known.scheduled_at) == (PostState.PLANNED, True, moment)


def test_what_was_stopped_before_stays_stopped() -> None:
    # Given a part whose work somebody had cancelled, and a rejected video, before all was stopped
    part, video, post = of_three_parts()
    ledger.cancel(Job.get(Job.stage == "narrate").id)
    video_review.reject(video.id, "bob", "Too quiet")
    undo_id = stopped(part)

    assert undo.undo(undo_id, "ada").refused == []

    assert Job.get(Job.stage == "narrate").state == JobState.CANCELLED
    assert Video.get_by_id(video.id).state == VideoState.REJECTED
    assert Post.get_by_id(post.id).state == PostState.PLANNED


def test_a_post_that_can_not_come_back_is_named_when_a_stop_is_undone() -> None:
    # Given a stopped story, of which a person has the third part posted all the same
    part, video, third = of_three_parts()
    video_review.approve(video.id, "ada", video.key)
    second = planning.plan(Video.get_by_id(video.id))[0]
    undo_id = stopped(part)
    decisions.post_again(third.id, "bob")
    Post.get_by_id(third.id).move(PostState.CLAIMING)

    done = undo.undo(undo_id, "ada")

    # Then the rest goes on, and the post that stays cancelled is named with its reason
    story_id = part.script.story.id
    assert done.ids == [story_id]
    why = "A later part of this story has begun on the same account."
    assert done.refused == [(story_id, f"Post {second.id} stays cancelled. {why}")]
    assert Job.get(Job.stage == "narrate").state == JobState.WAITING
    assert Post.get_by_id(second.id).state == PostState.CANCELLED


def test_a_stop_is_not_undone_twice_over() -> None:
    # Given a stopped story that somebody has put back piece by piece
    part, video, post = of_three_parts()
    undo_id = stopped(part)
    handover.resume(part.script.story.id, "bob")
    video_review.reconsider(video.id, "bob")
    decisions.restore(post.id, "bob", PostState.PLANNED, "")

    [(_, why)] = undo.undo(undo_id, "ada").refused

    assert why == "Somebody has changed it since."


def test_what_somebody_has_ended_since_stays_ended() -> None:
    # Given a stopped story that somebody has put back, and then ended piece by piece
    part, video, post = of_three_parts()
    undo_id = stopped(part)
    handover.resume(part.script.story.id, "bob")
    decision = job_decisions.cancel(Job.get(Job.stage == "narrate").id, "bob")
    decision.act(decision.row_id)
    video_review.reconsider(video.id, "bob")
    video_review.reject(video.id, "bob", "Too quiet")
    decisions.restore(post.id, "bob", PostState.PLANNED, "")
    decisions.cancel(post.id, "bob")

    [(_, why)] = undo.undo(undo_id, "ada").refused

    assert why == "Somebody has changed it since."
    assert Job.get(Job.stage == "narrate").state == JobState.CANCELLED
    assert Video.get_by_id(video.id).state == VideoState.REJECTED
    assert Post.get_by_id(post.id).state == PostState.CANCELLED


def test_a_second_stop_is_undone_by_itself_only() -> None:
    # Given a story that was stopped, put back, and stopped by somebody else
    part, *_ = of_three_parts()
    first = stopped(part)
    handover.resume(part.script.story.id, "bob")
    handover.stop(part.script.story.id, "bob")

    [(_, why)] = undo.undo(first, "ada").refused

    assert why == "Somebody has changed it since."
    assert Job.get(Job.stage == "narrate").state == JobState.CANCELLED


def test_a_part_with_another_hook_is_made_from_its_narration_only() -> None:
    # Given a part whose captions were stopped, and that is narrated again with another hook
    part = a_part()
    Script.update(hooks=["Listen.", "The lamp went out."]).execute()
    with claimed("narrate", part.id).finish():
        ledger.enqueue("caption", part.id)
    Account.create(name="tales", open_id="o", state="connected")
    post = planning.plan(a_video(part, VideoState.READY))[0]
    undo_id = stopped(part)
    video_review.choose_hook(part.script.story.id, "bob", "The lamp went out.")

    assert undo.undo(undo_id, "ada").refused == []

    # Then its captions are not made for the old narration at the same time
    states = {job.stage: job.state for job in Job.select()}
    assert (states["narrate"], states["caption"]) == (JobState.WAITING, JobState.CANCELLED)
    assert Post.get_by_id(post.id).state == PostState.PLANNED

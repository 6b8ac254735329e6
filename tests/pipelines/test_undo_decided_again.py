"""Undoing a decision leaves what somebody else has decided again since, although it is the same."""

from __future__ import annotations

from functools import partial

import pytest

from models import DeadLetter, Job, JobState, Post, PostState, Video, VideoState
from pipelines import failures, job_decisions, ledger, undo
from pipelines.production import video_review
from pipelines.publishing.posts import decisions
from tests.pipelines.production.making import a_part, claimed
from tests.pipelines.test_handover import a_video
from tests.pipelines.undoing import decided, planned

pytestmark = pytest.mark.usefixtures("record")

CHANGED = "Somebody has changed it since."


def refused(undo_id: int) -> list[str]:
    return [why for _, why in undo.undo(undo_id, "ada").refused]


def test_a_video_that_somebody_rejects_again_stays_rejected() -> None:
    video = a_video(a_part(), VideoState.REVIEW)
    act = partial(video_review.reject, by="ada", reason="Too quiet")
    undo_id = decided("video.reject", "ada", act, video.id)
    video_review.reconsider(video.id, "bob")
    video_review.reject(video.id, "bob", "Mispronounced words")

    assert refused(undo_id) == [CHANGED]
    assert Video.get().state == VideoState.REJECTED


def test_a_post_that_somebody_cancels_again_stays_cancelled() -> None:
    post = planned()
    undo_id = decided("post.cancel", "ada", partial(decisions.cancel, by="ada"), post.id)
    decisions.restore(post.id, "bob", PostState.PLANNED, "")
    decisions.cancel(post.id, "bob")

    assert refused(undo_id) == [CHANGED]
    assert Post.get().state == PostState.CANCELLED


def test_a_job_that_somebody_cancels_again_stays_cancelled() -> None:
    claimed("narrate", a_part().id)
    job = Job.get()
    undo_id = decided("job.cancel", "ada", job_decisions.cancel(job.id, "ada").act, job.id)
    ledger.requeue(job.id)
    job_decisions.cancel(job.id, "bob").act(job.id)

    assert refused(undo_id) == [CHANGED]
    assert Job.get().state == JobState.CANCELLED


def test_a_failure_that_somebody_discards_again_stays_discarded() -> None:
    ledger.set_aside(claimed("narrate", a_part().id), ValueError("No voice."), trace="")
    letter = DeadLetter.get()
    undo_id = decided("failure.discard", "ada", partial(failures.discard, by="ada"), letter.id)
    failures.restore(letter.id, "bob", None, {})
    failures.discard(letter.id, "bob")

    assert refused(undo_id) == [CHANGED]
    assert DeadLetter.get().resolution == "discarded"

"""Posts over the API: published once, whatever is lost or breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.db import transaction
from core.errors import InputError, Parked, Retryable, Wait
from models import Attempt, Job, JobState, Post, PostState, StaleStateError
from pipelines import ledger
from pipelines.publishing.posts import decisions, post_settings, stranded
from pipelines.stages import MOST_CRASHES
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.delivery.posted import (
    Connect,
    MakeVideos,
    fresh,
    outcomes,
    published,
)
from tests.pipelines.publishing.job_runner import Desk


def test_a_post_is_announced_sent_and_confirmed(
    desk: Desk, post: Post, sandbox: RunningSandbox, clip: Path
) -> None:
    # When its jobs are done
    desk.work_off()

    # Then the platform has exactly this file, and every call was valid
    (shown,) = sandbox.posts()
    assert (shown["status"], shown["size"]) == ("PUBLISH_COMPLETE", clip.stat().st_size)
    assert shown["title"] == "The lamp 1 #storytime #mystery"
    assert shown["privacy_level"] == "SELF_ONLY"
    assert shown["asked_creator_info"]
    # And the database says so, and no longer has the address
    post = fresh(post)
    assert (post.state, post.publish_id) == (PostState.PUBLISHED, shown["publish_id"])
    assert post.published_at is not None
    assert post.upload_url is None
    (attempt,) = Attempt.select()
    assert (attempt.outcome, attempt.bytes_sent) == ("published", clip.stat().st_size)
    assert desk.errors == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (("creator_info", "lost_response"), "lost_answer"),
        (("init", "lost_response"), "lost_answer"),
        (("upload", "lost_response"), "lost_answer"),
        (("status", "lost_response"), "lost_answer"),
        (("init", "reset"), "lost_answer"),
        (("init", "reset_mid_body"), "lost_answer"),
        (("init", "bad_json"), "unreadable_answer"),
        (("upload", "503"), "http_503"),
        (("status", "internal_error"), "internal_error"),
    ],
)
def test_what_goes_wrong_once_costs_a_try_and_never_a_second_post(
    desk: Desk, post: Post, sandbox: RunningSandbox, fault: tuple[str, str], code: str
) -> None:
    sandbox.fault("tiktok", *fault)

    desk.work_off()

    assert [error.code for error in desk.errors] == [code]
    assert len(published(sandbox)) == 1
    assert fresh(post).state == PostState.PUBLISHED


@pytest.mark.slow
def test_a_lost_announcement_is_counted(desk: Desk, post: Post, sandbox: RunningSandbox) -> None:
    sandbox.fault("tiktok", "init", "lost_response")

    desk.work_off()

    assert outcomes(post) == ["lost_answer", "published"]
    assert len(sandbox.posts()) == 2  # the one whose answer was lost gets no byte
    assert sorted(found["uploaded_bytes"] > 0 for found in sandbox.posts()) == [False, True]


@pytest.mark.slow
def test_a_reset_upload_continues_at_the_missing_chunk(
    desk: Desk, connect: Connect, make_videos: MakeVideos, sandbox: RunningSandbox, clip: Path
) -> None:
    # Given a video of three chunks (a box that players skip makes it long)
    size = 150_000_000
    long_clip = clip.with_name("long.mp4")
    head = clip.read_bytes()
    with long_clip.open("wb") as file:
        file.write(head + (size - len(head)).to_bytes(4, "big") + b"free")
        file.truncate(size)
    connect()
    desk.plan(make_videos(path=long_clip)[0])
    # And a connection that breaks in the second chunk
    sandbox.fault("tiktok", "upload", "upload_reset_at_byte", byte=1_000_000, skip=1)

    desk.work_off()

    # Then the first chunk was sent once, the second twice, and the file is complete
    assert [error.code for error in desk.errors] == ["lost_answer"]
    sent = [call["status"] for call in sandbox.log(call="upload")]
    assert sent == [206, None, 206, 201]
    (shown,) = sandbox.posts()
    assert (shown["status"], shown["chunks"]) == ("PUBLISH_COMPLETE", 3)


def test_a_dead_upload_address_leads_to_a_new_announcement(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    sandbox.fault("tiktok", "upload", "403")

    # When the address is refused, the post waits until no byte can still arrive
    refused = desk.try_once("publish", post)
    assert isinstance(refused, Retryable)
    assert (refused.code, refused.after) == ("address_refused", 60)
    desk.work_off()

    assert len(published(sandbox)) == 1
    assert outcomes(post) == ["address_refused", "published"]


@pytest.mark.parametrize("status", ["status_without_bytes", "status_with_old_bytes"])
@pytest.mark.parametrize("refusal", ["403", "404"])
def test_what_may_have_arrived_whole_is_never_announced_again(
    desk: Desk, post: Post, sandbox: RunningSandbox, status: str, refusal: str
) -> None:
    # Given a whole video whose last answer was lost, a platform that doesn't say what it has, and
    # an address that takes nothing more
    sandbox.fault("tiktok", "upload", "lost_response", times=1)
    desk.try_once("publish", post)
    sandbox.fault("tiktok", "status", status, times=None)
    sandbox.fault("tiktok", "upload", refusal, times=None)

    desk.work_off()

    # Then it was announced once, and a person decides
    assert len(sandbox.log(call="init")) == 1
    assert fresh(post).state == PostState.PARKED
    assert desk.errors[-1].code == "upload_unclear"
    sandbox.clear_faults()
    assert len(published(sandbox)) == 1

    # And a retry asks TikTok, which says by now that it is there
    post_settings.requeue(post.id, "ada")
    desk.work_off()
    assert fresh(post).state == PostState.PUBLISHED
    assert len(published(sandbox)) == 1


def test_a_post_whose_job_has_failed_needs_attention_until_tiktok_is_asked(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given a post whose bytes are all there, and whose job was killed three times
    sandbox.fault("tiktok", "upload", "lost_response", times=1)
    desk.try_once("publish", post)
    for _ in range(MOST_CRASHES):
        desk.claimed("publish", post.id)
        with transaction():
            ledger.free_leases("subject_id = %s", (post.id,))
    assert fresh(post).state == PostState.UPLOADING

    # When the clock looks for posts that nothing works on
    assert stranded.mark_stranded() == 1
    assert stranded.mark_stranded() == 0

    # Then the post says why, can't be sent again unseen, and a retry finds it published
    assert fresh(post).state == PostState.PARKED
    reason = fresh(post).reason
    assert "Nobody knows whether this post is on TikTok. Its worker died 3 times" in reason
    with pytest.raises(InputError, match="may already be on TikTok"):
        decisions.post_again(post.id, by="ada")
    post_settings.requeue(post.id, "ada")
    desk.work_off()
    assert fresh(post).state == PostState.PUBLISHED
    assert len(sandbox.log(call="init")) == 1


def test_a_post_that_a_job_still_works_on_is_left_alone(desk: Desk, post: Post) -> None:
    Post.update(state=PostState.UPLOADING).where(Post.id == post.id).execute()
    assert Job.of("publish", post.id).state == JobState.WAITING  # type: ignore[union-attr]
    assert stranded.mark_stranded() == 0


def test_an_upload_that_tiktok_does_not_know_is_parked_and_never_sent_again(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given a post whose last answer was lost, and a platform that then does not know it
    sandbox.fault("tiktok", "upload", "lost_response")
    desk.try_once("publish", post)
    sandbox.fault("tiktok", "status", "invalid_params", times=None)

    desk.work_off()

    (error,) = desk.errors
    assert isinstance(error, Parked)
    assert fresh(post).state == PostState.PARKED
    assert len(sandbox.log(call="init")) == 1

    # And a person who has checked says that it is there
    decisions.mark_published(post.id, by="ada", platform_id="75")
    assert fresh(post).state == PostState.PUBLISHED
    assert Job.of("publish", post.id).state == JobState.CANCELLED  # type: ignore[union-attr]


@pytest.mark.parametrize("state", [PostState.UPLOADING, PostState.PROCESSING, PostState.FAILED])
def test_nobody_can_decide_about_a_post_that_its_stages_still_work_on(
    post: Post, state: PostState
) -> None:
    # Given a post that is being sent, whose job still waits (or one that has failed)
    Post.update(state=state).where(Post.id == post.id).execute()

    # When a person says that it is published, then it stays with its stages
    with pytest.raises(StaleStateError, match=f"This post is {state} and can't become published"):
        decisions.mark_published(post.id, by="ada")
    assert fresh(post).state == state
    assert Job.of("publish", post.id).state == JobState.WAITING  # type: ignore[union-attr]


def test_a_post_waits_while_its_video_is_rendered_again(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given a person who has chosen another hook after the video was planned
    with transaction():
        ledger.enqueue("narrate", post.video.part.id)

    # When its time comes
    error = desk.try_once("publish", post)

    # Then the old video does not go out, and the new one does
    assert isinstance(error, Wait)
    assert sandbox.posts() == []
    Job.update(state=JobState.DONE).where(Job.stage == "narrate").execute()
    desk.work_off()
    assert len(published(sandbox)) == 1

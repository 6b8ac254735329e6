"""Posts over the API: published once, whatever is lost, breaks or is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import pytest

from core.db import transaction
from core.errors import InputError, Parked, Permanent, Retryable, Wait
from models import (
    Account,
    AccountState,
    Attempt,
    DeadLetter,
    Job,
    JobState,
    Method,
    Post,
    PostState,
    StaleStateError,
    Video,
    now,
)
from pipelines import ledger
from pipelines.publishing.posts import decisions, post_settings, stranded
from pipelines.stages import MOST_CRASHES
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.job_runner import Desk

Connect = Callable[..., Account]
MakeVideos = Callable[..., list[Video]]


@pytest.fixture
def post(desk: Desk, connect: Connect, make_videos: MakeVideos) -> Post:
    connect()
    (video,) = make_videos()
    (post,) = desk.plan(video)
    return post


def fresh(post: Post) -> Post:
    return Post.get_by_id(post.id)


def published(sandbox: RunningSandbox) -> list[str]:
    """Titles of visible posts, in the order in which they appeared."""
    shown = [found for found in sandbox.posts() if found["status"] == "PUBLISH_COMPLETE"]
    return [found["title"] for found in sorted(shown, key=lambda found: found["published_at"])]


def outcomes(post: Post) -> list[str]:
    return [a.outcome for a in Attempt.select().where(Attempt.post == post).order_by(Attempt.id)]


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
    desk.publisher.send = cut_in_second_chunk(sandbox, desk.publisher.send)  # type: ignore[method-assign]

    desk.work_off()

    # Then the first chunk was sent once, the second twice, and the file is complete
    assert [error.code for error in desk.errors] == ["lost_answer"]
    sent = [call["status"] for call in sandbox.log(call="upload")]
    assert sent == [206, None, 206, 201]
    (shown,) = sandbox.posts()
    assert (shown["status"], shown["chunks"]) == ("PUBLISH_COMPLETE", 3)


def cut_in_second_chunk(sandbox: RunningSandbox, send: Callable[..., None]) -> Callable[..., None]:
    def sends(*args: object, progress: Callable[[float], None], **more: object) -> None:
        armed = False

        def report(share: float) -> None:
            nonlocal armed
            progress(share)
            if share > 0 and not armed:
                armed = True
                sandbox.fault("tiktok", "upload", "upload_reset_at_byte", byte=1_000_000)

        send(*args, progress=progress if sandbox.log(call="upload") else report, **more)

    return sends


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


def test_a_pause_that_tiktok_asks_for_is_observed(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    sandbox.fault("tiktok", "init", "429", retry_after=37)

    refused = desk.try_once("publish", post)

    assert isinstance(refused, Retryable)
    assert (refused.code, refused.after) == ("rate_limit_exceeded", 37)
    assert fresh(post).state == PostState.PLANNED


def test_too_many_posts_a_day_wait_for_hours(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    sandbox.fault("tiktok", "init", "spam_risk")

    refused = desk.try_once("publish", post)

    assert isinstance(refused, Retryable)
    assert refused.code == "spam_risk_too_many_posts"
    assert refused.after is not None
    assert refused.after >= 3600
    Post.update(scheduled_at=now()).execute()  # the time has come
    desk.work_off()
    assert len(published(sandbox)) == 1


def test_an_expired_token_is_refreshed_once_and_the_call_made_again(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    sandbox.fault("tiktok", "creator_info", "expired_token")

    desk.work_off()

    assert desk.errors == []
    assert len(sandbox.log(call="token")) == 2
    assert len(published(sandbox)) == 1


def test_a_revoked_account_parks_its_posts_until_it_is_connected_again(
    desk: Desk, post: Post, sandbox: RunningSandbox, connect: Connect
) -> None:
    sandbox.fault("tiktok", "creator_info", "revoked")

    desk.work_off()

    (error,) = desk.errors
    assert isinstance(error, Parked)
    assert "connect it again" in str(error)
    account = Account.get()
    assert account.state == AccountState.EXPIRED
    assert account.last_error
    assert fresh(post).state == PostState.PARKED

    # When it is connected again and the post requeued
    connect()
    decisions.post_again(post.id, by="ada")
    desk.work_off()
    assert len(published(sandbox)) == 1


def test_privacy_that_is_not_offered_parks_the_post_and_says_what_is(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    Account.update(privacy="FOLLOWER_OF_CREATOR", methods=[Method.DIRECT]).execute()

    error = desk.try_once("publish", post)

    assert isinstance(error, Parked)
    assert "MUTUAL_FOLLOW_FRIENDS, SELF_ONLY" in str(error)
    assert fresh(post).state == PostState.PARKED
    assert sandbox.posts() == []


def test_a_video_longer_than_the_creator_may_post_fails_before_a_byte_is_sent(
    desk: Desk, connect: Connect, make_videos: MakeVideos, sandbox: RunningSandbox, clip: Path
) -> None:
    connect("just_started_today")
    minute = clip.with_name("minute.mp4")
    again = ffmpeg.input(str(clip), stream_loop=60).output(str(minute), codec="copy")
    again.run(cmd=imageio_ffmpeg.get_ffmpeg_exe(), quiet=True, overwrite_output=True)
    (video,) = make_videos(path=minute)
    (post,) = desk.plan(video)

    error = desk.try_once("publish", post)

    assert isinstance(error, Permanent)
    assert "at most 60 s" in str(error)
    assert fresh(post).state == PostState.FAILED
    assert sandbox.posts() == []


def test_without_permission_to_post_the_video_goes_to_the_inbox(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    Account.update(scopes="user.info.basic,video.upload").execute()

    desk.work_off()

    assert [found["kind"] for found in sandbox.posts()] == ["inbox"]
    assert fresh(post).state == PostState.INBOX


@pytest.mark.slow
def test_tiktoks_own_failures_are_retried_a_few_times(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    sandbox.fault("tiktok", "processing", "internal", times=2)

    desk.work_off()

    assert desk.errors == []
    assert outcomes(post) == ["internal", "internal", "published"]
    assert len(published(sandbox)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("reason", ["frame_rate_check_failed", "spam_risk", "internal"])
def test_a_final_failure_is_kept_and_can_be_tried_again(
    desk: Desk, post: Post, sandbox: RunningSandbox, reason: str
) -> None:
    sandbox.fault("tiktok", "processing", reason, times=3 if reason == "internal" else 1)

    desk.work_off()

    assert [type(error) for error in desk.errors] == [Permanent]
    failed = fresh(post)
    assert (failed.state, failed.publish_id) == (PostState.FAILED, None)
    assert reason in failed.reason
    assert DeadLetter.get().error_code == reason

    decisions.post_again(post.id, by="ada")
    desk.work_off()
    assert len(published(sandbox)) == 1
    assert DeadLetter.get().resolution == "requeued"


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

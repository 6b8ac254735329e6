"""Posts over the API that TikTok refuses: which wait, which fail, and which a person must see."""

from __future__ import annotations

from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import pytest

from core.errors import Parked, Permanent, Retryable
from models import Account, AccountState, DeadLetter, Method, Post, PostState, now
from pipelines.publishing.posts import decisions
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.delivery.posted import (
    Connect,
    MakeVideos,
    fresh,
    outcomes,
    published,
)
from tests.pipelines.publishing.job_runner import Desk


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

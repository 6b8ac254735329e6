"""Only the video that was approved, with the part's present words, is ever announced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from core import db
from core.errors import Parked, StageError, Wait
from models import (
    Account,
    Job,
    JobState,
    Method,
    Part,
    Post,
    PostState,
    Script,
    Video,
    VideoState,
)
from pipelines import handover
from pipelines.production import video_review
from pipelines.publishing.posts import decisions
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.job_runner import Desk


@pytest.fixture
def account(desk: Desk, connect: Callable[..., Account]) -> Account:  # needs the database
    return connect()


@pytest.fixture
def post(account: Account, planned: Callable[..., list[Post]]) -> Post:  # posts need one
    (post,) = planned()
    Script.update(hooks=["It went out.", "Nobody lit it."]).execute()
    return post


def choose_hook(post: Post) -> None:
    video_review.choose_hook(post.video.part.script.story.id, "ada", "Nobody lit it.")


def rendered(post: Post, state: VideoState = VideoState.READY) -> None:
    """What a render stores: a video with other content, of the part's present words."""
    part = Part.get_by_id(post.video.part.id)
    video = Video.get_by_id(post.video.id)
    if video.state != state:
        video.move(state)
    Video.update(
        key="again", spoken_key=part.spoken_key, approved_key="again" if state == "ready" else ""
    ).where(Video.id == video.id).execute()


def by(way: Method, desk: Desk) -> None:
    """The account allows only this method."""
    Account.update(methods=[way], username="storymill_tales", browser_session="[]").execute()
    desk.platform = replace(desk.platform, browser=cast("Any", UnusedBrowser()))


def end_jobs(state: JobState, error: str = "") -> None:
    Job.update(state=state, error=error).where(Job.stage == "narrate").execute()


def tried(desk: Desk, post: Post) -> StageError | None:
    return desk.try_once("publish", Post.get_by_id(post.id))


def announced(sandbox: RunningSandbox) -> int:
    return len(sandbox.log(call="init"))


def test_a_post_waits_for_the_new_render_and_for_its_review(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given a post whose story has another hook now
    choose_hook(post)

    # Then it waits while its video is rendered again, and while nobody has looked at it
    waiting = tried(desk, post)
    assert isinstance(waiting, Wait)
    assert "being rendered again" in str(waiting)
    end_jobs(JobState.DONE)
    rendered(post, VideoState.REVIEW)
    waiting = tried(desk, post)
    assert isinstance(waiting, Wait)
    assert "approve or reject it" in str(waiting)
    assert announced(sandbox) == 0

    # When a person approves the new one, it goes out
    handover.approve_video(post.video.id, "ada", "again")
    desk.work_off()
    assert Post.get().state == PostState.PUBLISHED
    assert Post.get().video_key == "again"


FAILED = "the narrate stage failed. The voice is gone. Retry it"


@pytest.mark.parametrize(
    ("way", "ended"),
    [
        (Method.DIRECT, (JobState.DEAD, FAILED)),
        (Method.BROWSER, (JobState.PARKED, FAILED)),
        (Method.MANUAL, (JobState.CANCELLED, "doesn't say the part's present words: retry its")),
    ],
)
def test_a_post_waits_while_its_new_render_has_failed(
    desk: Desk, post: Post, sandbox: RunningSandbox, way: Method, ended: tuple[JobState, str]
) -> None:
    # Given a video of the old hook: rendering the new one failed, needs attention or was cancelled
    state, sentence = ended
    by(way, desk)
    choose_hook(post)
    end_jobs(state, "The voice is gone.")

    # When the post's time comes, then the old video doesn't go out, and it says what to do
    waiting = tried(desk, post)
    assert isinstance(waiting, Wait)
    assert sentence in str(waiting)
    assert (announced(sandbox), Post.get().state) == (0, PostState.PLANNED)

    # And once the new video is rendered, the post goes on by itself
    Account.update(methods=[Method.DIRECT]).execute()
    end_jobs(JobState.DONE)
    rendered(post)
    desk.work_off()
    assert (Post.get().state, Post.get().video_key) == (PostState.PUBLISHED, "again")


def test_a_post_waits_while_its_video_is_rejected(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    rendered(post, VideoState.REVIEW)
    video_review.reject(post.video.id, "ada", "The old one was better")

    assert "Its video was rejected: reconsider it" in str(tried(desk, post))
    assert announced(sandbox) == 0


def test_a_video_that_is_not_known_to_be_approved_does_not_go_out(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    Video.update(approved_key="").execute()

    assert "not the one that was approved" in str(tried(desk, post))
    assert announced(sandbox) == 0


def test_a_post_whose_announcement_was_interrupted_can_be_changed_while_it_waits(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given a post whose worker died right before the call, and a video that is rendered again
    Post.update(state=PostState.CLAIMING).execute()
    rendered(post, VideoState.REVIEW)

    # When its next try waits for the review, then it counts as scheduled again
    assert isinstance(tried(desk, post), Wait)
    assert Post.get().state == PostState.PLANNED
    assert announced(sandbox) == 0


@pytest.mark.parametrize("change", ["hook", "render", "review"])
@pytest.mark.parametrize("way", [Method.DIRECT, Method.BROWSER, Method.MANUAL])
def test_what_changes_right_before_the_announcement_counts(
    desk: Desk, post: Post, sandbox: RunningSandbox, way: Method, change: str
) -> None:
    # Given a video that changes after its file was checked
    by(way, desk)
    changes: dict[str, Callable[[], Any]] = {
        "hook": lambda: choose_hook(post),
        "render": lambda: rendered(post),
        "review": lambda: rendered(post, VideoState.REVIEW),
    }
    desk.platform = replace(desk.platform, probe=Changing(desk.platform.probe, changes[change]))

    # When the post is about to be announced
    error = tried(desk, post)

    # Then nothing of the old file goes out, by whichever method
    assert isinstance(error, Wait)
    assert announced(sandbox) == 0
    assert Post.get().state == PostState.PLANNED


def test_an_upload_that_began_is_not_continued_with_another_video(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given an upload that was refused before its last byte, and a video that was rendered again
    sandbox.fault("tiktok", "upload", "403")
    tried(desk, post)
    rendered(post)

    # When it is continued
    error = tried(desk, post)

    # Then no byte of the new video is sent into it, and a person decides
    assert isinstance(error, Parked)
    assert (error.code, announced(sandbox)) == ("video_changed", 1)
    assert len(sandbox.log(call="upload")) == 1
    decisions.post_again(post.id, "ada", checked=True)
    desk.work_off()
    assert (Post.get().state, Post.get().video_key) == (PostState.PUBLISHED, "again")


class Changing:
    """Inspects the file, then something else changes the video."""

    def __init__(self, probe: Any, change: Callable[[], Any]) -> None:
        self.probe, self.change = probe, change

    def inspect(self, path: Path) -> Any:
        found = self.probe.inspect(path)
        with db.session():
            self.change()
        return found


class UnusedBrowser:
    """A browser in which nothing may be posted."""

    def post(self, *_args: Any, **_kwargs: Any) -> Any:
        raise AssertionError("The browser posts an unapproved video.")

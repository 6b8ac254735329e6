"""A browser's tries have an end, and a person can end them at every moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.ports import BrowserOutcome, BrowserPost
from adapters.ports.progress import Progress
from adapters.tiktok.browser.uploader import Patience, TikTokBrowser
from core import db
from core.errors import InputError
from models import Attempt, JobState, Post, PostState, Video
from pipelines.ledger import LeaseLostError
from pipelines.publishing.posts import decisions, history
from sandbox.testing import RunningSandbox
from tests.browsers import needs_chromium
from tests.pipelines.publishing.delivery.browser.by_browser import fresh
from tests.pipelines.publishing.job_runner import Desk

pytestmark = [needs_chromium, pytest.mark.slow]


def test_five_refusals_in_unknown_words_are_five_tries_and_five_questions(
    desk: Desk, post: Post, sandbox: RunningSandbox, make_videos: Callable[..., list[Video]]
) -> None:
    # Given five posts, each refused for ever in words that nobody has taught the program
    posts = [post]
    for language in ("en", "de", "ja", "en", "de"):
        sandbox.fault("studio", "post", f"unread_{language}", times=None)
        desk.work_off()
        posts += desk.plan(make_videos()[0])
    *refused, _ = posts

    # Then each was tried once, and a person is asked, with the screenshot of that try
    assert len(sandbox.log(call="post")) == 5
    assert {fresh(each).state for each in refused} == {PostState.PARKED}
    unknown = "answered in words that Storymill doesn't know: “"
    assert all(unknown in fresh(each).reason for each in refused)
    attempts = list(Attempt.select())
    assert [a.outcome for a in attempts] == ["browser_unread_answer"] * 5
    shots = [desk.platform.folder / attempt.screenshot for attempt in attempts]
    assert all(shot.read_bytes().startswith(b"\x89PNG") for shot in shots)

    # And after a person cancels them all, nothing is tried again
    for each in posts:
        decisions.cancel(each.id, "ada")
    desk.work_off()
    assert len(sandbox.log(call="post")) == 5


def test_a_post_that_never_appears_is_sent_three_times_and_no_more(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given a page that never answers the button, and a list that shows that nothing was posted
    sandbox.fault("studio", "post", "500", times=None)

    desk.work_off()

    # Then a person decides after three tries, each of them in the history
    assert len(sandbox.log(call="post")) == 3
    assert fresh(post).state == PostState.PARKED
    assert "sent this post 3 times" in fresh(post).reason
    outcomes = [a.outcome for a in Attempt.select().where(Attempt.post == post)]
    assert outcomes == ["not_listed", "not_listed", "browser_never_listed"]
    assert sandbox.posts() == []


class CancelledMeanwhile(TikTokBrowser):
    """The real browser; somebody cancels the post before or after its button is pressed."""

    cancel: Callable[[], None]
    after: bool

    def post(
        self,
        session: str,
        file: Path,
        post: BrowserPost,
        *,
        about_to_post: Callable[[], None],
        progress: Progress | None = None,
    ) -> BrowserOutcome:
        def cancelled_there() -> None:
            if self.after:
                about_to_post()
            with db.session():
                self.cancel()
            if not self.after:
                about_to_post()

        return super().post(session, file, post, about_to_post=cancelled_there, progress=progress)


@pytest.mark.parametrize("pressed", [False, True])
def test_a_person_can_cancel_while_the_browser_works(
    desk: Desk, post: Post, sandbox: RunningSandbox, tmp_path: Path, pressed: bool
) -> None:
    # Given a person who cancels right before or right after the button is pressed
    browser = CancelledMeanwhile(
        screenshots=tmp_path / "screenshots",
        studio_url=sandbox.studio_url,
        patience=Patience(page=10, step=3, answer=2, settle=0),
    )
    browser.cancel, browser.after = (lambda: decisions.cancel(post.id, "ada")), pressed
    desk.platform = replace(desk.platform, browser=browser)

    # When the worker notices
    with pytest.raises(LeaseLostError):
        desk.try_once("publish", post)

    # Then nothing of it is done any more, and the button was only pressed if it was too late
    desk.work_off()
    assert fresh(post).state == PostState.CANCELLED
    assert len(sandbox.log(call="post")) == pressed
    if pressed:  # the video may be there: posting again needs somebody who has looked
        with pytest.raises(InputError, match="may already be on TikTok"):
            decisions.post_again(post.id, "ada")


@pytest.mark.parametrize("state", [JobState.WAITING, JobState.RUNNING])
def test_a_person_can_cancel_between_two_tries_and_while_the_list_is_asked(
    desk: Desk, post: Post, sandbox: RunningSandbox, state: JobState
) -> None:
    # Given a post whose button was pressed, and whose list is to be asked, or is being asked
    sandbox.fault("studio", "post", "500", times=None)
    desk.try_once("publish", post)
    assert fresh(post).state == PostState.PROCESSING
    claim = desk.claimed("publish", post.id) if state == JobState.RUNNING else None

    # When a person cancels
    decisions.cancel(post.id, "ada")

    # Then it is never sent again
    if claim is not None:
        with pytest.raises(LeaseLostError):
            desk.try_once("publish", post, claim)
    desk.work_off()
    assert fresh(post).state == PostState.CANCELLED
    assert history.may_be_online(fresh(post))
    assert len(sandbox.log(call="post")) == 1

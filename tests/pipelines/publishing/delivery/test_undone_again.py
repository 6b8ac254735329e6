"""Undoing a new try brings back that the post may be on TikTok: it is never sent twice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters.ports import BrowserHealth, BrowserOutcome, BrowserPost
from core.errors import InputError, Parked
from models import Account, Attempt, DeadLetter, Job, JobState, Method, Post, PostState
from pipelines import failures, ledger, undo
from pipelines.publishing.posts import decisions, history, post_settings
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.delivery.posted import fresh
from tests.pipelines.publishing.job_runner import Desk


@dataclass
class ListedAlready:
    """A browser whose creator's list has the post; it notes the titles that it is asked for."""

    posted: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def check(self, session: str) -> BrowserHealth:
        return BrowserHealth("storymill_tales", session, None)

    def post(self, session: str, file: Path, post: BrowserPost, **_: Any) -> BrowserOutcome:  # noqa: ARG002
        self.posted.append(post.title)
        return BrowserOutcome(session)

    def find(self, session: str, post: BrowserPost, since: datetime) -> BrowserOutcome:  # noqa: ARG002
        self.asked.append(post.title)
        return BrowserOutcome(session, platform_id="7")


def again(post: Post) -> int:
    """Post again after a look on TikTok; the number to undo it by."""
    act = partial(decisions.post_again, by="ada", checked=True, seconds=60)
    return undo.remember("ada", "post.again", [undo.noted("post.again", post.id, act)])


def cancelled(post: Post) -> int:
    act = partial(decisions.cancel, by="ada")
    return undo.remember("ada", "post.cancel", [undo.noted("post.cancel", post.id, act)])


@pytest.fixture
def sent(desk: Desk, post: Post, sandbox: RunningSandbox) -> Post:
    """A post that TikTok has published, and that needs attention because TikTok denied it."""
    sandbox.fault("tiktok", "upload", "lost_response")
    desk.try_once("publish", post)
    sandbox.fault("tiktok", "status", "invalid_params", times=None)
    desk.work_off()
    assert fresh(post).state == PostState.PARKED
    sandbox.clear_faults()
    return fresh(post)


@pytest.fixture
def pressed(desk: Desk, post: Post) -> Post:
    """A post that needs attention after a browser has pressed its Post button."""
    account = Account.update(
        methods=[Method.BROWSER], username="storymill_tales", browser_session="[]"
    )
    account.execute()
    claim = desk.claimed("publish", post.id)
    Post.get_by_id(post.id).move(PostState.CLAIMING, method=Method.BROWSER)
    Attempt.create(post=post, method=Method.BROWSER, outcome="browser_unread_answer", bytes_sent=9)
    Post.get_by_id(post.id).move(PostState.PARKED, reason="The page answered something new.")
    ledger.park(claim, Parked("The page answered something new.", code="browser_unread_answer"))
    return fresh(post)


def test_a_post_with_a_number_keeps_it_and_tiktok_is_asked(
    desk: Desk, sent: Post, sandbox: RunningSandbox
) -> None:
    # Given a post that a person has sent again, and then not
    undo_id = again(sent)
    assert undo.undo(undo_id, "ada").refused == []

    # Then what was known of it is known, but for the address, which is a secret
    known = fresh(sent)
    assert (known.state, known.reason) == (sent.state, sent.reason)
    assert (known.publish_id, known.bytes_sent) == (sent.publish_id, sent.bytes_sent)
    with pytest.raises(InputError, match="may already be on TikTok"):
        decisions.post_again(sent.id, "ada")

    # When it is retried, then TikTok is asked, and nothing is sent twice
    post_settings.requeue(sent.id, "ada")
    desk.work_off()
    assert fresh(sent).state == PostState.PUBLISHED
    assert len(sandbox.log(call="init")) == len(sandbox.posts()) == 1


def test_a_post_whose_button_was_pressed_is_looked_for_in_the_list(
    desk: Desk, pressed: Post
) -> None:
    browser = ListedAlready()
    desk.platform = replace(desk.platform, browser=browser)
    undo_id = again(pressed)
    assert not history.may_be_online(pressed.id)

    assert undo.undo(undo_id, "ada").refused == []

    assert history.may_be_online(pressed.id)
    assert Attempt.get().outcome == "browser_unread_answer"
    post_settings.requeue(pressed.id, "ada")
    desk.work_off()
    assert fresh(pressed).state == PostState.PUBLISHED
    assert (browser.posted, browser.asked) == ([], [pressed.title])


@pytest.mark.parametrize("route", ["failure", "post"])
def test_a_look_in_the_list_that_is_undone_leaves_the_failure_open(
    desk: Desk, pressed: Post, route: str
) -> None:
    # Given a person who has the list asked, and takes it back in time
    browser = ListedAlready()
    desk.platform = replace(desk.platform, browser=browser)
    retry = failures.requeue if route == "failure" else post_settings.requeue
    row_id = DeadLetter.get().id if route == "failure" else pressed.id
    action, act = f"{route}.requeue", partial(retry, by="ada", seconds=60)
    undo_id = undo.remember("ada", action, [undo.noted(action, row_id, act)])
    assert DeadLetter.get().resolved_at is not None

    assert undo.undo(undo_id, "ada").refused == []

    # Then the failure is open and its job needs attention, as before
    assert DeadLetter.get().resolved_at is None
    job = Job.get(Job.stage == "publish")
    assert (job.state, job.error_code) == (JobState.PARKED, "browser_unread_answer")
    desk.work_off()
    assert browser.asked == []

    # And it can be retried
    failures.requeue(DeadLetter.get().id, "ada")
    desk.work_off()
    assert (browser.posted, fresh(pressed).state) == ([], PostState.PUBLISHED)


@pytest.mark.parametrize("kind", ["sent", "pressed"])
def test_a_cancelled_post_is_known_as_well(
    desk: Desk, kind: str, request: pytest.FixtureRequest, sandbox: RunningSandbox
) -> None:
    # Given a post that was cancelled, then sent again, and both are undone
    post: Post = request.getfixturevalue(kind)
    browser = ListedAlready()
    desk.platform = replace(desk.platform, browser=browser)
    first, second = cancelled(post), again(post)
    assert undo.undo(second, "ada").refused == []
    with pytest.raises(InputError, match="may already be on TikTok"):
        decisions.post_again(post.id, "ada")
    assert undo.undo(first, "ada").refused == []

    # When it is retried
    post_settings.requeue(post.id, "ada")
    desk.work_off()

    # Then TikTok is asked first
    assert fresh(post).state == PostState.PUBLISHED
    assert browser.posted == []
    assert len(sandbox.log(call="init")) == (kind == "sent")

"""Posting by browser: real Chromium on the sandbox's upload page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.db import transaction
from core.errors import AccountFullError, InputError, Parked
from models import (
    Account,
    Attempt,
    Job,
    Method,
    Post,
    PostState,
    now,
)
from pipelines import ledger
from pipelines.publishing.posts import decisions, post_settings
from sandbox.testing import RunningSandbox
from tests.browsers import needs_chromium
from tests.pipelines.publishing.delivery.browser.by_browser import fresh
from tests.pipelines.publishing.delivery.test_crashes import Killed, KillSwitch, mortal
from tests.pipelines.publishing.job_runner import Desk

pytestmark = [needs_chromium, pytest.mark.slow]


class AtTheEnd(KillSwitch):
    """Kills before the end is stored."""

    def moment(self, name: str) -> None:
        if name == "before the end":
            raise Killed(name)


def test_a_post_goes_out_through_the_upload_page(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    desk.work_off()

    (shown,) = sandbox.posts()
    assert (shown["via"], shown["title"]) == ("browser", post.title)
    published = fresh(post)
    assert (published.state, published.method) == (PostState.PUBLISHED, Method.BROWSER)
    assert published.published_at is not None
    assert "/@storymill_tales/video/" in published.address
    account = Account.get()
    assert account.browser_checked_at is not None
    assert account.browser_error == ""


@pytest.mark.parametrize(
    ("fault", "code"), [("captcha", "browser_captcha"), ("signed_out", "browser_signed_out")]
)
def test_a_page_that_needs_a_person_gets_one_with_a_screenshot(
    desk: Desk, post: Post, sandbox: RunningSandbox, fault: str, code: str
) -> None:
    sandbox.fault("studio", "page", fault)

    desk.work_off()

    assert fresh(post).state == PostState.MANUAL
    stopped = Attempt.get(Attempt.outcome == code)
    assert stopped.reason
    assert (desk.platform.folder / stopped.screenshot).read_bytes().startswith(b"\x89PNG")
    assert Account.get().browser_error == stopped.reason
    assert sandbox.posts() == []


def test_killed_after_the_button_the_list_is_checked_and_nothing_is_posted_twice(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given a worker that is killed when the page has shown success
    claim = mortal(desk.claimed("publish", post.id), AtTheEnd(at=0))
    with pytest.raises(Killed):
        desk.try_once("publish", post, claim)
    assert fresh(post).state == PostState.PROCESSING
    assert len(sandbox.posts()) == 1

    # When another one takes over the job
    with transaction():
        ledger.free_leases("subject_id = %s", (post.id,))
    desk.work_off()

    # Then the creator's own list says that it is there
    assert fresh(post).state == PostState.PUBLISHED
    assert len(sandbox.posts()) == 1


def test_after_a_lost_answer_the_list_is_checked_first(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    sandbox.fault("studio", "post", "lost_response")

    desk.work_off()

    assert [error.code for error in desk.errors] == ["browser_unknown"]
    assert fresh(post).state == PostState.PUBLISHED
    assert len(sandbox.posts()) == 1


def test_without_a_clear_list_a_person_decides_and_no_other_method_is_used(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given that neither the upload page nor the creator's list shows what happened
    sandbox.fault("studio", "post", "lost_response")
    sandbox.fault("studio", "content", "no_table", times=None)

    desk.work_off()

    assert fresh(post).state == PostState.PARKED
    assert fresh(post).method == Method.BROWSER
    assert isinstance(desk.errors[-1], Parked)


def test_a_limit_moves_the_post_on_by_hours(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    sandbox.fault("studio", "post", "limited", times=1)

    error = desk.try_once("publish", post)

    assert isinstance(error, AccountFullError)
    waiting = fresh(post)
    assert (waiting.state, waiting.method) == (PostState.PLANNED, Method.BROWSER)
    assert waiting.scheduled_at is not None
    assert waiting.scheduled_at - now() > timedelta(hours=5)
    assert len(sandbox.log(call="post")) == 1


@pytest.mark.parametrize("route", ["post", "job"])
def test_a_retry_asks_the_list_before_anything_is_posted_again(
    desk: Desk, post: Post, sandbox: RunningSandbox, route: str
) -> None:
    # Given a post that is on TikTok, although neither page nor list could tell
    sandbox.fault("studio", "post", "lost_response")
    sandbox.fault("studio", "content", "no_table", times=None)
    desk.work_off()
    assert fresh(post).state == PostState.PARKED
    assert len(sandbox.posts()) == 1

    # When a person retries it from its page or from the jobs page, and the list can be read again
    sandbox.clear_faults()
    if route == "post":
        post_settings.requeue(post.id, "ada")
    else:
        ledger.requeue(Job.get(Job.stage == "publish", Job.subject_id == post.id).id)
    desk.work_off()

    # Then it is found, and not posted twice
    assert fresh(post).state == PostState.PUBLISHED
    assert len(sandbox.posts()) == 1
    assert len(sandbox.log(call="post")) == 1


def test_posting_again_needs_somebody_who_has_looked(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    sandbox.fault("studio", "post", "unread_ja", times=1)
    desk.work_off()

    with pytest.raises(InputError, match="may already be on TikTok: check there first"):
        decisions.post_again(post.id, "ada")
    decisions.post_again(post.id, "ada", checked=True)
    desk.work_off()

    assert fresh(post).state == PostState.PUBLISHED
    assert len(sandbox.posts()) == 1

"""A post whose method is closed uses the next one that its account allows, and says why."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from core.errors import Parked, Permanent
from models import Account, AccountState, Attempt, Job, Method, Post, PostState
from pipelines.publishing.posts import decisions
from pipelines.stages import STAGES
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.delivery.posted import Connect, fresh
from tests.pipelines.publishing.job_runner import Desk


def steps(post: Post) -> list[tuple[str, str]]:
    attempts = Attempt.select().where(Attempt.post == post).order_by(Attempt.id)
    return [(attempt.method, attempt.outcome) for attempt in attempts]


def counted(way: str, outcome: str) -> float:
    labels = {"way": way, "outcome": outcome}
    return REGISTRY.get_sample_value("storymill_uploads_total", labels) or 0.0


@pytest.mark.slow
@pytest.mark.parametrize(
    "refusal",
    ["unaudited_client_can_only_post_to_private_accounts", "privacy_level_option_mismatch"],
)
def test_a_post_that_may_not_go_out_directly_goes_to_the_inbox(
    desk: Desk, post: Post, sandbox: RunningSandbox, refusal: str
) -> None:
    # Given an app that may not post as the account wants
    before = counted("direct", "failed"), counted("inbox", "inbox")
    sandbox.fault("tiktok", "init", refusal)

    # When a worker processes the post
    desk.work_off()

    # Then it is in the creator's inbox, and the history has the fallback with its reason
    assert (fresh(post).state, fresh(post).method) == (PostState.INBOX, Method.INBOX)
    assert steps(post) == [("direct", refusal), ("inbox", "inbox")]
    assert Attempt.get(Attempt.outcome == refusal).reason.startswith("TikTok")
    assert [found["kind"] for found in sandbox.posts()] == ["inbox"]
    assert desk.errors == []
    # and both tries are counted, by method and result
    assert (counted("direct", "failed"), counted("inbox", "inbox")) == tuple(
        number + 1 for number in before
    )


def test_with_every_other_method_closed_a_person_gets_the_post(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given that the creator allowed only drafts, and has too many of them
    Account.update(scopes="user.info.basic,video.upload").execute()
    sandbox.fault("tiktok", "inbox_init", "spam_risk_too_many_pending_share")

    desk.work_off()

    # Then each skipped method says why
    assert (fresh(post).state, fresh(post).method) == (PostState.MANUAL, Method.MANUAL)
    assert steps(post) == [
        ("direct", "closed"),
        ("inbox", "spam_risk_too_many_pending_share"),
        ("browser", "closed"),
        ("manual", "running"),
    ]
    reasons = [attempt.reason for attempt in Attempt.select().order_by(Attempt.id)]
    assert "The creator has not allowed video.publish. Connect again" in reasons[0]
    assert reasons[2] == "No cookies of a signed-in browser are stored."
    assert "inbox" in fresh(post).reason
    assert sandbox.posts() == []


@pytest.mark.slow
def test_an_unavailable_api_ends_the_method_but_not_the_post(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given an account that posts directly or by hand, and a platform that is broken
    Account.update(methods=[Method.DIRECT, Method.MANUAL]).execute()
    sandbox.fault("tiktok", "init", "internal_error", times=None)

    # When all attempts have failed
    for _ in range(STAGES["publish"].attempts):
        desk.try_once("publish", post)
    desk.work_off()

    # Then a person gets it, and nothing of it is on the platform
    assert fresh(post).state == PostState.MANUAL
    assert steps(post)[-1] == ("manual", "running")
    assert sandbox.posts() == []


def test_what_the_account_does_not_allow_is_not_tried(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    Account.update(methods=[Method.DIRECT]).execute()
    sandbox.fault("tiktok", "init", "unaudited_client_can_only_post_to_private_accounts")

    error = desk.try_once("publish", post)

    assert isinstance(error, Parked)
    assert fresh(post).state == PostState.PARKED
    assert sandbox.posts() == []


def test_without_any_method_a_person_decides(desk: Desk, post: Post) -> None:
    Account.update(methods=[Method.BROWSER]).execute()

    error = desk.try_once("publish", post)

    assert isinstance(error, Parked)
    assert error.code == "no_way_open"
    assert "No cookies of a signed-in browser" in str(error)


def test_an_expired_account_is_connected_again_rather_than_posted_to_by_hand(
    desk: Desk, post: Post, connect: Connect
) -> None:
    Account.update(state=AccountState.EXPIRED).execute()

    error = desk.try_once("publish", post)

    assert isinstance(error, Parked)
    assert error.code == "account_expired"
    assert fresh(post).method == ""

    # When it is connected again and the post requeued, it uses the best method
    connect()
    decisions.post_again(post.id, by="ada")
    desk.work_off()
    assert (fresh(post).state, fresh(post).method) == (PostState.PUBLISHED, Method.DIRECT)


@pytest.mark.parametrize("refusal", ["invalid_params", "invalid_file_upload"])
def test_no_fallback_if_the_next_method_would_fail_too(
    desk: Desk, post: Post, sandbox: RunningSandbox, refusal: str
) -> None:
    sandbox.fault("tiktok", "init", refusal)

    error = desk.try_once("publish", post)

    assert isinstance(error, Permanent)
    assert fresh(post).state == PostState.FAILED
    assert Job.of("publish", post.id) is not None
    assert steps(post) == [("direct", refusal)]

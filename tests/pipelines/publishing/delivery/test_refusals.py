"""What TikTok refuses, at a call or as its reason why a post failed: the same meaning everywhere.

``docs/tiktok-codes.md`` lists every code; here is what becomes of a post for each kind.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.db import transaction
from core.errors import AccountFullError, Parked, Wait
from models import Account, AccountState, Attempt, AuditEntry, Job, JobState, Post, PostState, now
from pipelines.publishing.accounts.pause import pause, resume
from pipelines.publishing.delivery.delivery import MOST_FULL, MOST_UNKNOWN
from pipelines.publishing.posts import post_settings
from pipelines.publishing.scheduling.admission import admit
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.delivery.posted import fresh
from tests.pipelines.publishing.job_runner import Desk

Connect = Callable[..., Account]
Planned = Callable[..., list[Post]]
HOUR = timedelta(hours=1)


@pytest.fixture
def posts(desk: Desk, connect: Connect, planned: Planned) -> list[Post]:
    """Three posts of as many stories on one account."""
    connect()
    return planned(3)


@pytest.fixture
def post(posts: list[Post]) -> Post:
    """The first of them, and the only one that is due."""
    later = [post.id for post in posts[1:]]
    Job.delete().where(Job.subject_id.in_(later)).execute()
    return posts[0]


def uploads(sandbox: RunningSandbox) -> int:
    return sum(call["status"] in {200, 201} for call in sandbox.log(call="upload"))


def public(sandbox: RunningSandbox) -> int:
    return sum(found["status"] == "PUBLISH_COMPLETE" for found in sandbox.posts())


def settled(desk: Desk, post: Post) -> None:
    """Send the post and ask until TikTok has an answer."""
    assert desk.try_once("publish", post) is None
    while isinstance(desk.try_once("confirm", post), Wait):
        if fresh(post).state != PostState.PROCESSING:
            return


def test_too_many_posts_as_a_reason_moves_the_queue_as_the_same_answer_does(
    desk: Desk, posts: list[Post], sandbox: RunningSandbox
) -> None:
    # Given that TikTok takes the first upload, and fails it because the account is full
    sandbox.fault("tiktok", "processing", "spam_risk_too_many_posts")

    # When it says so
    settled(desk, posts[0])

    # Then that post and all behind it wait for hours, and none is burned
    assert [fresh(post).state for post in posts] == [PostState.PLANNED] * 3
    times = [fresh(post).scheduled_at for post in posts]
    assert all(time > now() + 5 * HOUR for time in times)
    assert Job.of("publish", posts[0].id).due_at > now() + 5 * HOUR  # type: ignore[union-attr]
    assert uploads(sandbox) == 1
    # And when the time has come, it goes out once
    Post.update(scheduled_at=now()).where(Post.id == posts[0].id).execute()
    settled(desk, posts[0])
    assert fresh(posts[0]).state == PostState.PUBLISHED
    assert public(sandbox) == 1


def test_an_account_that_stays_full_is_paused_and_not_tried_for_ever(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    sandbox.fault("tiktok", "init", "spam_risk_too_many_posts", times=None)

    for _ in range(MOST_FULL - 1):
        Post.update(scheduled_at=now()).where(Post.id == post.id).execute()
        assert isinstance(desk.try_once("publish", post), AccountFullError)
        assert Account.get().paused_at is None
    Post.update(scheduled_at=now()).where(Post.id == post.id).execute()
    desk.try_once("publish", post)

    assert f"{MOST_FULL} times" in Account.get().paused_reason
    assert fresh(post).state == PostState.PLANNED
    assert len(sandbox.log(call="init")) == MOST_FULL


@pytest.mark.parametrize("call", ["init", "processing"])
def test_a_ban_pauses_the_account_and_the_next_posts_are_not_tried(
    desk: Desk, posts: list[Post], sandbox: RunningSandbox, call: str
) -> None:
    # Given an account that TikTok has banned
    sandbox.fault("tiktok", call, "spam_risk_user_banned_from_posting", times=None)

    # When its first post goes out
    if call == "init":
        assert isinstance(desk.try_once("publish", posts[0]), Wait)
    else:
        settled(desk, posts[0])

    # Then the account is paused with the reason, and says who did it
    assert "banned" in Account.get().paused_reason
    assert (AuditEntry.get(action="account.pause").actor) == "storymill"
    # And nothing more is announced, whatever is due
    begun = len(sandbox.log(call="init"))
    for post in posts:
        assert isinstance(error := desk.try_once("publish", post), Wait)
        assert "paused" in str(error)
        assert fresh(post).state == PostState.PLANNED
    assert len(sandbox.log(call="init")) == begun

    # When the ban is over and a person resumes the account
    sandbox.clear_faults()
    assert resume(Account.get().id, "ada")
    desk.work_off()

    # Then each post goes out once
    assert [fresh(post).state for post in posts] == [PostState.PUBLISHED] * 3
    assert public(sandbox) == 3


def test_a_pause_that_comes_while_the_file_is_checked_still_holds(post: Post) -> None:
    pause(Account.get().id, "ada", "a holiday")

    with transaction():
        wait = admit(fresh(post))

    assert "paused: a holiday" in str(wait)


def test_an_authorization_removed_while_processing_waits_for_the_account(
    desk: Desk, post: Post, sandbox: RunningSandbox, connect: Connect
) -> None:
    sandbox.fault("tiktok", "processing", "auth_removed")

    settled(desk, post)

    account = Account.get()
    assert (account.state, "removed" in account.last_error) == (AccountState.EXPIRED, True)
    assert (fresh(post).state, fresh(post).publish_id) == (PostState.PARKED, None)
    # And connecting it again is enough
    connect()
    assert post_settings.requeue_parked(account.id, "ada") == 1
    desk.work_off()
    assert fresh(post).state == PostState.PUBLISHED
    assert public(sandbox) == 1


def test_an_authorization_removed_before_the_account_was_connected_again_expires_nothing(
    desk: Desk, post: Post, sandbox: RunningSandbox, connect: Connect
) -> None:
    # Given a post on its way whose creator removes the app, and connects the account again
    sandbox.fault("tiktok", "processing", "auth_removed", times=1)
    desk.try_once("publish", post)
    again = connect()

    desk.work_off()

    # Then the new connection stays, and the post begins again with it
    account = Account.get()
    assert account.state == AccountState.CONNECTED
    assert account.access_token == again.access_token
    assert fresh(post).state == PostState.PUBLISHED
    assert public(sandbox) == 1


@pytest.mark.parametrize("code", ["scope_not_authorized", "spam_risk_user_banned_from_posting"])
def test_a_refused_question_leaves_the_delivered_post_as_it_is(
    desk: Desk, post: Post, sandbox: RunningSandbox, code: str
) -> None:
    # Given a post that has been sent
    assert desk.try_once("publish", post) is None
    sandbox.fault("tiktok", "status", code)

    # When TikTok refuses to say what became of it
    error = desk.try_once("confirm", post)

    # Then it needs attention with its number, and has not failed
    assert isinstance(error, Parked)
    assert "may be online" in str(error)
    assert fresh(post).state == PostState.PARKED
    assert fresh(post).publish_id is not None
    # And asking again is all it takes
    post_settings.requeue(post.id, "ada")
    desk.work_off()
    assert fresh(post).state == PostState.PUBLISHED
    assert len(sandbox.log(call="init")) == 1


def test_being_full_at_the_question_never_announces_a_sent_post_again(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given a post whose last answer was lost
    sandbox.fault("tiktok", "upload", "lost_response")
    desk.try_once("publish", post)

    # When the question about it is refused because the account is full
    sandbox.fault("tiktok", "status", "spam_risk_too_many_posts")
    desk.try_once("publish", post)
    assert fresh(post).publish_id is not None
    desk.work_off()

    # Then it was announced once
    assert fresh(post).state == PostState.PUBLISHED
    assert len(sandbox.log(call="init")) == public(sandbox) == 1


def test_a_post_that_tiktok_does_not_know_for_a_moment_is_asked_about_again(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    assert desk.try_once("publish", post) is None
    sandbox.fault("tiktok", "status", "invalid_publish_id", times=MOST_UNKNOWN - 1)

    waits = [desk.try_once("confirm", post) for _ in range(MOST_UNKNOWN - 1)]

    assert [wait.after for wait in waits if isinstance(wait, Wait)] == [15, 30, 60, 120, 240]
    assert Job.get(Job.stage == "confirm").state == JobState.WAITING
    desk.work_off()
    assert fresh(post).state == PostState.PUBLISHED
    assert Attempt.get().unknown_answers == 0


def test_a_status_without_a_name_is_waited_for(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    assert desk.try_once("publish", post) is None
    sandbox.fault("tiktok", "status", "status_unnamed", times=3)

    for _ in range(3):
        assert isinstance(desk.try_once("confirm", post), Wait)

    assert Job.get(Job.stage == "confirm").attempts == 0
    desk.work_off()
    assert fresh(post).state == PostState.PUBLISHED

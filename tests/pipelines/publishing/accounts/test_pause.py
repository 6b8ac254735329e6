"""Accounts that are paused: by a person, by themselves, and what happens afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from core.errors import InputError, Wait
from models import Account, AccountState, AuditEntry, PauseCause, Post, PostState, now
from pipelines.publishing.accounts import connection, pause
from pipelines.publishing.accounts.pause import STORYMILL
from pipelines.publishing.scheduling.account_queue import LEAST_APART
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.job_runner import Desk
from tests.pipelines.publishing.scheduling.times import (
    account,
    copies,
    delivery,
    has_gone,
    job_of,
    pass_time,
    slots_of,
    times,
    zone_at_noon,
)

Connect = Callable[..., Account]
Plan = Callable[..., list[Post]]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def send(desk: Desk, post: Post) -> None:
    """Try the post once, and wait for TikTok's result if it was sent."""
    if desk.try_once("publish", post) is None:
        while isinstance(desk.try_once("confirm", post), Wait):
            time.sleep(0.05)


def cause() -> str:
    return str(Account.get().paused_cause)


# ── by itself ────────────────────────────────────────────────────────────────────────────────


def test_an_account_whose_posts_keep_failing_pauses_itself(
    desk: Desk, connect: Connect, planned: Plan, sandbox: RunningSandbox
) -> None:
    # Given an account that pauses itself after two failures in a row
    desk.platform = replace(desk.platform, pause_after=2)
    connect()
    posts = planned(5)

    # When a post fails, one goes out, and two fail
    for number, post in enumerate(posts[:4]):
        if number != 1:
            sandbox.fault("tiktok", "init", "invalid_params", times=1)
        send(desk, post)

    # Then it is paused with the reason, and the last post is not tried
    states = [Post.get_by_id(post.id).state for post in posts[:4]]
    assert states == [PostState.FAILED, PostState.PUBLISHED, PostState.FAILED, PostState.FAILED]
    assert cause() == PauseCause.FAILURES
    assert "2 posts in a row could not go out. The last one: " in Account.get().paused_reason
    assert "paused: 2 posts" in str(desk.try_once("publish", posts[4]))
    assert AuditEntry.get(action="account.pause").actor == STORYMILL

    # When a person resumes it, then one more failure doesn't pause it again
    sandbox.fault("tiktok", "init", "invalid_params", times=1)
    pause.resume(Account.get().id, "ada")
    send(desk, posts[4])
    assert (Account.get().failed_in_a_row, Account.get().paused_at) == (1, None)


def test_faults_of_a_posts_own_text_say_nothing_about_its_account(
    desk: Desk, connect: Connect, planned: Plan
) -> None:
    desk.platform = replace(desk.platform, pause_after=1)
    connect()
    [post] = planned()
    Post.update(title="Link in bio").execute()

    desk.try_once("publish", post)

    assert Post.get_by_id(post.id).state == PostState.PARKED
    assert (Account.get().failed_in_a_row, Account.get().paused_at) == (0, None)


def test_a_revoked_grant_pauses_the_account_and_connecting_it_resumes_it(
    desk: Desk, connect: Connect, planned: Plan
) -> None:
    connect()
    posts = planned(2)
    connection.end_grant(Account.get().id, "The creator removed the app.")

    # Its posts wait; none is used up
    assert "paused: The creator removed" in str(desk.try_once("publish", posts[0]))
    assert Post.get_by_id(posts[0].id).state == PostState.PLANNED
    with pytest.raises(InputError, match="reconnect it"):
        pause.resume(Account.get().id, "ada")

    connect()
    assert cause() == PauseCause.NONE
    desk.work_off()

    assert {post.state for post in Post.select()} == {PostState.PUBLISHED}


def test_an_account_that_is_only_posted_to_by_hand_needs_no_grant(record: None) -> None:
    made = account()
    Account.update(methods=["browser", "manual"]).execute()

    connection.end_grant(made.id, "The creator removed the app.")

    assert Account.get().state == AccountState.EXPIRED
    assert Account.get().paused_at is None


# ── all ──────────────────────────────────────────────────────────────────────────────────────


def test_an_account_that_is_connected_during_a_pause_of_all_is_paused_too(
    record: None, connect: Connect
) -> None:
    other = account()
    assert pause.pausable() == [other.id]
    pause.pause(other.id, "ada", "A storm.", cause=PauseCause.ALL)

    new = connect()

    assert (new.paused_cause, new.paused_reason) == (PauseCause.ALL, "A storm.")
    assert pause.pausable() == []
    assert len(pause.paused_with_all()) == 2


# ── afterwards ───────────────────────────────────────────────────────────────────────────────


def test_late_posts_of_an_account_without_slots_or_gap_keep_apart_after_a_pause(
    planned: Plan,
) -> None:
    # Given a paused account with six posts, one of them pinned, whose times have passed
    made = account(timezone=zone_at_noon())
    posts = [*planned(), *copies(planned()[0], 4)]
    pause.pause(made.id, "ada")
    assert "paused" in str(delivery(posts[0]))
    Post.update(pinned=True).where(Post.id == posts[-1].id).execute()
    pass_time(2 * HOUR)

    # When it is resumed, then one goes out now, and the others one after another
    pause.resume(made.id, "ada")

    due = sorted(times(Post.select()))
    assert abs(due[0] - now()) < MINUTE
    gaps = [later - earlier for earlier, later in pairwise(due)]
    assert gaps == [LEAST_APART] * 5
    assert Post.get_by_id(posts[-1].id).scheduled_at == due[0], "a person chose its time"
    assert all(job_of(post).due_at == post.scheduled_at for post in Post.select())
    first = Post.get_by_id(posts[-1].id)
    assert delivery(first) is None
    assert [post.id for post in Post.select() if has_gone(post)] == [first.id]


def test_slots_are_kept_after_a_pause(planned: Plan) -> None:
    made = account("09:00", "18:30")
    posts = planned(2)
    pause.pause(made.id, "ada")
    pass_time(timedelta(days=2))

    pause.resume(made.id, "ada")

    assert times(posts) == slots_of(made, 2)
    assert not pause.resume(made.id, "ada"), "it is not paused any more"

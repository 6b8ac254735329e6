"""TikTok's events update posts and accounts, in any order and with any repeats."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from core.db import database, transaction
from core.errors import InputError, Parked, Wait
from models import (
    Account,
    AccountState,
    Attempt,
    AuditEntry,
    DeadLetter,
    Job,
    JobState,
    Post,
    PostState,
    Video,
    WebhookEvent,
    now,
)
from pipelines import ledger, undo
from pipelines.publishing.delivery.delivery import MOST_UNKNOWN
from pipelines.publishing.posts import decisions
from pipelines.publishing.webhooks import events
from pipelines.publishing.webhooks.payload import read
from pipelines.publishing.webhooks.signature import TOLERANCE_SECONDS, RefusedError, verify
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.events import SECRET, about, body, receive, signed
from tests.pipelines.publishing.job_runner import Desk

COMPLETE = "post.publish.complete"
IN_VIEW = "post.publish.publicly_available"
OUT_OF_VIEW = "post.publish.no_longer_publicaly_available"

MakeVideos = Callable[..., list[Video]]
Connect = Callable[..., Account]


# ── the wire ─────────────────────────────────────────────────────────────────────────────────


def test_only_a_recent_signature_of_this_body_is_accepted() -> None:
    text = body(COMPLETE, publish_id="p1")
    good = signed(text)
    old = signed(text, at=time.time() - TOLERANCE_SECONDS - 5)
    early = signed(text, at=time.time() + TOLERANCE_SECONDS + 5)
    moment, right = (part.partition("=")[2] for part in good.split(","))

    verify(good, text, SECRET)
    verify(f" s={right} , t={moment} ", text, SECRET)
    verify(f"t={moment},s={'0' * 64},s={right}", text, SECRET)  # while a secret is being replaced

    for header, code in {
        "": "garbled",
        "t=,s=": "garbled",
        f"t={moment}": "garbled",
        f"s={right}": "garbled",
        f"t=²,s={right}": "garbled",
        f"t={moment},t={moment},s={right}": "garbled",
        f"t={moment}" + f",s={right}" * 50: "garbled",
        f"t={moment},s=é": "forged",
        f"t={moment},s={right[:-1]}": "forged",
        f"t={int(moment) + 1},s={right}": "forged",
        signed(text, secret="another"): "forged",
        signed(text + b" "): "forged",
        old: "old",
        early: "old",
    }.items():
        with pytest.raises(RefusedError) as refused:
            verify(header, text, SECRET)
        assert refused.value.code == code, header


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 50_000,
        b"[]",
        b'{"event": 1, "user_openid": "o", "create_time": 1}',
        b'{"event": "e", "create_time": 1}',
        b'{"event": "e", "user_openid": "o", "create_time": "1"}',
        b'{"event": "e", "user_openid": "o", "create_time": true}',
        b'{"event": "e", "user_openid": "o", "create_time": 1e400}',
        b'{"event": "e", "user_openid": "o", "create_time": 1, "content": "{"}',
        b'{"event": "e", "user_openid": "o", "create_time": 1, "content": [1]}',
    ],
)
def test_an_invalid_event_is_refused(text: bytes) -> None:
    with pytest.raises(InputError):
        read(text)


def test_content_is_a_text_of_json_and_its_numbers_may_be_numbers() -> None:
    event = read(body(IN_VIEW, at=1_795_000_000, publish_id="p1", post_id=7_512_345_678_901_234))

    assert (event.publish_id, event.video_id) == ("p1", "7512345678901234")
    assert event.at.timestamp() == 1_795_000_000


def test_an_event_about_another_creators_post_or_for_another_app_is_not_used(
    processing: Post,
) -> None:
    strangers = body(COMPLETE, "open-stranger", publish_id=processing.publish_id)

    assert receive(strangers) == "not used: the post is another creator's"
    assert events.receive(about(processing, COMPLETE), client_key="ours") == (
        "not used: it is for another app"
    )
    assert Job.get(Job.stage == "confirm").due_at > now()


# ── posts ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def processing(desk: Desk, connect: Connect, make_videos: MakeVideos) -> Post:
    """A post whose bytes have all arrived; TikTok will be asked about it in ten minutes."""
    connect()
    [post] = desk.plan(make_videos()[0])
    assert desk.try_once("publish", post) is None
    Job.update(due_at=now() + timedelta(minutes=10)).where(Job.stage == "confirm").execute()
    return Post.get_by_id(post.id)


@pytest.fixture
def delivered(desk: Desk, connect: Connect, make_videos: MakeVideos) -> Post:
    """A post in its creator's inbox."""
    account = connect()
    Account.update(scopes="user.info.basic,video.upload").execute()
    [post] = desk.plan(make_videos()[0])
    desk.work_off()
    post = Post.get_by_id(post.id)
    assert (post.state, post.account) == (PostState.INBOX, account)
    return post


def test_an_event_only_makes_the_job_ask_tiktok_at_once(processing: Post, desk: Desk) -> None:
    outcome = receive(about(processing, COMPLETE))

    assert outcome == "asks TikTok at once"
    job = Job.get(Job.stage == "confirm")
    assert job.due_at <= now()
    assert Post.get_by_id(processing.id).state == PostState.PROCESSING
    desk.work_off()
    assert Post.get_by_id(processing.id).state == PostState.PUBLISHED


def test_a_lie_about_a_post_changes_nothing(processing: Post, desk: Desk) -> None:
    receive(about(processing, "post.publish.failed", reason="x"))
    desk.work_off()

    assert Post.get_by_id(processing.id).state == PostState.PUBLISHED


def test_a_repeat_is_stored_once_and_does_nothing(processing: Post) -> None:
    event = about(processing, COMPLETE)

    assert receive(event) == "asks TikTok at once"
    Job.update(due_at=now() + timedelta(minutes=10)).where(Job.stage == "confirm").execute()
    assert receive(event) == "already received"

    assert WebhookEvent.select().count() == 1
    assert Job.get(Job.stage == "confirm").due_at > now()


def test_a_post_that_its_creator_published_from_the_inbox_is_published_in_any_order(
    delivered: Post,
) -> None:
    at = int(time.time()) - 30
    bodies = [
        about(delivered, "post.publish.inbox_delivered", at=at - 60),
        about(delivered, COMPLETE, at=at),
        about(delivered, IN_VIEW, at=at, post_id="7512345678901234567"),
    ]

    for order in itertools.permutations(bodies):
        with transaction(), database.atomic() as attempt:
            for event in order:
                receive(event)
            post = Post.get_by_id(delivered.id)
            assert post.state == PostState.PUBLISHED
            assert post.published_at.timestamp() == at
            assert post.platform_id == "7512345678901234567"
            newest = Attempt.select().order_by(Attempt.id.desc()).get()
            assert newest.platform_id == "7512345678901234567"
            attempt.rollback()


def test_an_event_during_the_work_waits_for_its_end(
    desk: Desk, connect: Connect, make_videos: MakeVideos
) -> None:
    # given a worker that got the answer "delivered to the inbox" and has not stored it yet
    connect()
    Account.update(scopes="user.info.basic,video.upload").execute()
    [post] = desk.plan(make_videos()[0])
    desk.try_once("publish", post)
    claim = desk.claimed("confirm", post.id)
    # when the creator publishes from the inbox
    assert receive(about(Post.get_by_id(post.id), COMPLETE)) == ""
    assert events.settle() == 0
    # then the event isn't lost
    while desk.try_once("confirm", post, claim) is not None:
        claim = desk.claimed("confirm", post.id)
    assert Post.get_by_id(post.id).state == PostState.INBOX
    assert events.settle() == 1
    assert Post.get_by_id(post.id).state == PostState.PUBLISHED
    assert WebhookEvent.get().outcome == "published from the inbox"
    assert events.settle() == 0


def test_a_parked_post_is_asked_about_again(
    processing: Post, desk: Desk, sandbox: RunningSandbox
) -> None:
    sandbox.fault("tiktok", "status", "invalid_params", times=MOST_UNKNOWN)
    for _ in range(MOST_UNKNOWN - 1):
        assert isinstance(desk.try_once("confirm", processing), Wait)
    assert isinstance(desk.try_once("confirm", processing), Parked)
    assert Post.get_by_id(processing.id).state == PostState.PARKED

    assert receive(about(processing, COMPLETE)) == ("asks TikTok again")
    desk.work_off()

    assert Post.get_by_id(processing.id).state == PostState.PUBLISHED


def test_a_failure_that_an_event_closed_is_open_again_if_the_question_was_cancelled(
    processing: Post, desk: Desk, sandbox: RunningSandbox
) -> None:
    # Given a post that needs attention, and is to be asked about again because of an event
    sandbox.fault("tiktok", "status", "invalid_params", times=MOST_UNKNOWN)
    for _ in range(MOST_UNKNOWN):
        desk.try_once("confirm", processing)
    receive(about(processing, COMPLETE))
    assert DeadLetter.get().resolution == "rechecked"

    # When a person cancels it before TikTok is asked, and undoes that
    act = partial(decisions.cancel, by="ada")
    change = undo.noted("post.cancel", processing.id, act)
    assert undo.undo(undo.remember("ada", "post.cancel", [change]), "ada").refused == []

    # Then somebody has to decide again
    assert Post.get_by_id(processing.id).state == PostState.PARKED
    assert DeadLetter.get().resolved_at is None
    assert Job.get(Job.stage == "confirm").state == JobState.PARKED


def test_a_post_parked_while_it_was_sent_is_asked_about_and_not_sent_again(
    processing: Post, desk: Desk, sandbox: RunningSandbox
) -> None:
    # given that it is unclear whether the last byte arrived
    Job.delete().where(Job.stage == "confirm").execute()
    Job.update(state=JobState.PARKED).where(Job.stage == "publish").execute()
    processing.move(PostState.PARKED)

    receive(about(processing, COMPLETE))

    assert Job.get(Job.stage == "publish").state == JobState.CANCELLED
    desk.work_off()
    assert Post.get_by_id(processing.id).state == PostState.PUBLISHED
    assert len(sandbox.log(call="init")) == 1


@pytest.mark.parametrize("late", [False, True])
def test_the_newest_event_decides_whether_a_video_is_visible(
    processing: Post, desk: Desk, *, late: bool
) -> None:
    desk.work_off()
    at = int(time.time())
    bodies = [
        about(processing, IN_VIEW, at=at - 60, post_id="7512"),
        about(processing, OUT_OF_VIEW, at=at),
    ]

    for event in reversed(bodies) if late else bodies:
        receive(event)

    post = Post.get_by_id(processing.id)
    assert "can no longer see it" in post.reason
    receive(about(processing, IN_VIEW, at=at + 60, post_id="7512"))
    post = Post.get_by_id(processing.id)
    assert (post.state, post.reason, post.platform_id) == (PostState.PUBLISHED, "", "7512")


def test_an_event_and_its_effects_are_stored_together_or_not_at_all(delivered: Post) -> None:
    event = about(delivered, COMPLETE)

    with pytest.raises(KeyboardInterrupt), transaction():
        receive(event)
        raise KeyboardInterrupt

    assert WebhookEvent.select().count() == 0
    assert Post.get_by_id(delivered.id).state == PostState.INBOX
    assert receive(event) == "published from the inbox"


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (body("video.upload.failed", share_id="s1"), "not used"),
        (body("portability.download.ready", request_id=1), "not used"),
        (body("x" * 200), "not used"),
        (body("post\x00\ud800"), "not used"),
        (body(COMPLETE), "not used: no post has this publish id"),
        (body(COMPLETE, publish_id="p9"), "not used: no post has this publish id"),
        (body(COMPLETE, publish_id=["p9"]), "not used: no post has this publish id"),
        (body(COMPLETE, publish_id="p\x00"), "not used: no post has this publish id"),
        (body("authorization.removed", "nobody"), "not used: no such account"),
        (body("authorization.removed", "x" * 300), "not used: no such account"),
    ],
)
def test_other_events_are_stored_and_ignored(record: None, event: bytes, outcome: str) -> None:
    assert receive(event) == outcome
    assert WebhookEvent.get().outcome == outcome


# ── accounts ─────────────────────────────────────────────────────────────────────────────────


def test_an_account_whose_creator_left_says_so(record: None, connect: Connect) -> None:
    account = connect()

    outcome = receive(body("authorization.removed", account.open_id, at=time.time() + 2, reason=1))

    assert outcome == "the account needs to be connected again"
    account = Account.get_by_id(account.id)
    assert account.state == AccountState.EXPIRED
    assert "the creator disconnected the app in TikTok" in account.last_error
    assert account.refresh_expires_at <= now()  # its tokens are deleted in a week
    entry = AuditEntry.get(AuditEntry.action == "account.expire")
    assert (entry.actor, entry.subject) == ("tiktok", f"account {account.id}")


def test_a_late_event_does_not_end_an_account_that_was_connected_again(
    record: None, connect: Connect
) -> None:
    account = connect()

    outcome = receive(body("authorization.removed", account.open_id, at=time.time() - 60, reason=1))

    assert outcome == "not used: the account was connected or renewed since"
    assert Account.get_by_id(account.id).state == AccountState.CONNECTED


def test_old_events_are_forgotten(record: None) -> None:
    week = events.KEPT_DAYS * 86_400
    receive(body("old", at=time.time() - week - 60))
    receive(body("young", at=time.time() - week + 60))

    assert events.forget_old() == 1
    assert WebhookEvent.get().event == "young"


def test_waking_leaves_jobs_that_do_not_wait_alone(processing: Post) -> None:
    with transaction():
        assert ledger.wake("confirm", processing.id)
        assert not ledger.wake("publish", processing.id)
    assert Job.get(Job.stage == "publish").state == JobState.DONE

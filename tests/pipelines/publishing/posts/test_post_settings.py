"""A person's choices for a post, until it is announced, and when it needs attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core import db
from core.errors import InputError, Parked
from models import Account, AccountState, Job, JobState, Post, PostState, Video, now
from pipelines import ledger
from pipelines.publishing.posts import post_settings
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.audit_entries import entries
from tests.pipelines.publishing.job_runner import Desk

pytestmark = pytest.mark.usefixtures("record")


@pytest.fixture
def post(account: Account, make_videos: Callable[..., list[Video]]) -> Post:
    return Post.create(video=make_videos()[0], account=account, title="The lamp #storytime")


def parked(post: Post, code: str, stage: str = "publish", **changes: Any) -> None:
    """Park its job with ``code``, as a worker would."""
    with db.transaction():
        ledger.enqueue(stage, post.id)
    claim = ledger.claim(stage, post.id, "worker")
    assert claim is not None
    ledger.park(claim, Parked("Look at it.", code=code))
    Post.update(state=PostState.PARKED, **changes).where(Post.id == post.id).execute()


def test_a_title_is_measured_as_tiktok_does(post: Post) -> None:
    post_settings.set_title(post.id, " The lamp \n#storytime  ", "emil")
    assert Post.get().title == "The lamp\n#storytime"

    post_settings.set_title(post.id, "🪔" * 1_100, "emil")
    with pytest.raises(InputError, match="2,202 characters, but TikTok allows 2,200"):
        post_settings.set_title(post.id, "🪔" * 1_101, "emil")
    with pytest.raises(InputError, match="needs a title"):
        post_settings.set_title(post.id, "  \n ", "emil")
    assert Post.get().title == "🪔" * 1_100


@pytest.mark.parametrize(
    ("state", "publish_id", "editable"),
    [
        (PostState.PLANNED, None, True),
        (PostState.PARKED, None, True),
        (PostState.FAILED, None, True),
        (PostState.MANUAL, None, True),
        (PostState.PARKED, "p1", False),
        (PostState.UPLOADING, "p1", False),
        (PostState.PUBLISHED, "p1", False),
        (PostState.CANCELLED, None, False),
    ],
)
def test_a_post_can_be_changed_until_it_is_announced(
    post: Post, state: PostState, publish_id: str | None, editable: bool
) -> None:
    Post.update(state=state, publish_id=publish_id).execute()

    if editable:
        post_settings.set_title(post.id, "The lantern", "emil")
    else:
        with pytest.raises(InputError, match="can no longer be changed"):
            post_settings.set_title(post.id, "The lantern", "emil")
    assert (Post.get().title == "The lantern") is editable


def test_a_post_that_a_worker_has_claimed_can_not_be_changed(post: Post) -> None:
    with db.transaction():
        ledger.enqueue("publish", post.id)
    post_settings.set_title(post.id, "The lantern", "emil")
    ledger.claim("publish", post.id, "worker")

    with pytest.raises(InputError, match="being announced"):
        post_settings.set_title(post.id, "The candle", "emil")


def test_a_post_can_override_its_accounts_settings(post: Post) -> None:
    own: dict[str, str | bool | None] = {"privacy": "SELF_ONLY", "allow_duet": True}
    post_settings.set_options(post.id, "emil", own | {"ai_label": None})
    assert Post.get().options == {"privacy": "SELF_ONLY", "allow_duet": True}

    post_settings.set_options(post.id, "emil", {"privacy": None})
    assert Post.get().options == {}
    unknown: list[dict[str, str | bool | None]] = [{"privacy": "EVERYBODY"}, {"brand": True}]
    for wrong in unknown:
        with pytest.raises(InputError):
            post_settings.set_options(post.id, "emil", wrong)


def test_a_compliance_finding_is_overruled_with_a_reason(post: Post) -> None:
    parked(post, "compliance_promotion")
    assert post_settings.finding(post.id) == "Look at it."
    with pytest.raises(InputError, match="Say why"):
        post_settings.let_pass(post.id, "  ", "emil")
    assert not Post.get().allowed

    post_settings.let_pass(post.id, "It is the lamp's own name.", "emil")

    assert (Post.get().allowed, Post.get().state) == (True, PostState.PLANNED)
    assert Job.get(Job.stage == "publish").state == JobState.WAITING
    assert ("emil", "post.allow", "It is the lamp's own name.") in entries()


def test_a_post_without_a_compliance_finding_can_not_be_allowed(post: Post) -> None:
    parked(post, "privacy_not_chosen")

    with pytest.raises(InputError, match="does not block"):
        post_settings.let_pass(post.id, "Go on.", "emil")
    assert not Post.get().allowed


def test_a_post_with_a_number_is_asked_about_and_never_announced_again(post: Post) -> None:
    # Given a post that TikTok has given a number, parked while it was confirmed
    with db.transaction():
        ledger.enqueue("publish", post.id)
    Job.update(state=JobState.DONE, finished_at=now()).execute()
    parked(post, "account_expired", "confirm", publish_id="p1")

    # When it is requeued
    post_settings.requeue(post.id, "emil")

    # Then the stage that asks the platform starts again, and the number is kept
    jobs = {job.stage: job.state for job in Job.select()}
    assert jobs == {"publish": JobState.DONE, "confirm": JobState.WAITING}
    assert Post.get().publish_id == "p1"


def test_a_post_that_is_being_sent_or_has_ended_is_not_requeued(post: Post) -> None:
    for state in (PostState.PLANNED, PostState.PUBLISHED, PostState.CANCELLED):
        Post.update(state=state).execute()
        with pytest.raises(InputError, match="only a failed post"):
            post_settings.requeue(post.id, "emil")
    with pytest.raises(InputError, match="no post 404"):
        post_settings.requeue(404, "emil")


@pytest.mark.slow
def test_a_reconnected_accounts_posts_go_out_by_themselves_after_one_click(
    desk: Desk,
    sandbox: RunningSandbox,
    connect: Callable[..., Account],
    make_videos: Callable[..., list[Video]],
) -> None:
    # Given two posts, one of them sent, when the creator withdrew the consent
    account = connect()
    (video,) = make_videos()
    (sent,) = desk.plan(video)
    assert desk.try_once("publish", sent) is None
    (planned,) = desk.plan(make_videos()[0])
    Account.update(state=AccountState.EXPIRED).execute()
    assert isinstance(desk.try_once("confirm", sent), Parked)
    assert isinstance(desk.try_once("publish", planned), Parked)
    assert {post.state for post in Post.select()} == {PostState.PARKED}
    with pytest.raises(InputError, match="Connect the account again first"):
        post_settings.requeue_parked(account.id, "emil")

    # When it is connected again and its posts are requeued
    connect()
    assert post_settings.requeue_parked(account.id, "emil") == 2
    desk.work_off()

    # Then each is published once
    assert [post.state for post in Post.select()] == [PostState.PUBLISHED] * 2
    assert [shown["status"] for shown in sandbox.posts()] == ["PUBLISH_COMPLETE"] * 2
    assert post_settings.requeue_parked(account.id, "emil") == 0

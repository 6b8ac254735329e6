"""A person's choices are checked, stored, and recorded with their name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from core import db
from core.errors import InputError, Parked
from models import (
    Account,
    AccountState,
    AuditEntry,
    Job,
    JobState,
    Method,
    Post,
    PostState,
    Slot,
    Video,
    now,
)
from pipelines import ledger
from pipelines.publishing.accounts import account_settings
from pipelines.publishing.delivery import method_availability
from pipelines.publishing.posts import post_settings
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.desk import Desk

pytestmark = pytest.mark.usefixtures("record")


@pytest.fixture
def account() -> Account:
    return Account.create(
        name="story_tales",
        open_id="open-1",
        scopes="user.info.basic,video.publish",
        state=AccountState.CONNECTED,
        access_token="act.canary",
    )


def entries() -> list[tuple[str, str, str]]:
    return [
        (row.actor, row.action, row.reason) for row in AuditEntry.select().order_by(AuditEntry.id)
    ]


def again(account: Account) -> Account:
    return Account.get_by_id(account.id)


# ── posting ──────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_chosen_for_a_creator(account: Account) -> None:
    fresh = again(account)

    assert fresh.privacy == ""
    assert (fresh.allow_comment, fresh.allow_duet, fresh.allow_stitch) == (False, False, False)
    assert fresh.ai_label is True
    assert account_settings.agreement(account.id) is None


def test_choices_are_stored_with_who_agreed(account: Account) -> None:
    account_settings.set_posting(
        account.id, "emil", privacy="PUBLIC_TO_EVERYONE", agreed=True, allow_comment=True
    )

    chosen, agreement = again(account), account_settings.agreement(account.id)
    assert (chosen.privacy, chosen.allow_comment, chosen.ai_label) == (
        "PUBLIC_TO_EVERYONE",
        True,
        False,
    )
    assert agreement is not None
    assert agreement.actor == "emil"
    assert "seen by: Everyone; comments on" in agreement.reason
    assert chosen.access_token == "act.canary"


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"privacy": "", "agreed": True}, "there is no default"),
        ({"privacy": "EVERYBODY", "agreed": True}, "Choose who can see"),
        ({"privacy": "SELF_ONLY", "agreed": False}, "Music Usage Confirmation"),
    ],
)
def test_without_a_choice_or_an_agreement_nothing_is_stored(
    account: Account, choice: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        account_settings.set_posting(account.id, "emil", **choice)

    assert again(account).privacy == ""
    assert entries() == []


def test_a_missing_account_is_named() -> None:
    with pytest.raises(InputError, match="There is no account 404"):
        account_settings.set_methods(404, [Method.MANUAL], "emil")


# ── methods ─────────────────────────────────────────────────────────────────────────────────


def test_methods_keep_their_order_and_one_remains(account: Account) -> None:
    account_settings.set_methods(account.id, ["manual", "direct"], "emil")
    assert again(account).methods == [Method.DIRECT, Method.MANUAL]

    for methods, sentence in (([], "at least one method"), (["pigeon"], "no method pigeon")):
        with pytest.raises(InputError, match=sentence):
            account_settings.set_methods(account.id, methods, "emil")
    assert again(account).methods == [Method.DIRECT, Method.MANUAL]


def test_each_method_says_why_it_is_open_or_closed(account: Account) -> None:
    def shown(**changes: Any) -> dict[str, tuple[bool, str]]:
        has_session = changes.pop("has_session", False)
        if changes:
            Account.update(**changes).where(Account.id == account.id).execute()
        methods = method_availability.availabilities(again(account), has_session=has_session)
        return {method.method: (method.open, method.sentence) for method in methods}

    assert "choose first who can see" in shown()["direct"][1]
    assert shown(privacy="SELF_ONLY")["direct"] == (True, "Open: the creator allows video.publish.")
    assert "has not allowed video.upload" in shown()["inbox"][1]
    assert shown()["browser"] == (False, "Closed: No cookies of a signed-in browser are stored.")
    assert shown(has_session=True)["browser"][0]
    assert not shown(has_session=True, browser_error="Sign in again.")["browser"][0]
    assert shown(state=AccountState.EXPIRED)["direct"] == (
        False,
        "Closed: The account is expired. Connect it again.",
    )
    assert shown()["manual"][0]


# ── times ────────────────────────────────────────────────────────────────────────────────────


def test_times_are_stored_with_the_zones_official_name(account: Account) -> None:
    account_settings.set_times(
        account.id, "emil", timezone=" america/new york ", posts_a_day=8, gap_minutes=90
    )

    kept = again(account)
    assert (kept.timezone, kept.posts_a_day, kept.gap_minutes) == ("America/New_York", 8, 90)
    assert entries() == [
        ("emil", "account.set_times", "America/New_York, 8 posts a day, 90 minutes apart")
    ]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"timezone": "Berlin"}, "There is no time zone Berlin: did you mean Europe/Berlin"),
        ({"timezone": "../../etc/passwd"}, "There is no time zone"),
        ({"timezone": ""}, "choose one like Europe/Berlin"),
        ({"posts_a_day": 0}, "from 1 to 50"),
        ({"posts_a_day": 51}, "from 1 to 50"),
        ({"posts_a_day": None}, "a whole number"),
        ({"gap_minutes": -1}, "from 0 to 10080"),
        ({"gap_minutes": None}, "a whole number"),
    ],
)
def test_wrong_times_are_refused_in_a_sentence(
    account: Account, wrong: dict[str, Any], sentence: str
) -> None:
    right = {"timezone": "Europe/Paris", "posts_a_day": 3, "gap_minutes": 0}
    with pytest.raises(InputError, match=sentence):
        account_settings.set_times(account.id, "emil", **{**right, **wrong})

    assert again(account).timezone == "UTC"


def test_a_time_is_added_to_several_days_once(account: Account) -> None:
    assert account_settings.add_slots(account.id, [1, 2, 3, 4, 5], "18:30", "emil") == 5
    assert account_settings.add_slots(account.id, [5, 6], "18:30", "emil") == 1
    assert account_settings.add_slots(account.id, [1, 1], "9:05", "emil") == 1

    days = account_settings.weekly_slots(account.id)
    assert [slot.at for slot in days[1]] == ["09:05", "18:30"]
    assert [len(times) for times in days.values()] == [2, 1, 1, 1, 1, 1, 0]


def test_a_days_times_are_copied_to_all_days_and_one_is_removed(account: Account) -> None:
    account_settings.add_slots(account.id, [3], "18:30", "emil")
    account_settings.add_slots(account.id, [3], "07:00", "emil")

    assert account_settings.copy_to_all_days(account.id, 3, "emil") == 12
    assert account_settings.copy_to_all_days(account.id, 3, "emil") == 0
    sunday = account_settings.weekly_slots(account.id)[7]
    account_settings.remove_slot(account.id, sunday[0].id, "emil")

    assert [slot.at for slot in account_settings.weekly_slots(account.id)[7]] == ["18:30"]
    assert entries()[-1] == ("emil", "account.remove_slot", "07:00 on Sunday")
    with pytest.raises(InputError, match="already removed"):
        account_settings.remove_slot(account.id, sunday[0].id, "emil")


def test_a_slot_of_another_account_can_not_be_removed(account: Account) -> None:
    other = Account.create(open_id="open-2", state=AccountState.CONNECTED)
    account_settings.add_slots(other.id, [1], "18:30", "emil")

    with pytest.raises(InputError, match="already removed"):
        account_settings.remove_slot(account.id, Slot.get().id, "emil")
    assert Slot.select().count() == 1


@pytest.mark.parametrize(
    ("days", "at", "sentence"),
    [
        ([1], "24:00", "such as 18:30"),
        ([1], "noon", "such as 18:30"),
        ([], "18:30", "at least one day"),
        ([8], "18:30", "at least one day"),
    ],
)
def test_wrong_slots_are_refused_in_a_sentence(
    account: Account, days: list[int], at: str, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        account_settings.add_slots(account.id, days, at, "emil")
    with pytest.raises(InputError, match="no times to copy"):
        account_settings.copy_to_all_days(account.id, 1, "emil")
    assert Slot.select().count() == 0


# ── the browser session ──────────────────────────────────────────────────────────────────────


def test_cookies_are_stored_encrypted_and_forgotten(account: Account) -> None:
    Account.update(browser_error="Sign in again.", browser_checked_at=now()).execute()
    pasted = [{"name": "sessionid", "value": "canary-cookie", "domain": ".tiktok.com"}]

    account_settings.set_browser_session(account.id, json.dumps(pasted), "emil", username="@tales")

    kept = again(account)
    assert kept.username == "tales"
    assert json.loads(kept.browser_session)[0]["value"] == "canary-cookie"
    assert (kept.browser_error, kept.browser_checked_at) == ("", None)
    stored = db.database.execute_sql("SELECT row_to_json(account)::text FROM account").fetchone()
    assert "canary-cookie" not in stored[0]
    assert "canary" not in str(entries())

    account_settings.forget_browser_session(account.id, "emil")
    assert again(account).browser_session is None
    with pytest.raises(InputError, match="No browser session"):
        account_settings.forget_browser_session(account.id, "emil")


# ── posts ────────────────────────────────────────────────────────────────────────────────────


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

"""A person's choices for an account are checked, stored, and recorded with their name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core import db
from core.errors import InputError
from models import Account, AccountState, Method, Slot, now
from pipelines.publishing.accounts import account_settings, account_times, session_settings
from pipelines.publishing.delivery import method_availability
from tests.pipelines.publishing.audit_entries import entries

pytestmark = pytest.mark.usefixtures("record")


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


# ── methods ──────────────────────────────────────────────────────────────────────────────────


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
    account_times.set_times(
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
        account_times.set_times(account.id, "emil", **{**right, **wrong})

    assert again(account).timezone == "UTC"


def test_a_time_is_added_to_several_days_once(account: Account) -> None:
    assert account_times.add_slots(account.id, [1, 2, 3, 4, 5], "18:30", "emil") == 5
    assert account_times.add_slots(account.id, [5, 6], "18:30", "emil") == 1
    assert account_times.add_slots(account.id, [1, 1], "9:05", "emil") == 1

    days = account_times.weekly_slots(account.id)
    assert [slot.at for slot in days[1]] == ["09:05", "18:30"]
    assert [len(times) for times in days.values()] == [2, 1, 1, 1, 1, 1, 0]


def test_a_days_times_are_copied_to_all_days_and_one_is_removed(account: Account) -> None:
    account_times.add_slots(account.id, [3], "18:30", "emil")
    account_times.add_slots(account.id, [3], "07:00", "emil")

    assert account_times.copy_to_all_days(account.id, 3, "emil") == 12
    assert account_times.copy_to_all_days(account.id, 3, "emil") == 0
    sunday = account_times.weekly_slots(account.id)[7]
    account_times.remove_slot(account.id, sunday[0].id, "emil")

    assert [slot.at for slot in account_times.weekly_slots(account.id)[7]] == ["18:30"]
    assert entries()[-1] == ("emil", "account.remove_slot", "07:00 on Sunday")
    with pytest.raises(InputError, match="already removed"):
        account_times.remove_slot(account.id, sunday[0].id, "emil")


def test_a_slot_of_another_account_can_not_be_removed(account: Account) -> None:
    other = Account.create(open_id="open-2", state=AccountState.CONNECTED)
    account_times.add_slots(other.id, [1], "18:30", "emil")

    with pytest.raises(InputError, match="already removed"):
        account_times.remove_slot(account.id, Slot.get().id, "emil")
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
        account_times.add_slots(account.id, days, at, "emil")
    with pytest.raises(InputError, match="no times to copy"):
        account_times.copy_to_all_days(account.id, 1, "emil")
    assert Slot.select().count() == 0


# ── the browser session ──────────────────────────────────────────────────────────────────────


def test_cookies_are_stored_encrypted_and_forgotten(account: Account) -> None:
    Account.update(browser_error="Sign in again.", browser_checked_at=now()).execute()
    pasted = [{"name": "sessionid", "value": "canary-cookie", "domain": ".tiktok.com"}]

    session_settings.set_browser_session(account.id, json.dumps(pasted), "emil", username="@tales")

    kept = again(account)
    assert kept.username == "tales"
    assert json.loads(kept.browser_session)[0]["value"] == "canary-cookie"
    assert (kept.browser_error, kept.browser_checked_at) == ("", None)
    stored = db.database.execute_sql("SELECT row_to_json(account)::text FROM account").fetchone()
    assert "canary-cookie" not in stored[0]
    assert "canary" not in str(entries())

    session_settings.forget_browser_session(account.id, "emil")
    assert again(account).browser_session is None
    with pytest.raises(InputError, match="No browser session"):
        session_settings.forget_browser_session(account.id, "emil")

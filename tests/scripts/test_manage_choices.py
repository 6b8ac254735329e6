"""Accounts, posts and limits, set from a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models import Account, AccountState, AuditEntry, Job, LimitSetting, Post, PostState, Slot
from tests.admin import records
from tests.scripts.terminal import manage

pytestmark = pytest.mark.slow

COOKIES = [{"name": "sessionid", "value": "canary-cookie", "domain": ".tiktok.com"}]


def test_an_account_is_set_as_a_whole_or_not_at_all(
    settings: dict[str, str], tmp_path: Path
) -> None:
    account = Account.create(open_id="open-1", name="ladder_tales", state=AccountState.CONNECTED)
    Slot.create(account=account, weekday=6, at="09:00")
    cookies = tmp_path / "cookies.json"
    cookies.write_text(json.dumps(COOKIES))
    choices = [
        *("--privacy", "SELF_ONLY", "--comments", "--way", "direct", "--way", "manual"),
        *("--timezone", "europe/lisbon", "--posts-a-day", "4"),
        *("--add-time", "18:30 mon-fri", "--remove-time", "9:00 sat"),
        *("--cookies", str(cookies), "--username", "ladder_tales"),
    ]

    # Without the agreement, or in a dry run, nothing is saved
    refused = manage("accounts", "set", "1", *choices, **settings)
    assert refused.returncode == 2
    assert "Music Usage Confirmation" in refused.stderr
    rehearsed = manage("accounts", "set", "1", *choices, "--agree", "--dry-run", **settings)
    assert "nothing was changed" in rehearsed.stdout
    assert (Account.get().privacy, Slot.select().count(), AuditEntry.select().count()) == ("", 1, 0)

    # With the agreement everything is
    assert manage("accounts", "set", "1", *choices, "--agree", **settings).returncode == 0
    shown = manage("accounts", "show", "1", **settings).stdout
    for words in ("Only me", "Europe/Lisbon", "18:30", "has not been tried yet", "Not chosen."):
        assert words in shown
    assert "canary" not in shown
    assert [slot.weekday for slot in Slot.select()] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("set", "404", "--posts-a-day", "3"), "There is no account 404"),
        (("set", "1", "--timezone", "Lisbon"), "did you mean Europe/Lisbon"),
        (("set", "1", "--add-time", "18:30 someday"), "someday is not a day"),
    ],
)
def test_impossible_settings_are_refused_with_a_reason(
    settings: dict[str, str], arguments: tuple[str, ...], sentence: str
) -> None:
    Account.create(open_id="open-1", name="ladder_tales", state=AccountState.CONNECTED)

    refused = manage("accounts", *arguments, **settings)

    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


def test_limits_are_listed_set_and_reset(settings: dict[str, str]) -> None:
    manage("limits", "set", "tiktok_init", "3", "60", "--dry-run", **settings)
    assert LimitSetting.select().count() == 0

    assert manage("limits", "set", "tiktok_init", "3", "60", **settings).returncode == 0
    assert "3 in 60 s (changed)" in manage("limits", "list", **settings).stdout
    assert manage("limits", "reset", "tiktok_init", **settings).returncode == 0
    assert LimitSetting.select().count() == 0


def test_schedules_are_listed_run_paused_and_resumed(settings: dict[str, str]) -> None:
    def state(name: str) -> tuple[str, str]:
        listed = manage("schedules", "list", "--json", **settings)
        [found] = [each for each in json.loads(listed.stdout) if each["name"] == name]
        return found["state"], found["next_run_utc"]

    # A dry run changes nothing
    manage("schedules", "pause", "seal_audit_log", "--dry-run", **settings)
    assert state("seal_audit_log")[0] == "waiting"

    paused = manage("schedules", "pause", "seal_audit_log", "--reason", "Moving.", **settings)
    assert "seal_audit_log is paused." in paused.stdout
    assert state("seal_audit_log") == ("paused", "")
    manage("undo", "take-back", paused.stdout.split()[-1], **settings)
    assert state("seal_audit_log")[0] == "waiting"

    again = manage("schedules", "resume", "seal_audit_log", **settings)
    assert (again.returncode, again.stderr.strip()) == (2, "seal_audit_log is not paused.")
    manage("schedules", "pause", "seal_audit_log", **settings)
    assert manage("schedules", "resume", "seal_audit_log", **settings).returncode == 0

    assert manage("schedules", "run", "seal_audit_log", **settings).returncode == 0
    assert state("seal_audit_log")[0] == "asked for"
    wrong = manage("schedules", "run", "tidy", **settings)
    assert wrong.returncode == 2
    assert "There is no periodic task “tidy”. There are: fetch_due_sources," in wrong.stderr


def test_posts_are_listed_and_decided(settings: dict[str, str], tmp_path: Path) -> None:
    account = records.account(timezone="Asia/Tokyo", refresh_token=None, access_token=None)
    planned, parked = (
        records.post(records.video(tmp_path), account, state, upload_url=None)
        for state in (PostState.PLANNED, PostState.PARKED)
    )
    listed = manage("posts", "list", "--state", "parked", **settings).stdout
    assert "ladder_tales" in listed
    assert "planned" not in listed.partition("title")[2]

    # Times are in the account's time zone
    moment = "2027-06-30 18:30"
    assert manage("posts", "time", str(planned.id), moment, **settings).returncode == 0
    assert Post.get_by_id(planned.id).scheduled_at.isoformat() == "2027-06-30T09:30:00+00:00"

    # Each post is decided separately, and none in a dry run
    ids = [str(planned.id), "404", str(parked.id)]
    manage("posts", "cancel", *ids, "--dry-run", **settings)
    assert Post.get_by_id(planned.id).state == PostState.PLANNED
    cancelled = manage("posts", "cancel", *ids, **settings)
    assert cancelled.returncode == 1
    assert cancelled.stdout.startswith("Cancelled 2 of 3.\nTo undo it: ")
    assert "There is no post 404" in cancelled.stderr
    assert manage("posts", "again", str(parked.id), **settings).returncode == 0
    assert Job.of("publish", parked.id) is not None
    Post.update(state=PostState.INBOX).where(Post.id == parked.id).execute()
    marked = manage("posts", "mark", str(parked.id), "--platform-id", "7411", **settings)
    assert marked.returncode == 0
    assert Post.get_by_id(parked.id).platform_id == "7411"


def test_accounts_are_changed_by_group_and_all_at_once(settings: dict[str, str]) -> None:
    one, two, three = (
        Account.create(open_id=f"open-{n}", name=f"tales_{n}", state=AccountState.CONNECTED)
        for n in range(3)
    )

    def paused() -> set[int]:
        return {account.id for account in Account.select() if account.paused_at is not None}

    assert manage("accounts", "group", "night", "1", "2", **settings).returncode == 0
    done = manage("accounts", "pause", "--group", "night", "--reason", "A storm.", **settings)
    assert "Paused 2 of 2." in done.stdout
    assert paused() == {one.id, two.id}
    listed = manage("accounts", "list", "--group", "night", "--paused", **settings).stdout
    assert "A storm." in listed
    assert "tales_2" not in listed

    # Their times are changed alike
    times = ("--posts-a-day", "3", "--times", "9:00 mon,tue", "--times", "18:30 sat")
    assert manage("accounts", "times", "--group", "night", *times, **settings).returncode == 0
    assert [account.posts_a_day for account in Account.select().order_by(Account.id)] == [3, 3, 15]
    assert Slot.select().where(Slot.account == two.id).count() == 3

    # A pause of all asks first, and its end spares the others
    assert manage("accounts", "pause", "--all", **settings).returncode != 0
    assert paused() == {one.id, two.id}
    assert manage("accounts", "pause", "--all", "--yes", **settings).returncode == 0
    assert paused() == {one.id, two.id, three.id}
    ended = manage("accounts", "resume", "--all", **settings).stdout
    assert "Resumed 1 of 1." in ended
    assert paused() == {one.id, two.id}
    taken_back = ended.partition("scripts/manage ")[2].split()
    assert manage(*taken_back, **settings).returncode == 0
    assert paused() == {one.id, two.id, three.id}
    manage("accounts", "resume", "--all", **settings)

    # Which accounts are meant has to be clear
    unclear = manage("accounts", "resume", "1", "--all", **settings)
    assert "Say which accounts: ids, or --group NAME, or --all." in unclear.stderr
    unknown = manage("accounts", "resume", "--group", "day", **settings)
    assert "There is no group day. Groups: night." in unknown.stderr
    assert manage("accounts", "resume", "--group", "night", **settings).returncode == 0
    assert paused() == set()

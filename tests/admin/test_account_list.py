"""The accounts table: found, sorted, in groups; paused, resumed and given times together."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from admin.lists.account_list import SORTS, TABS
from core.db import database
from models import Account, AccountState, AuditEntry, PauseCause, Post, PostState, Slot, now
from pipelines.publishing.accounts import overview, pause
from tests.admin import records

if TYPE_CHECKING:
    from core.settings import Settings
    from tests.admin.conftest import Browser

HOUR = timedelta(hours=1)


def names(page: str) -> list[str]:
    """The accounts in the table, in order."""
    return re.findall(r'<a class="about" href="/accounts/\d+">([^<]+)', page)


def says(page: str) -> str:
    """The page's message."""
    found = re.search(r'<div class="alert alert-(?:success|danger)"[^>]*>([^<]*)', page)
    return found[1].strip() if found else ""


def undo_in(page: str) -> str:
    found = re.search(r'action="(/undo/\d+)', page)
    assert found
    return found[1]


@pytest.fixture
def accounts(settings: Settings, record: None) -> dict[str, Account]:
    """Four accounts; midnight_pages has six posts at two a day, and one that failed."""
    listed = [
        records.account("midnight_pages", posts_a_day=2, groups=["night"]),
        records.account("harbor_tales", groups=["night", "Spanish"], timezone="Asia/Tokyo"),
        records.account("quiet_attic", AccountState.EXPIRED, last_error="The grant is gone."),
        records.account("old_lamps", AccountState.DISCONNECTED),
    ]
    made = {account.name: account for account in listed}
    for number in range(7):
        failed = number == 0
        records.post(
            records.video(settings.media_dir),
            made["midnight_pages"],
            PostState.FAILED if failed else PostState.PLANNED,
            reason="TikTok does not accept this file." if failed else "",
            scheduled_at=now() + number * HOUR,
        )
    return made


# ── the table ────────────────────────────────────────────────────────────────────────────────


def test_a_row_says_how_the_account_is_doing(accounts: dict[str, Account], viewer: Browser) -> None:
    page = viewer.get("/accounts/?search=midnight").text

    assert names(page) == ["midnight_pages"]
    first = Post.select().where(Post.state == PostState.PLANNED).order_by(Post.id).first()
    for words in (
        "3 days of videos left",
        "6 posts",
        "0 of 2",
        "TikTok: 0 of 15",
        "TikTok does not accept this file.",
        f"{first.scheduled_at:%a %-d %b %H:%M}",
    ):
        assert words in page, words
    assert "3 days of videos left (6 posts)" in viewer.get(f"/accounts/{first.account_id}").text


def test_accounts_are_found_by_word_group_and_tab_and_sorted(
    accounts: dict[str, Account], viewer: Browser
) -> None:
    found = {
        "": ["harbor_tales", "midnight_pages", "quiet_attic", "old_lamps"],
        "?search=tokyo+HARBOR": ["harbor_tales"],
        "?group=night": ["harbor_tales", "midnight_pages"],
        "?state=attention": ["midnight_pages", "quiet_attic"],
        "?state=attention&sort=attention": ["quiet_attic", "midnight_pages"],
        "?state=disconnected": ["old_lamps"],
        "?sort=stock": ["harbor_tales", "quiet_attic", "midnight_pages", "old_lamps"],
        "?sort=next": ["midnight_pages", "harbor_tales", "quiet_attic", "old_lamps"],
    }
    for query, wanted in found.items():
        assert names(viewer.get(f"/accounts/{query}").text) == wanted, query
    assert "No accounts match" in viewer.get("/accounts/?search=nobody").text


def test_a_viewer_sees_the_table_without_forms(
    accounts: dict[str, Account], viewer: Browser
) -> None:
    account = accounts["midnight_pages"]
    chosen = [f"selected/{page}?ids={account.id}" for page in ("pause", "groups", "times")]

    for path in ("", "selected/pause", *chosen):
        page = viewer.get(f"/accounts/{path}").text
        assert re.findall(r'<form method="post"[^>]*action="([^"]*)', page) == ["/sign-out"], path
        assert page.count('<form method="post"') == 1, path
        assert 'name="id"' not in page
    assert viewer.post("/accounts/selected/", id=account.id, what="pause").status_code == 403


def test_the_table_takes_as_many_statements_for_many_accounts_as_for_few(
    viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def statements() -> int:
        asked = list[str]()
        execute: Any = type(database).execute_sql

        def counted(self: Any, sql: str, *rest: Any, **options: Any) -> Any:
            asked.append(sql)
            return execute(self, sql, *rest, **options)

        with monkeypatch.context() as patched:
            patched.setattr(type(database), "execute_sql", counted)
            assert viewer.get("/accounts/").status_code == 200
        return len(asked)

    records.account("first")
    few = statements()
    for number in range(30):
        records.account(f"tales_{number}")

    assert statements() == few


def test_the_figures_read_nothing_of_the_past(
    accounts: dict[str, Account], settings: Settings
) -> None:
    # Given an account with 3,000 posts that are out
    database.execute_sql(
        "INSERT INTO post (created_at, video_id, account_id, state, video_key, title, options, "
        "allowed, scheduled_at, pinned, method, bytes_sent, platform_id, address, reason) "
        "SELECT now(), video.id, account.id, 'published', '', '', '{}', false, "
        "now() - (2 + row_number() OVER ()) * interval '1 day', false, '', 0, '', '', '' "
        "FROM (SELECT id FROM video ORDER BY id DESC LIMIT 1) AS video, account "
        "WHERE account.name = 'harbor_tales'"
    )
    columns = "created_at, account_id, state, video_key, title, options, allowed, scheduled_at, "
    columns += "pinned, method, bytes_sent, platform_id, address, reason"
    database.execute_sql("DROP INDEX post_video_id_account_id")
    database.execute_sql(
        f"INSERT INTO post (video_id, {columns}) SELECT video_id, {columns} "
        "FROM post, generate_series(1, 3000) WHERE state = 'published'"
    )
    database.execute_sql("ANALYZE post")

    # When the figures are read
    plan = explained(overview.FIGURES, [account.id for account in accounts.values()])

    # Then hardly more rows are read than are shown
    assert rows_read(plan) < 50


def explained(sql: str, ids: list[int]) -> dict[str, Any]:
    values = {"ids": ids, "midnights": [now()] * len(ids), "gone": ["published"], "most": 1000}
    cursor = database.execute_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
    plan: dict[str, Any] = cursor.fetchone()[0][0]["Plan"]
    return plan


def rows_read(node: dict[str, Any]) -> float:
    """Rows that the scans of ``post`` look at."""
    below = sum(map(rows_read, node.get("Plans", [])))
    if node.get("Relation Name") != "post":
        return below
    seen = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return float(seen * node["Actual Loops"] + below)


# ── pause and resume ─────────────────────────────────────────────────────────────────────────


def test_selected_accounts_are_paused_after_a_page_that_says_what_stops(
    accounts: dict[str, Account], editor: Browser
) -> None:
    ids = [account.id for name, account in accounts.items() if name != "old_lamps"]

    answer = editor.post("/accounts/selected/", id=[*ids, accounts["old_lamps"].id], what="pause")
    page = editor.get(answer.location).text
    assert "Nothing more is posted on these 3 accounts" in page
    assert "6 posts that are scheduled in the next 24 hours will wait" in page
    done = editor.post("/accounts/selected/pause", id=ids, reason="A storm.")

    assert done.location == "/accounts/"
    page = editor.get(done.location).text
    assert says(page) == ("Paused 3 accounts: “midnight_pages”, “harbor_tales”, “quiet_attic”.")
    assert "waits: paused" in page
    editor.post(undo_in(page))
    assert not Account.select().where(Account.paused_at.is_null(False)).exists()


def test_pausing_all_asks_first_and_resuming_all_spares_those_with_a_reason_of_their_own(
    accounts: dict[str, Account], editor: Browser
) -> None:
    own = accounts["harbor_tales"]
    pause.pause(own.id, "storymill", "TikTok has banned it.", cause=PauseCause.REFUSED)

    assert "Pause all 2 accounts" in editor.get("/accounts/selected/pause").text
    assert Account.select().where(Account.paused_at.is_null()).count() == 3, "it only asks"
    editor.post("/accounts/selected/pause", all="1", reason="A storm.")

    page = editor.get("/accounts/?state=paused").text
    assert "All accounts are paused since" in page
    assert names(page) == ["harbor_tales", "midnight_pages", "quiet_attic"]
    page = editor.get(editor.post("/accounts/selected/resume-all").location).text
    assert names(editor.get("/accounts/?state=paused").text) == ["harbor_tales"]
    assert "TikTok has banned it." in page

    # And the resume can be undone
    editor.post(undo_in(page))
    paused = Account.select().where(Account.paused_cause == PauseCause.ALL)
    assert {account.paused_reason for account in paused} == {"A storm."}
    assert paused.count() == 2
    assert AuditEntry.select().where(AuditEntry.subject == "all accounts").count() == 2


def test_one_account_is_paused_and_resumed_in_its_row(
    accounts: dict[str, Account], editor: Browser
) -> None:
    path = f"/accounts/{accounts['midnight_pages'].id}"

    editor.post(f"{path}/pause", referrer="/accounts/")
    again = editor.post(f"{path}/pause", referrer="/accounts/")
    assert "This account is paused already." in editor.after(again)
    done = editor.post(f"{path}/resume", referrer="/accounts/")

    assert says(editor.get(done.location).text) == "Resumed “midnight_pages”."


def test_an_account_that_paused_itself_is_on_the_home_page(
    accounts: dict[str, Account], viewer: Browser
) -> None:
    pause.pause(accounts["harbor_tales"].id, "storymill", "A ban.", cause=PauseCause.REFUSED)

    assert "account that paused itself" in viewer.get("/").text
    assert "It paused itself" in viewer.get(f"/accounts/{accounts['harbor_tales'].id}").text


# ── groups, times and caps ───────────────────────────────────────────────────────────────────


def test_accounts_are_put_into_groups_and_taken_out(
    accounts: dict[str, Account], editor: Browser
) -> None:
    ids = [accounts["midnight_pages"].id, accounts["harbor_tales"].id]

    editor.post("/accounts/selected/groups", id=ids, add=" lamps , two  words", remove="night")

    wanted = [["lamps", "two words"], ["lamps", "Spanish", "two words"]]
    assert [Account.get_by_id(each).groups for each in ids] == wanted
    page = editor.get("/accounts/?group=two+words").text
    assert names(page) == ["harbor_tales", "midnight_pages"]
    editor.post(undo_in(page))
    assert [Account.get_by_id(each).groups for each in ids] == [["night"], ["night", "Spanish"]]


def test_times_and_caps_are_changed_together_and_undone(
    accounts: dict[str, Account], editor: Browser
) -> None:
    ids = [accounts["midnight_pages"].id, accounts["harbor_tales"].id]
    Slot.create(account=ids[0], weekday=6, at="08:00")
    slots: dict[str, Any] = {"slots": "replace", "at": "9:00, 18:30", "weekday": ["1", "2"]}

    done = editor.post("/accounts/selected/times", id=ids, posts_a_day="1", **slots)

    page = editor.get(done.location).text
    assert says(page) == "Changed the times of 2 accounts: “midnight_pages”, “harbor_tales”."
    assert [Account.get_by_id(each).posts_a_day for each in ids] == [1, 1]
    assert Account.get_by_id(ids[1]).timezone == "Asia/Tokyo", "an empty field changes nothing"
    assert Slot.select().count() == 8
    times = Post.select().where(Post.state == PostState.PLANNED).order_by(Post.scheduled_at)
    assert {f"{post.scheduled_at:%a}" for post in times} <= {"Mon", "Tue"}
    assert {f"{post.scheduled_at:%H:%M}" for post in times} <= {"09:00", "18:30"}

    editor.post(undo_in(page))
    assert [Account.get_by_id(each).posts_a_day for each in ids] == [2, 15]
    assert [(slot.weekday, slot.at) for slot in Slot.select()] == [(6, "08:00")]


def test_times_that_are_refused_come_back_as_typed(
    accounts: dict[str, Account], editor: Browser
) -> None:
    ids = [accounts["midnight_pages"].id]
    typed: dict[str, Any] = {"slots": "replace", "at": "9 o'clock", "weekday": ["1"]}

    page = f"/accounts/selected/times?ids={ids[0]}"
    answer = editor.post(page, referrer=page, id=ids, posts_a_day="7", **typed)

    assert answer.status_code == 422
    assert 'id="fault-at">Write the time as hours and minutes' in answer.text
    assert 'value="7"' in answer.text
    assert 'value="9 o&#x27;clock"' in answer.text
    assert Account.get_by_id(ids[0]).posts_a_day == 2
    nothing = editor.post(page, referrer=page, id=ids, slots="keep").text
    assert "Nothing is to be changed" in nothing


def test_every_order_and_tab_can_be_shown(accounts: dict[str, Account], viewer: Browser) -> None:
    for query in [*(f"sort={name}" for name in SORTS), *(f"state={name}" for name in TABS)]:
        assert viewer.get(f"/accounts/?{query}").status_code == 200, query

"""The calendar: posts on their days in the account's time zone, and rescheduling."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from models import AuditEntry, Job, Post, PostState, Slot, StoryState, now
from pipelines.publishing.scheduling.slots import zone
from tests.admin import records

if TYPE_CHECKING:
    from core.settings import Settings
    from models import Account
    from tests.admin.conftest import Browser

BERLIN = "Europe/Berlin"
JUNE = "&on=2026-06-10"


def posts(settings: Settings, on: Account, *moments: str, **fields: Any) -> list[Post]:
    """Posts of separate stories at these times (UTC)."""
    made = []
    for moment in moments:
        title = f"The ladder of {moment}"
        story = records.story(title, StoryState.SCRIPTED)
        video = records.video(settings.media_dir, of=records.part(story))
        at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        made.append(records.post(video, on, **{"scheduled_at": at, **fields}))
    return made


def day(page: str, on: str) -> str:
    """The text that the page shows on a day."""
    after = page.partition(f'<time datetime="{on}">')[2].partition("<h3>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", after).split())


def test_each_post_is_on_its_day_in_the_accounts_time_zone(
    settings: Settings, viewer: Browser
) -> None:
    # given a post late on Monday in UTC, which is Tuesday in Berlin, and others in other states
    account = records.account(timezone=BERLIN)
    late, pinned = posts(settings, account, "2026-06-08 22:30", "2026-06-10 10:00")
    Post.update(pinned=True).where(Post.id == pinned.id).execute()
    for state in (PostState.PUBLISHED, PostState.FAILED, PostState.PARKED, PostState.INBOX):
        posts(settings, account, "2026-06-12 06:00", state=state)
    posts(settings, account, "2026-06-13 06:00", state=PostState.CANCELLED)

    page = viewer.get(f"/calendar/?account={account.id}{JUNE}").text

    assert "14 June 2026" in page
    assert day(page, "2026-06-08") == "Mon 8 Jun"
    assert day(page, "2026-06-09") == "Tue 9 Jun 00:30 scheduled The ladder of 2026-06-08 22:30"
    assert f'href="/posts/{late.id}"' in page
    assert "12:00 pinned" in day(page, "2026-06-10")
    for word in ("published", "failed", "needs attention", "in the creator&#39;s inbox"):
        assert f"08:00 {word} The ladder" in day(page, "2026-06-12")
    assert day(page, "2026-06-13") == "Sat 13 Jun"


def test_a_month_has_whole_weeks_and_says_how_many_more(
    settings: Settings, viewer: Browser
) -> None:
    account = records.account(timezone=BERLIN)
    posts(settings, account, *(f"2026-06-10 {hour:02d}:00" for hour in range(6, 14)))

    page = viewer.get(f"/calendar/?view=month{JUNE}").text

    assert "June 2026" in page
    shown = re.findall(r'<h3><time datetime="([\d-]+)">', page)
    assert (shown[0], shown[-1], len(shown)) == ("2026-06-01", "2026-07-05", 35)
    assert day(page, "2026-06-10").count("scheduled") == 5
    assert "and 3 more" in day(page, "2026-06-10")
    # and leads to its neighbours
    assert "on=2026-05-01" in page
    assert "on=2026-07-01" in page


def test_all_accounts_are_shown_in_a_chosen_time_zone(settings: Settings, viewer: Browser) -> None:
    berlin = records.account("ada_tales", timezone=BERLIN)
    tokyo = records.account("bob_tales", timezone="Asia/Tokyo")
    posts(settings, berlin, "2026-06-09 22:30")
    posts(settings, tokyo, "2026-06-10 15:30")

    first = viewer.get(f"/calendar/?account={JUNE}").text
    chosen = viewer.get(f"/calendar/?account=&zone=Asia/Tokyo{JUNE}").text
    unknown = viewer.get("/calendar/?account=&zone=Tokyo")

    assert "00:30 scheduled" in day(first, "2026-06-10")
    assert "17:30 scheduled" in day(first, "2026-06-10")
    assert "ada_tales" in day(first, "2026-06-10")
    assert "07:30 scheduled" in day(chosen, "2026-06-10")
    assert "00:30 scheduled" in day(chosen, "2026-06-11")
    assert unknown.status_code == 400
    assert "did you mean Asia/Tokyo" in unknown.text


def test_free_slots_are_shown_and_taken_ones_are_not(settings: Settings, viewer: Browser) -> None:
    account = records.account(timezone="UTC")
    tomorrow = now().date() + timedelta(days=1)
    for at in ("10:00", "20:00"):
        Slot.create(account=account, weekday=tomorrow.isoweekday(), at=at)
    posts(settings, account, f"{tomorrow} 20:00")

    page = viewer.get(f"/calendar/?account={account.id}&on={tomorrow}").text

    assert day(page, f"{tomorrow}").startswith(
        f"{tomorrow:%a} {tomorrow.day} {tomorrow:%b} 10:00 free slot 20:00 scheduled"
    )


def test_posts_without_a_time_are_listed(settings: Settings, viewer: Browser) -> None:
    posts(settings, records.account(), "2026-06-08 22:30", scheduled_at=None)

    page = viewer.get("/calendar/").text

    assert "Not scheduled yet" in page
    assert "The ladder of" in page


def test_an_editor_reschedules_a_post_and_moves_it_back(
    settings: Settings, editor: Browser
) -> None:
    account = records.account(timezone=BERLIN)
    (post,) = posts(settings, account, "2026-06-10 10:00")
    records.job("publish", post.id)
    day_after = now().date() + timedelta(days=2)

    form = editor.get(f"/calendar/{post.id}/time").text
    assert "Europe/Berlin time" in form
    moved = editor.post(f"/calendar/{post.id}/time", date=f"{day_after}", time="18:30")

    pinned = Post.get_by_id(post.id)
    assert pinned.pinned
    assert f"{pinned.scheduled_at.astimezone(zone(BERLIN)):%Y-%m-%d %H:%M}" == (
        f"{day_after} 18:30"
    )
    assert Job.get().due_at == pinned.scheduled_at
    assert "18:30 (Europe/Berlin)" in editor.get(moved.location).text

    moved = editor.post(f"/calendar/{post.id}/queue", to="calendar")

    today = now().astimezone(zone(BERLIN)).date()
    assert moved.location == f"/calendar/?account={account.id}&on={today}"
    assert not Post.get_by_id(post.id).pinned
    by = AuditEntry.select().where(AuditEntry.action.in_(["post.pin", "post.unpin"]))
    assert [entry.actor for entry in by] == ["emil", "emil"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"date": "2020-01-01", "time": "18:30"}, "past"),
        ({"date": "tomorrow", "time": "18:30"}, "is not a date"),
        ({"date": "9999-12-31", "time": "18:30"}, "is not a date"),
        ({"date": "2099-12-31", "time": "18:30"}, "more than two years away"),
        ({"date": "2026-12-24", "time": "25:00"}, "is not a time"),
        ({}, "An empty field"),
    ],
)
def test_an_invalid_time_is_refused_on_the_form(
    settings: Settings, editor: Browser, chosen: dict[str, str], sentence: str
) -> None:
    (post,) = posts(settings, records.account(), "2026-06-10 10:00")

    refused = editor.post(f"/calendar/{post.id}/time", **chosen)

    assert sentence in editor.after(refused)
    assert not Post.get_by_id(post.id).pinned


def test_a_time_skipped_by_daylight_saving_moves_to_the_next_hour(
    settings: Settings, editor: Browser
) -> None:
    # given the night of the next spring clock change in Berlin
    account = records.account(timezone=BERLIN)
    (post,) = posts(settings, account, "2026-06-10 10:00")
    night = next(
        sunday
        for year in (now().year, now().year + 1)
        if (sunday := last_sunday_of_march(year)) > now().date()
    )

    editor.post(f"/calendar/{post.id}/time", date=f"{night}", time="02:30")

    assert Post.get_by_id(post.id).scheduled_at == datetime(
        night.year, night.month, night.day, 1, 30, tzinfo=UTC
    )


def test_a_viewer_can_look_but_not_reschedule(settings: Settings, viewer: Browser) -> None:
    (post,) = posts(settings, records.account(), "2026-06-10 10:00")

    assert "Reschedule" not in viewer.get(f"/calendar/?{JUNE}").text
    assert ">Reschedule<" not in viewer.get(f"/calendar/{post.id}/time").text
    assert viewer.post(f"/calendar/{post.id}/time", date="2027-01-01").status_code == 403
    assert viewer.post(f"/calendar/{post.id}/queue").status_code == 403


def test_a_published_post_cannot_be_rescheduled(settings: Settings, editor: Browser) -> None:
    (post,) = posts(settings, records.account(), "2026-06-10 10:00", state=PostState.PUBLISHED)

    assert editor.get(f"/calendar/{post.id}/time").status_code == 404
    assert editor.get("/calendar/7411/time").status_code == 404
    assert editor.get("/calendar/?account=7411").status_code == 404
    assert editor.post("/calendar/7411/queue").status_code == 404


def last_sunday_of_march(year: int) -> date:
    last = date(year, 3, 31)
    return last - timedelta(days=last.isoweekday() % 7)

"""The calendar: posts on their days in the viewer's time zone, and rescheduling."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from admin.calendar import entries
from models import AuditEntry, Job, Post, PostState, Slot, StoryState, VideoState, now
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


def in_zone(browser: Browser, name: str) -> Browser:
    """The browser says that it is in this time zone."""
    browser.client.set_cookie("zone", name)
    return browser


def day(page: str, on: str) -> str:
    """The text that the page shows on a day."""
    after = page.partition(f'<time datetime="{on}">')[2].partition("<h3>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", after).split())


def test_each_post_is_on_the_viewers_day_with_the_accounts_time_too(
    settings: Settings, viewer: Browser
) -> None:
    # given a post late on Monday in UTC, which is Tuesday in Berlin, and others in other states
    in_zone(viewer, BERLIN)
    account = records.account(timezone="America/New_York")
    late, pinned = posts(settings, account, "2026-06-08 22:30", "2026-06-10 10:00")
    Post.update(pinned=True).where(Post.id == pinned.id).execute()
    for state in (PostState.PUBLISHED, PostState.FAILED, PostState.PARKED, PostState.INBOX):
        posts(settings, account, "2026-06-12 06:00", state=state)
    posts(settings, account, "2026-06-13 06:00", state=PostState.CANCELLED)

    page = viewer.get(f"/calendar/?account={account.id}{JUNE}").text

    assert "14 June 2026" in page
    assert day(page, "2026-06-08") == "Mon 8 Jun"
    assert day(page, "2026-06-09") == (
        "Tue 9 Jun 00:30 Mon 18:30 New York scheduled The ladder of 2026-06-08 22:30"
    )
    assert f'href="/posts/{late.id}"' in page
    assert "12:00 06:00 New York pinned" in day(page, "2026-06-10")
    for word in ("published", "failed", "needs attention", "in the creator&#39;s inbox"):
        assert f"08:00 02:00 New York {word} The ladder" in day(page, "2026-06-12")
    assert day(page, "2026-06-13") == "Sat 13 Jun"


def test_a_month_has_whole_weeks_and_says_how_many_more(
    settings: Settings, viewer: Browser
) -> None:
    in_zone(viewer, BERLIN)
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


def test_a_week_of_all_accounts_has_a_row_for_each_on_pages_of_twenty(
    settings: Settings, viewer: Browser
) -> None:
    accounts = [records.account(f"tales {n:02d}", timezone="Asia/Tokyo") for n in range(21)]
    posts(settings, accounts[0], *(f"2026-06-09 {hour:02d}:30" for hour in range(10, 18)))
    posts(settings, accounts[20], "2026-06-10 15:30")

    first = viewer.get(f"/calendar/?{JUNE}").text
    last = viewer.get(f"/calendar/?page=2{JUNE}").text

    assert "10:30 19:30 Tokyo scheduled" in day(first, "2026-06-09")
    assert "and 2 more" in day(first, "2026-06-09")
    assert "The ladder" not in day(first, "2026-06-10")
    assert "15:30 Thu 00:30 Tokyo scheduled" in day(last, "2026-06-10")
    assert "page 2 of 2" in last
    assert viewer.get(f"/calendar/?page=3{JUNE}").status_code == 404


@pytest.mark.parametrize("view", ["week", "month", "agenda"])
def test_a_group_of_accounts_is_shown_alone(settings: Settings, viewer: Browser, view: str) -> None:
    horror, other = records.account("ada", groups=["horror"]), records.account("bob")
    posts(settings, horror, "2026-06-10 10:00")
    posts(settings, other, "2026-06-10 11:00")

    page = viewer.get(f"/calendar/?account=&group=horror&view={view}{JUNE}").text

    assert "10:00 scheduled" in day(page, "2026-06-10")
    assert "11:00 scheduled" not in day(page, "2026-06-10")
    assert viewer.get(f"/calendar/?group=tales{JUNE}").status_code == 404


def test_an_agenda_goes_on_where_it_ends(
    settings: Settings, viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "MOST_IN_AGENDA", 2)
    account = records.account()
    posts(settings, account, "2026-06-08 10:00", "2026-06-10 10:00", "2026-06-10 10:00")

    page = viewer.get(f"/calendar/?view=agenda{JUNE.replace('10', '08')}").text

    assert "10:00 scheduled" in day(page, "2026-06-08")
    assert day(page, "2026-06-10").count("scheduled") == 1
    later = unescape(re.findall(r'href="([^"]+)">Later', page)[0])
    page = viewer.get(later).text
    assert day(page, "2026-06-10").count("scheduled") == 1
    assert "Later" not in page


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
    assert "Your time, UTC; 12:00 in Berlin." in form
    moved = editor.post(f"/calendar/{post.id}/time", date=f"{day_after}", time="18:30")

    pinned = Post.get_by_id(post.id)
    assert pinned.pinned
    assert f"{pinned.scheduled_at.astimezone(UTC):%Y-%m-%d %H:%M}" == f"{day_after} 18:30"
    assert Job.get().due_at == pinned.scheduled_at
    assert "18:30 (UTC), 1" in editor.get(moved.location).text  # 19:30 or 20:30 in Berlin

    moved = editor.post(f"/calendar/{post.id}/queue", to="calendar")

    today = now().date()
    assert moved.location == f"/calendar/?account={account.id}&on={today}"
    assert not Post.get_by_id(post.id).pinned
    by = AuditEntry.select().where(AuditEntry.action.in_(["post.pin", "post.unpin"]))
    assert [entry.actor for entry in by] == ["emil", "emil"]


def test_what_speaks_against_a_place_is_said_before_a_post_is_moved_there(
    settings: Settings, editor: Browser
) -> None:
    # Given a post at noon, another of the same hour, and a time that is pinned on another account
    tomorrow = now().date() + timedelta(days=1)
    ada = records.account("ada", posts_a_day=2)
    cleo = records.account("cleo", gap_minutes=30, timezone="Asia/Tokyo")
    post, _ = posts(settings, ada, f"{tomorrow} 12:00", f"{tomorrow} 15:50")
    posts(settings, cleo, f"{tomorrow} 12:10", pinned=True)
    place = {"post": post.id, "date": f"{tomorrow}"}

    def said(**where: Any) -> dict[str, Any]:
        return editor.json(f"/calendar/check?{urlencode(place | where)}")

    # When the same hour of the other post is asked about, then both are said to be near
    (warning,) = said(account=ada.id, time="15:20")["warnings"]
    assert warning.endswith(f"goes out in the same hour, on {tomorrow:%a %d %b} 15:50 (UTC).")
    # When a time too close to the pinned one is asked about, then it is refused, in both zones
    refused = said(account=cleo.id, time="12:00")
    assert (refused["there"], refused["account"]) == ("21:00 in Tokyo", "cleo")
    assert "30 minutes apart" in refused["refusal"]
    # And the form without JavaScript says the same, and changes nothing
    form = editor.get(f"/calendar/{post.id}/time?account={cleo.id}&time=12:00&date={tomorrow}")
    assert "30 minutes apart" in form.text
    assert Post.get_by_id(post.id).account == ada


def test_a_post_is_moved_to_another_account_and_back(settings: Settings, editor: Browser) -> None:
    ada, bob = records.account("ada"), records.account("bob", timezone=BERLIN)
    tomorrow = now().date() + timedelta(days=1)
    (post,) = posts(settings, ada, f"{tomorrow} 12:00")

    moved = editor.post(
        f"/calendar/{post.id}/time", account=bob.id, date=f"{tomorrow}", time="12:00"
    )

    page = editor.get(moved.location).text
    assert "on bob." in page
    assert Post.get_by_id(post.id).account == bob
    editor.post(re.findall(r'action="(/undo/\d+[^"]*)"', page)[0])
    back = Post.get_by_id(post.id)
    assert (back.account, back.pinned) == (ada, False)


def test_a_free_slot_is_filled_with_a_ready_video_and_emptied_again(
    settings: Settings, editor: Browser
) -> None:
    # Given a free slot, a video that the account has, one that it has not, and an unfinished one
    account = records.account()
    slot = (now() + timedelta(days=1)).replace(hour=18, minute=30, second=0, microsecond=0)
    (queued,) = posts(settings, account, f"{slot + timedelta(days=1):%Y-%m-%d %H:%M}")
    part = records.part(records.story("The kettle", StoryState.SCRIPTED))
    video = records.video(settings.media_dir, of=part, state=VideoState.READY)
    later = records.part(records.story("The lamp", StoryState.SCRIPTED), 2, 2)
    records.video(settings.media_dir, of=later, state=VideoState.READY)
    where: dict[str, Any] = {"account": account.id, "at": slot.isoformat()}

    # When its page is opened, then it offers the one, and the post that is queued for later
    page = editor.get("/calendar/fill", query_string=where).text
    offered = re.findall(r'name="choice" value="([^"]+)"', page)
    assert offered == [f"video-{video.id}", f"post-{queued.id}"]

    # When the video is chosen, then it is scheduled there; undone, the slot is free again
    filled = editor.post("/calendar/fill", choice=f"video-{video.id}", **where)
    post = Post.get(Post.video == video)
    assert (post.account, post.scheduled_at, post.pinned) == (account, slot, True)
    undo = re.findall(r'action="(/undo/\d+[^"]*)"', editor.get(filled.location).text)[0]
    editor.post(undo)
    assert not Post.select().where(Post.video == video).exists()
    assert not Job.select().where(Job.subject_id == post.id, Job.stage == "publish").exists()

    # When the queued post is chosen, then it moves up
    editor.post("/calendar/fill", choice=f"post-{queued.id}", **where)
    assert Post.get_by_id(queued.id).scheduled_at == slot


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

    assert sentence in editor.get(refused.location).text
    assert not Post.get_by_id(post.id).pinned


def test_a_time_skipped_by_daylight_saving_moves_to_the_next_hour(
    settings: Settings, editor: Browser
) -> None:
    # given the night of the next spring clock change in Berlin, where the editor is
    in_zone(editor, BERLIN)
    account = records.account()
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
    assert viewer.post("/calendar/fill").status_code == 403
    assert "calendar.js" not in viewer.get("/calendar/").text


def test_a_published_post_cannot_be_rescheduled(settings: Settings, editor: Browser) -> None:
    (post,) = posts(settings, records.account(), "2026-06-10 10:00", state=PostState.PUBLISHED)

    assert editor.get(f"/calendar/{post.id}/time").status_code == 404
    assert editor.get("/calendar/7411/time").status_code == 404
    assert editor.get("/calendar/?account=7411").status_code == 404
    assert editor.post("/calendar/7411/queue").status_code == 404


def last_sunday_of_march(year: int) -> date:
    last = date(year, 3, 31)
    return last - timedelta(days=last.isoweekday() % 7)

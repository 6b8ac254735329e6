"""The local time when a post goes out, also in nights when clocks change.

The expected moments were worked out by hand from the changes that ``zdump -v`` lists.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import pytest

from core.errors import InputError
from pipelines.publishing.scheduling.slots import (
    SlotTime,
    at_local,
    clock_time,
    local_day,
    moments,
    spoken,
    zone,
)

CHANGES = [
    # New York, spring forward: 02:00 EST (UTC-5) is 03:00 EDT (UTC-4)
    ("America/New_York", "2026-03-08", "01:30", "2026-03-08 06:30", "2026-03-08 01:30"),
    ("America/New_York", "2026-03-08", "02:30", "2026-03-08 07:30", "2026-03-08 03:30"),
    ("America/New_York", "2027-03-14", "01:30", "2027-03-14 06:30", "2027-03-14 01:30"),
    ("America/New_York", "2027-03-14", "02:30", "2027-03-14 07:30", "2027-03-14 03:30"),
    # back: 02:00 EDT is 01:00 EST, so 01:30 occurs twice
    ("America/New_York", "2026-11-01", "01:30", "2026-11-01 05:30", "2026-11-01 01:30"),
    ("America/New_York", "2026-11-01", "02:30", "2026-11-01 07:30", "2026-11-01 02:30"),
    ("America/New_York", "2027-11-07", "01:30", "2027-11-07 05:30", "2027-11-07 01:30"),
    ("America/New_York", "2027-11-07", "02:30", "2027-11-07 07:30", "2027-11-07 02:30"),
    # Berlin, forward: 02:00 CET (UTC+1) is 03:00 CEST (UTC+2)
    ("Europe/Berlin", "2026-03-29", "01:30", "2026-03-29 00:30", "2026-03-29 01:30"),
    ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29 01:30", "2026-03-29 03:30"),
    ("Europe/Berlin", "2027-03-28", "01:30", "2027-03-28 00:30", "2027-03-28 01:30"),
    ("Europe/Berlin", "2027-03-28", "02:30", "2027-03-28 01:30", "2027-03-28 03:30"),
    # back: 03:00 CEST is 02:00 CET, so 02:30 occurs twice
    ("Europe/Berlin", "2026-10-25", "01:30", "2026-10-24 23:30", "2026-10-25 01:30"),
    ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25 00:30", "2026-10-25 02:30"),
    ("Europe/Berlin", "2027-10-31", "01:30", "2027-10-30 23:30", "2027-10-31 01:30"),
    ("Europe/Berlin", "2027-10-31", "02:30", "2027-10-31 00:30", "2027-10-31 02:30"),
    # Lord Howe, half an hour back: 02:00 (UTC+11) is 01:30 (UTC+10:30), which occurs twice
    ("Australia/Lord_Howe", "2026-04-05", "01:30", "2026-04-04 14:30", "2026-04-05 01:30"),
    ("Australia/Lord_Howe", "2026-04-05", "02:30", "2026-04-04 16:00", "2026-04-05 02:30"),
    ("Australia/Lord_Howe", "2027-04-04", "01:30", "2027-04-03 14:30", "2027-04-04 01:30"),
    ("Australia/Lord_Howe", "2027-04-04", "02:30", "2027-04-03 16:00", "2027-04-04 02:30"),
    # half an hour forward: 02:00 is 02:30, and 02:15 is skipped
    ("Australia/Lord_Howe", "2026-10-04", "01:30", "2026-10-03 15:00", "2026-10-04 01:30"),
    ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03 15:45", "2026-10-04 02:45"),
    ("Australia/Lord_Howe", "2026-10-04", "02:30", "2026-10-03 15:30", "2026-10-04 02:30"),
    ("Australia/Lord_Howe", "2027-10-03", "01:30", "2027-10-02 15:00", "2027-10-03 01:30"),
    ("Australia/Lord_Howe", "2027-10-03", "02:15", "2027-10-02 15:45", "2027-10-03 02:45"),
    ("Australia/Lord_Howe", "2027-10-03", "02:30", "2027-10-02 15:30", "2027-10-03 02:30"),
    # Santiago at midnight, back: 24:00 (UTC-3) is 23:00 (UTC-4) of the same Saturday
    ("America/Santiago", "2026-04-04", "23:30", "2026-04-05 02:30", "2026-04-04 23:30"),
    ("America/Santiago", "2026-04-05", "01:30", "2026-04-05 05:30", "2026-04-05 01:30"),
    ("America/Santiago", "2026-04-05", "02:30", "2026-04-05 06:30", "2026-04-05 02:30"),
    ("America/Santiago", "2027-04-03", "23:30", "2027-04-04 02:30", "2027-04-03 23:30"),
    ("America/Santiago", "2027-04-04", "01:30", "2027-04-04 05:30", "2027-04-04 01:30"),
    ("America/Santiago", "2027-04-04", "02:30", "2027-04-04 06:30", "2027-04-04 02:30"),
    # forward: 00:00 is 01:00, so the day starts there
    ("America/Santiago", "2026-09-06", "00:30", "2026-09-06 04:30", "2026-09-06 01:30"),
    ("America/Santiago", "2026-09-06", "01:30", "2026-09-06 04:30", "2026-09-06 01:30"),
    ("America/Santiago", "2026-09-06", "02:30", "2026-09-06 05:30", "2026-09-06 02:30"),
    ("America/Santiago", "2027-09-05", "00:30", "2027-09-05 04:30", "2027-09-05 01:30"),
    ("America/Santiago", "2027-09-05", "01:30", "2027-09-05 04:30", "2027-09-05 01:30"),
    ("America/Santiago", "2027-09-05", "02:30", "2027-09-05 05:30", "2027-09-05 02:30"),
    # Nuuk, forward in the last hour of Saturday: 23:00 (UTC-2) is Sunday 00:00 (UTC-1)
    ("America/Nuuk", "2026-03-28", "23:30", "2026-03-29 01:30", "2026-03-29 00:30"),
    ("America/Nuuk", "2026-03-29", "01:30", "2026-03-29 02:30", "2026-03-29 01:30"),
    ("America/Nuuk", "2027-03-27", "23:30", "2027-03-28 01:30", "2027-03-28 00:30"),
    # back: Sunday 00:00 is Saturday 23:00
    ("America/Nuuk", "2026-10-24", "23:30", "2026-10-25 00:30", "2026-10-24 23:30"),
    ("America/Nuuk", "2026-10-25", "01:30", "2026-10-25 03:30", "2026-10-25 01:30"),
    ("America/Nuuk", "2027-10-30", "23:30", "2027-10-31 00:30", "2027-10-30 23:30"),
    # Casablanca for Ramadan, back: 03:00 (UTC+1) is 02:00 (UTC+0)
    ("Africa/Casablanca", "2026-02-15", "01:30", "2026-02-15 00:30", "2026-02-15 01:30"),
    ("Africa/Casablanca", "2026-02-15", "02:30", "2026-02-15 01:30", "2026-02-15 02:30"),
    ("Africa/Casablanca", "2027-02-07", "01:30", "2027-02-07 00:30", "2027-02-07 01:30"),
    ("Africa/Casablanca", "2027-02-07", "02:30", "2027-02-07 01:30", "2027-02-07 02:30"),
    # and forward again: 02:00 is 03:00
    ("Africa/Casablanca", "2026-03-22", "01:30", "2026-03-22 01:30", "2026-03-22 01:30"),
    ("Africa/Casablanca", "2026-03-22", "02:30", "2026-03-22 02:30", "2026-03-22 03:30"),
    ("Africa/Casablanca", "2027-03-14", "01:30", "2027-03-14 01:30", "2027-03-14 01:30"),
    ("Africa/Casablanca", "2027-03-14", "02:30", "2027-03-14 02:30", "2027-03-14 03:30"),
]


@pytest.mark.parametrize(("name", "day", "at", "in_utc", "shown"), CHANGES)
def test_a_time_in_a_night_when_the_clock_changes(
    name: str, day: str, at: str, in_utc: str, shown: str
) -> None:
    where, expected = zone(name), utc(in_utc)
    chosen = date.fromisoformat(day)

    # a pinned post's time
    pinned = at_local(where, chosen, at)
    assert pinned == expected
    assert f"{pinned.astimezone(where):%Y-%m-%d %H:%M}" == shown

    # and a weekly slot of that day: exactly one post that week, at that moment
    slot = SlotTime(chosen.isoweekday(), at)
    of_the_week = list(islice(moments([slot], where, expected - timedelta(days=3)), 2))
    assert of_the_week[0] == expected
    assert timedelta(days=6, hours=22) <= of_the_week[1] - expected <= timedelta(days=7, hours=2)


@pytest.mark.parametrize("name", sorted({name for name, *_ in CHANGES}))
def test_daily_slots_occur_once_a_day_and_in_order_all_year(name: str) -> None:
    slots = [SlotTime(weekday, at) for weekday in range(1, 8) for at in ("01:30", "12:00", "23:30")]
    where = zone(name)
    year = moments(slots, where, at_local(where, date(2026, 1, 1), "00:00"))

    times = list(islice(year, 3 * 365))

    assert all(earlier < later for earlier, later in pairwise(times))
    assert local_day(where, times[-1]) == date(2026, 12, 31)


def test_the_week_is_in_the_accounts_time_zone() -> None:
    # given a slot on Monday morning in Auckland, which is Sunday evening in UTC
    slots = [SlotTime(1, "08:00"), SlotTime(4, "18:30")]

    first, second, third = islice(moments(slots, zone("Pacific/Auckland"), utc("2026-11-20")), 3)

    assert (first, second) == (utc("2026-11-22 19:00"), utc("2026-11-26 05:30"))
    assert third == first + timedelta(days=7)


def test_a_slot_is_later_than_the_moment_asked_for() -> None:
    slots = [SlotTime(weekday, "12:00") for weekday in range(1, 8)]

    assert next(moments(slots, zone("UTC"), utc("2026-11-20 12:00"))) == utc("2026-11-21 12:00")
    assert list(moments([], zone("UTC"), utc("2026-11-20"))) == []


def test_slots_that_a_change_moves_to_the_same_time_are_one() -> None:
    slots = [SlotTime(7, "02:30"), SlotTime(7, "03:30"), SlotTime(7, "03:00")]

    night = list(islice(moments(slots, zone("America/New_York"), utc("2026-03-08")), 3))

    assert night == [utc("2026-03-08 07:00"), utc("2026-03-08 07:30"), utc("2026-03-15 06:30")]


def test_a_skipped_time_that_becomes_the_next_days_keeps_the_order() -> None:
    slots = [SlotTime(6, "23:30"), SlotTime(7, "00:15"), SlotTime(7, "00:45")]

    night = list(islice(moments(slots, zone("America/Nuuk"), utc("2026-03-28")), 3))

    assert night == [utc("2026-03-29 01:15"), utc("2026-03-29 01:30"), utc("2026-03-29 01:45")]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("europe/berlin", "Europe/Berlin"),
        ("Europe/Munich", "Europe/Zurich"),
        ("", "choose one like Europe/Berlin"),
        ("../../etc/passwd", "choose one like Europe/Berlin"),
    ],
)
def test_an_unknown_zone_is_refused_with_advice(name: str, advice: str) -> None:
    with pytest.raises(InputError, match=advice):
        zone(name)


@pytest.mark.parametrize("text", ["", "24:00", "9:30", "12:60", "noon", "12:00:00"])
def test_an_invalid_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="18:30"):
        clock_time(text)
    assert clock_time("09:30") == "09:30"


def test_a_time_is_shown_in_the_accounts_zone() -> None:
    assert spoken(zone("Europe/Berlin"), utc("2026-11-24 17:30")) == (
        "Tue 24 Nov 18:30 (Europe/Berlin)"
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)

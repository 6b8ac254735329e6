"""Which backups are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipelines.backups.retention import Keep, kept, taken_at

KEEP = Keep(daily=7, weekly=4, monthly=6)
TODAY = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)


def name(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}-abc123"


def test_a_year_of_nights_leaves_days_weeks_and_months() -> None:
    nights = [name(TODAY - timedelta(days=days)) for days in range(365)]

    days = sorted((TODAY - taken_at(each)).days for each in kept(nights, KEEP, TODAY))

    # Seven days; the Sundays 29, 22, 15 and 8 November, and the newest week is today's own;
    # the last nights of July to November
    assert days == [0, 1, 2, 3, 4, 5, 6, 8, 15, 30, 61, 91, 122, 153]


def test_thinning_out_every_night_ends_at_the_same_backups() -> None:
    there: set[str] = set()
    for days in range(365, -1, -1):
        tonight = TODAY - timedelta(days=days)
        there = kept([*there, name(tonight)], KEEP, tonight)

    assert len(there) <= KEEP.daily + KEEP.weekly + KEEP.monthly
    months = {(taken_at(each).year, taken_at(each).month) for each in there}
    assert len(months) == KEEP.monthly


def test_nothing_fresh_goes_and_gaps_cost_nothing() -> None:
    # Given many backups of today, and then none for two months
    fresh = [name(TODAY - timedelta(minutes=minutes)) for minutes in range(0, 600, 10)]
    old = [name(TODAY - timedelta(days=60 + days)) for days in range(3)]

    left = kept([*fresh, *old], KEEP, TODAY)

    # Then the fresh ones are all there, and the days that have a backup count, not the calendar's
    assert left == {*fresh, *old}


def test_the_newest_is_kept_whatever_the_settings_say() -> None:
    only = name(TODAY - timedelta(days=400))
    assert kept([only], Keep(1, 0, 0), TODAY) == {only}

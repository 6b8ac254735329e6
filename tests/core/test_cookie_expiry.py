"""Expiry dates of cookies, as browsers, extensions and people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.cookie_expiry import UnreadableExpiryError, seconds_until

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()
MOMENT = datetime(2027, 3, 17, 22, 21, 30, tzinfo=UTC)
EARLIEST = datetime(2027, 3, 17, 8, 21, 30, tzinfo=UTC)
"""The same on a clock in UTC+14."""
SECONDS = int(MOMENT.timestamp())


@pytest.mark.parametrize(
    "written",
    [
        SECONDS,
        float(SECONDS),
        str(SECONDS),
        f"{SECONDS}.0",
        SECONDS * 1_000,
        str(SECONDS * 1_000),
        SECONDS * 1_000_000,
        SECONDS * 1_000_000_000,
        (SECONDS + 11_644_473_600) * 1_000_000,
        "2027-03-17T22:21:30Z",
        "2027-03-17T22:21:30.000Z",
        "2027-03-17 23:21:30+01:00",
        "Wed, 17 Mar 2027 22:21:30 GMT",
        "Wed, 17-Mar-2027 22:21:30 GMT",
        "Wed Mar 17 2027 23:21:30 GMT+0100 (Central European Standard Time)",
    ],
)
def test_a_moment_is_read_in_each_form(written: object) -> None:
    assert seconds_until(written, NOW) == pytest.approx(SECONDS, abs=1)


@pytest.mark.parametrize(
    "written",
    [
        "3/17/2027, 10:21:30 PM",
        "3/17/2027, 10:21:30\u202fPM",
        "17/03/2027, 22:21:30",
        "17/3/2027, 10:21:30 pm",
        "17.03.2027, 22:21:30",
        "17.3.2027 22:21:30",
        "17-03-2027 22:21:30",
        "2027/3/17 22:21:30",
        "2027-03-17 22:21:30",
        "2027-03-17T22:21:30",
    ],
)
def test_a_time_without_a_zone_is_the_earliest_that_it_can_be(written: str) -> None:
    assert seconds_until(written, NOW) == EARLIEST.timestamp()


@pytest.mark.parametrize(
    "written", [None, "", " ", 0, -1, -1.0, "0", "-1", "Session", "session", "Sitzung", "null"]
)
def test_a_session_cookie_has_no_date(written: object) -> None:
    assert seconds_until(written, NOW) is None


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("3/7/2024, 10:21:30 PM", (2024, 3, 7)),
        ("3/7/2024, 10:21:30 pm", (2024, 3, 7)),  # past, whichever of both it is
        ("2/11/2028 12:00", (2028, 2, 10)),  # future, whichever: the earlier one
        ("12/31/2027", (2027, 12, 30)),
        ("31.12.2027", (2027, 12, 30)),
        ("12:00 AM", None),
        ("10/12/2026 08:00", None),  # 12 October is past, 10 December is not
        ("10/12/2026, 8:00:00 AM", None),
        ("10-12-2026 08:00", None),
        ("10.12.2026 08:00", (2026, 12, 9)),  # nobody writes the month first with points
    ],
)
def test_day_and_month_are_told_apart_or_asked_about(
    written: str, day: tuple[int, int, int] | None
) -> None:
    if day is None:
        with pytest.raises(UnreadableExpiryError):
            seconds_until(written, NOW)
        return
    found = seconds_until(written, NOW)
    assert found is not None
    moment = datetime.fromtimestamp(found, UTC)
    assert (moment.year, moment.month, moment.day) == day


@pytest.mark.parametrize(
    "written",
    [
        "never", "in a year", "tomorrow", "31/31/2027", "13:00 PM", "3/7/27, 10:21:30 PM",
        "17.03.2027, 22:21:30 PM MEZ", "1e9", float("nan"), float("inf"), 10**22, True, [],
        {"a": 1}, "2027-13-01", "Mar 17 2027", "n/a", "0001-01-01", "9999999999999999999999",
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_never_taken_for_never(written: object) -> None:
    with pytest.raises(UnreadableExpiryError):
        seconds_until(written, NOW)


def test_dates_far_away_stay_far_away() -> None:
    assert seconds_until(253_402_300_799, NOW) == 253_402_300_799
    assert seconds_until("9999-12-31T23:59:59Z", NOW) == 253_402_300_799

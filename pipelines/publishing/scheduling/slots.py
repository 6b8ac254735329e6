"""An account's time zone, its days, and the moments of its weekly slots.

When clocks change, some local times don't exist and others occur twice. RFC 5545 (section 3.3.5)
says what such times mean, and ``zoneinfo`` follows it with ``fold=0``: a skipped time is read with
the offset before the change (02:30 in the spring night in New York is 03:30), and for a time that
occurs twice the first one is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from core.errors import InputError

LARGEST_CHANGE = timedelta(hours=3)
"""More than the largest clock change of any zone (two hours, Antarctica/Troll)."""

ONE_DAY = timedelta(days=1)
CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True, slots=True, order=True)
class SlotTime:
    """A weekly time: ``weekday`` 1 (Monday) to 7 as in ISO 8601, ``at`` as ``HH:MM``."""

    weekday: int
    at: str


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises:
        InputError: there is no such zone; the message suggests similar names.
    """
    if name not in zone_names():
        similar = _similar(name)
        advice = (
            f"did you mean {' or '.join(similar)}?" if similar else "choose one like Europe/Berlin."
        )
        raise InputError(
            f"There is no time zone {name or 'without a name'}: {advice}", field="timezone"
        )
    return ZoneInfo(name)


@cache
def zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def clock_time(text: str) -> str:
    """``text`` if it is a time as ``HH:MM``, else InputError."""
    if not CLOCK_TIME.fullmatch(text):
        raise InputError(
            f"{text or 'An empty field'} is not a time: write one like 18:30.", field="time"
        )
    return text


def at_local(where: ZoneInfo, day: date, at: str) -> datetime:
    """The moment (UTC) at which the clock of ``where`` shows ``at`` (``HH:MM``) on ``day``."""
    return datetime.combine(day, time.fromisoformat(at), where).astimezone(UTC)


def local_day(where: ZoneInfo, moment: datetime) -> date:
    return moment.astimezone(where).date()


def spoken(where: ZoneInfo, moment: datetime) -> str:
    """A moment as text for people: ``Tue 24 Nov 18:30 (Europe/Berlin)``."""
    return f"{moment.astimezone(where):%a %d %b %H:%M} ({where.key})"


def moments(slots: Iterable[SlotTime], where: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """The slots' moments (UTC) later than ``after``, ascending; endless unless there is no slot.

    Each slot occurs once on its day, even when clocks change. Two slots that a change moves to the
    same moment (02:30 and 03:30 in that spring night) count as one.
    """
    wanted = list(slots)
    day = local_day(where, after) - ONE_DAY
    pending: set[datetime] = set()
    while wanted:
        today = [slot for slot in wanted if slot.weekday == day.isoweekday()]
        pending.update(at_local(where, day, slot.at) for slot in today)
        day += ONE_DAY
        # A skipped 23:30 may be 00:30 of the next day, so late moments wait for that day's slots.
        settled = at_local(where, day, "00:00") - LARGEST_CHANGE
        yield from sorted(moment for moment in pending if after < moment < settled)
        pending = {moment for moment in pending if moment >= settled}


def _similar(name: str) -> list[str]:
    """Zones whose name or city is similar to ``name``."""
    asked = name.strip().replace(" ", "_").casefold()
    known = {full.casefold(): full for full in sorted(zone_names())}
    cities: dict[str, str] = {}
    for folded, full in known.items():
        cities.setdefault(folded.rpartition("/")[2], full)
    similar = [(cities | known)[match] for match in get_close_matches(asked, cities | known, n=3)]
    return list(dict.fromkeys(similar))

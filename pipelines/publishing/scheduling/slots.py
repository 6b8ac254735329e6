"""An account's times by its own clock: zones, days, and the moments of weekly slots (U4).

Clocks change, and then some local times don't exist and others come twice. RFC 5545 (section
3.3.5) says what is meant, and ``zoneinfo`` does just that with ``fold=0``: a time that was skipped
is read with the offset before the change (02:30 in a spring night of New York is 03:30), of one
that comes twice the first is meant.
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
"""More than any zone's clock changes by (two hours, Antarctica/Troll)."""

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
        InputError: there is none of this name; the sentence offers those that read like it.
    """
    if name not in zone_names():
        near = _like(name)
        advice = f"perhaps {' or '.join(near)}" if near else "choose one like Europe/Berlin"
        raise InputError(f"There is no time zone {name or 'without a name'}: {advice}.")
    return ZoneInfo(name)


@cache
def zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def clock_time(text: str) -> str:
    """``text`` if it is a time as ``HH:MM``, else InputError."""
    if not CLOCK_TIME.fullmatch(text):
        raise InputError(f"{text or 'An empty field'} is not a time: write it like 18:30.")
    return text


def at_local(where: ZoneInfo, day: date, at: str) -> datetime:
    """The moment (UTC) at which the clock of ``where`` shows ``at`` (``HH:MM``) on ``day``."""
    return datetime.combine(day, time.fromisoformat(at), where).astimezone(UTC)


def local_day(where: ZoneInfo, moment: datetime) -> date:
    return moment.astimezone(where).date()


def spoken(where: ZoneInfo, moment: datetime) -> str:
    """A moment as a person reads it: ``Tue 24 Nov 18:30 (Europe/Berlin)``."""
    return f"{moment.astimezone(where):%a %d %b %H:%M} ({where.key})"


def moments(slots: Iterable[SlotTime], where: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """The slots' moments (UTC) later than ``after``, ascending; endless unless there is no slot.

    Each slot comes once on its day, whatever the clock does. Two that a change brings onto one
    moment (02:30 and 03:30 in that spring night) are one there.
    """
    wanted = list(slots)
    day = local_day(where, after) - ONE_DAY
    held: set[datetime] = set()
    while wanted:
        today = [slot for slot in wanted if slot.weekday == day.isoweekday()]
        held.update(at_local(where, day, slot.at) for slot in today)
        day += ONE_DAY
        # A skipped 23:30 may be 00:30 of the next day: what is that late waits for its slots.
        settled = at_local(where, day, "00:00") - LARGEST_CHANGE
        yield from sorted(moment for moment in held if after < moment < settled)
        held = {moment for moment in held if moment >= settled}


def _like(name: str) -> list[str]:
    """Zones whose name or city reads like ``name``."""
    asked = name.strip().replace(" ", "_").casefold()
    known = {full.casefold(): full for full in sorted(zone_names())}
    cities: dict[str, str] = {}
    for folded, full in known.items():
        cities.setdefault(folded.rpartition("/")[2], full)
    near = [(cities | known)[match] for match in get_close_matches(asked, cities | known, n=3)]
    return list(dict.fromkeys(near))

"""What an operator chooses for one account: its time zone, its posts a day, and its weekly slots.

Each change is one transaction with an entry in the audit log, and reschedules the account's posts.
Several accounts are changed at once by ``weekly_times.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from core import db
from core.errors import InputError
from models import Slot
from pipelines import versions
from pipelines.publishing.accounts import account_settings
from pipelines.publishing.scheduling import post_times, slots

MOST_A_DAY = 50
MOST_GAP_MINUTES = 7 * 24 * 60
MOST_SLOTS = 7 * 48
SLOT_ACTIONS = ("account.add_slots", "account.remove_slot", "account.replace_slots")
NOT_DONE = (
    "changed these time slots after you opened this page, so nothing was {done}. The page shows "
    "them as they are now."
)
"""For changes with nothing typed, which could be shown beside what is there now."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@cache
def zones() -> tuple[str, ...]:
    """Names of all time zones (IANA), places first."""
    return tuple(sorted(slots.zone_names(), key=lambda name: ("/" not in name, name)))


def zone(name: str) -> str:
    """The zone's IANA name, in any spelling; InputError for an unknown zone."""
    written = name.strip().replace(" ", "_").casefold()
    official = next((known for known in zones() if known.casefold() == written), name.strip())
    return slots.zone(official).key


def set_times(
    account_id: int,
    by: str,
    *,
    timezone: str,
    posts_a_day: int | None,
    gap_minutes: int | None,
    seen: str = "",
) -> None:
    """Set the account's time zone, its posts a day, and the gap between two posts.

    ``seen`` is the version that the form began with, if any.

    Raises:
        InputError: no such zone, or a figure out of range (None: it was not a number).
        SavedMeanwhileError: they are another version by now.
    """
    name = zone(timezone)
    if posts_a_day is None or not 1 <= posts_a_day <= MOST_A_DAY:
        raise InputError(
            f"Posts a day must be a whole number from 1 to {MOST_A_DAY}.", field="posts_a_day"
        )
    if gap_minutes is None or not 0 <= gap_minutes <= MOST_GAP_MINUTES:
        raise InputError(
            f"Minutes between two posts must be a whole number from 0 to {MOST_GAP_MINUTES} "
            "(a week).",
            field="gap_minutes",
        )
    with db.transaction():
        account_settings.change(
            account_id,
            by,
            "account.set_times",
            f"{name}, {posts_a_day} posts a day, {gap_minutes} minutes apart",
            seen,
            timezone=name,
            posts_a_day=posts_a_day,
            gap_minutes=gap_minutes,
        )
        post_times.reassign(account_id)


def weekly_slots(account_id: int) -> dict[int, list[Slot]]:
    """The account's weekly slots by weekday (1 is Monday), in order of time."""
    days: dict[int, list[Slot]] = {day: [] for day in range(1, 8)}
    for slot in Slot.select().where(Slot.account == account_id).order_by(Slot.at):
        days[slot.weekday].append(slot)
    return days


def slots_version(account_id: int) -> str:
    """The version of the account's slots, for a form that shows them."""
    days = weekly_slots(account_id).items()
    return versions.of({str(day): [slot.at for slot in slots] for day, slots in days})


def add_slots(account_id: int, weekdays: Iterable[int], at: str, by: str, *, seen: str = "") -> int:
    """Add a slot ``at`` a time (``HH:MM``) on each of ``weekdays``; the number of new slots.

    Raises:
        InputError: no such time or day, or too many slots.
        SavedMeanwhileError: the slots are another version than ``seen`` by now.
    """
    days = sorted(set(weekdays))
    time = time_of_day(at)
    if not days or not set(days) <= set(range(1, 8)):
        raise InputError("Choose at least one day of the week for this time.", field="weekday")
    return _add(account_id, [(day, time) for day in days], by, f"{time} on {_names(days)}", seen)


def copy_to_all_days(account_id: int, weekday: int, by: str, *, seen: str = "") -> int:
    """Copy one day's times to every day; the number of new slots.

    Raises:
        InputError: that day has no times.
        SavedMeanwhileError: the slots are another version than ``seen`` by now.
    """
    times = [slot.at for slot in weekly_slots(account_id).get(weekday, [])]
    if not times:
        raise InputError("This day has no times to copy.")
    wanted = [(day, time) for day in range(1, 8) for time in times]
    words = f"{', '.join(times)} on every day"
    return _add(account_id, wanted, by, words, seen, did=NOT_DONE.format(done="copied"))


def remove_slot(account_id: int, slot_id: int, by: str, *, seen: str = "") -> None:
    """Remove a slot.

    Raises:
        InputError: the account no longer has it.
        SavedMeanwhileError: the slots are another version than ``seen`` by now.
    """
    with db.transaction():
        account_settings.locked_account(account_id)
        _check(account_id, seen, NOT_DONE.format(done="removed"))
        slot = Slot.get_or_none(Slot.id == slot_id, Slot.account == account_id)
        if slot is None:
            raise InputError("This time is already removed.")
        slot.delete_instance()
        account_settings.audit(
            "account.remove_slot", account_id, by, f"{slot.at} on {_names([slot.weekday])}"
        )
        post_times.reassign(account_id)


def replace_slots(account_id: int, wanted: Iterable[tuple[int, str]], by: str) -> None:
    """Replace all slots by these pairs of weekday and ``HH:MM``; raises InputError if too many."""
    slots = sorted(set(wanted))
    if len(slots) > MOST_SLOTS:
        raise InputError(f"An account can have at most {MOST_SLOTS} times a week.")
    days: dict[str, list[int]] = {}
    for weekday, time in slots:
        days.setdefault(time, []).append(weekday)
    words = "; ".join(f"{time} on {_names(on)}" for time, on in days.items())
    with db.transaction():
        account_settings.locked_account(account_id)
        Slot.delete().where(Slot.account == account_id).execute()
        rows = [{"account": account_id, "weekday": day, "at": time} for day, time in slots]
        if rows:
            Slot.insert_many(rows).execute()
        account_settings.audit("account.replace_slots", account_id, by, words or "none")
        post_times.reassign(account_id)


def _add(
    account_id: int,
    wanted: list[tuple[int, str]],
    by: str,
    words: str,
    seen: str,
    *,
    did: str = versions.BOTH_SHOWN,
) -> int:
    with db.transaction():
        account_settings.locked_account(account_id)
        _check(account_id, seen, did)
        by_day = weekly_slots(account_id).values()
        known = {(slot.weekday, slot.at) for day in by_day for slot in day}
        new = [pair for pair in dict.fromkeys(wanted) if pair not in known]
        if len(known) + len(new) > MOST_SLOTS:
            raise InputError(f"An account can have at most {MOST_SLOTS} times a week.")
        for weekday, time in new:
            Slot.create(account=account_id, weekday=weekday, at=time)
        if new:
            account_settings.audit("account.add_slots", account_id, by, words)
            post_times.reassign(account_id)
    return len(new)


def _check(account_id: int, seen: str, did: str) -> None:
    """Raises SavedMeanwhileError if somebody has changed the slots since ``seen``."""
    if seen:
        subject = f"account {account_id}"
        versions.check(seen, slots_version(account_id), subject, actions=SLOT_ACTIONS, did=did)


def time_of_day(at: str) -> str:
    """The time as ``HH:MM``, also from ``9:05``; InputError if it is not a time."""
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", at.strip())
    if match is None:
        raise InputError("Write the time as hours and minutes, such as 18:30.", field="at")
    return f"{int(match[1]):02d}:{match[2]}"


def _names(days: list[int]) -> str:
    return ", ".join(DAYS[day - 1] for day in days)

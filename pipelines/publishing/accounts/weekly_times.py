"""The posting times of many accounts, changed alike; and as facts, so that a change can be undone.

One account's page changes them one by one: ``account_times.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from peewee import ModelSelect

from core import db
from core.errors import InputError
from models import Account
from pipelines.publishing.accounts import account_times

MOST_TIMES = 48
"""Times of a day in one change."""


@dataclass(frozen=True, slots=True)
class Change:
    """What changes; None leaves it as it is.

    Attributes:
        times: replace all weekly times, as pairs of a weekday (1 is Monday) and ``HH:MM``; none
            means that posts go out as soon as they are ready.
    """

    timezone: str | None = None
    posts_a_day: int | None = None
    gap_minutes: int | None = None
    times: frozenset[tuple[int, str]] | None = None


def parse(text: str, weekdays: Iterable[int]) -> frozenset[tuple[int, str]]:
    """The same times, separated by spaces or commas, on each of ``weekdays``.

    Raises:
        InputError: no time or day, too many times, or one that is no time.
    """
    words = text.replace(",", " ").split()
    days = set(weekdays)
    if not words or not days <= set(range(1, 8)) or not days:
        raise InputError(
            "Write at least one time, such as 18:30, and choose at least one day.", field="at"
        )
    if len(words) > MOST_TIMES:
        raise InputError(f"Write at most {MOST_TIMES} times.", field="at")
    return frozenset((day, account_times.time_of_day(word)) for day in days for word in words)


def apply(account_id: int, change: Change, by: str) -> None:
    """Change the account's times, and reschedule its posts.

    Raises:
        InputError: there is no such account, no such zone, or a figure is out of range.
    """
    with db.transaction():
        account = _read(account_id)
        if (change.timezone, change.posts_a_day, change.gap_minutes) != (None, None, None):
            account_times.set_times(
                account_id,
                by,
                timezone=change.timezone or account.timezone,
                posts_a_day=_or(change.posts_a_day, account.posts_a_day),
                gap_minutes=_or(change.gap_minutes, account.gap_minutes),
            )
        if change.times is not None:
            account_times.replace_slots(account_id, change.times, by)


def facts(account_id: int) -> dict[str, Any]:
    """Everything that ``apply`` can change; empty if there is no such account."""
    account = _columns().where(Account.id == account_id).first()
    if account is None:
        return {}
    return {
        "timezone": account.timezone,
        "posts_a_day": account.posts_a_day,
        "gap_minutes": account.gap_minutes,
        "times": sorted([slot.weekday, slot.at] for slot in account.slots),
    }


def restore(account_id: int, before: dict[str, Any], by: str) -> None:
    """Put back what ``facts`` had read."""
    times = frozenset((day, at) for day, at in before["times"])
    apply(account_id, Change(**{**before, "times": times}), by)


def _or(wanted: int | None, present: int) -> int:
    return present if wanted is None else wanted


def _columns() -> ModelSelect[Account]:
    return Account.select(Account.id, Account.timezone, Account.posts_a_day, Account.gap_minutes)


def _read(account_id: int) -> Account:
    account: Account | None = _columns().where(Account.id == account_id).first()
    if account is None:
        raise InputError(f"There is no account {account_id}.")
    return account

"""The settings of an account; the audit log records who made each change.

TikTok's rules for apps that post (Content Sharing Guidelines): a person chooses who can see the
posts, and there is no default; interactions are off until somebody switches them on; and a person
agrees to the Music Usage Confirmation before anything is posted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from core import db
from core.cookies import parse_cookies
from core.crypto import EncryptedTextField
from core.errors import InputError
from models import Account, AuditEntry, Method, Slot, locked
from pipelines.publishing.delivery.method_availability import METHODS
from pipelines.publishing.posts.post_options import PRIVACY, SWITCHES
from pipelines.publishing.scheduling import post_times, slots

USERNAME = r"[\w.]{1,60}"
MUSIC_URL = "https://www.tiktok.com/legal/page/global/music-usage-confirmation/en"
CONSENT = "By posting, you agree to TikTok's Music Usage Confirmation."
"""The declaration that TikTok requires next to the button (Content Sharing Guidelines, 2026)."""

PLAIN = tuple(
    field
    for field in Account._meta.sorted_fields  # noqa: SLF001  # peewee's public name
    if not isinstance(field, EncryptedTextField)
)
"""Every column except the secrets, to avoid decrypting them."""

SET_POSTING = "account.set_posting"
MOST_A_DAY = 50
MOST_GAP_MINUTES = 7 * 24 * 60
MOST_SLOTS = 7 * 48
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SWITCH_WORDS = dict(zip(SWITCHES, ("comments", "duets", "stitches", "AI label"), strict=True))


def times_changed(account: Account) -> None:
    """Reschedule the account's posts, in the transaction that changed its times.

    Its row is locked, and was read without its secrets (``PLAIN``).
    """
    post_times.reassign(account.id)


# ── posts ────────────────────────────────────────────────────────────────────────────────────


def set_posting(account_id: int, by: str, *, privacy: str, agreed: bool, **switches: bool) -> None:
    """Set who can see the account's posts, and which interactions they allow.

    Args:
        account_id: the account.
        by: who decides.
        privacy: one of ``post_options.PRIVACY``.
        agreed: the person has agreed to ``CONSENT``.
        switches: those of ``post_options.SWITCHES`` that are on; the others are switched off.

    Raises:
        InputError: no audience was chosen, or the person has not agreed.
    """
    if privacy not in PRIVACY:
        raise InputError("Choose who can see the account's posts: there is no default.")
    if not agreed:
        raise InputError(
            "TikTok requires your agreement to its Music Usage Confirmation: tick it, then save."
        )
    chosen = {name: bool(switches.get(name)) for name in SWITCHES}
    words = [f"{SWITCH_WORDS[name]} {'on' if on else 'off'}" for name, on in chosen.items()]
    _set(
        account_id,
        by,
        SET_POSTING,
        f"seen by: {PRIVACY[privacy]}; {', '.join(words)}; agreed to the Music Usage Confirmation",
        privacy=privacy,
        **chosen,
    )


def agreement(account_id: int) -> AuditEntry | None:
    """The last agreement to ``CONSENT`` for this account: who, and when."""
    entries = AuditEntry.select().where(
        AuditEntry.subject == f"account {account_id}", AuditEntry.action == SET_POSTING
    )
    newest: AuditEntry | None = entries.order_by(AuditEntry.id.desc()).first()
    return newest


def set_methods(account_id: int, methods: Iterable[str], by: str) -> None:
    """Set the methods that the account's posts may use; they are tried in the order of ``Method``.

    Raises:
        InputError: none is left, or one is unknown.
    """
    wanted = set(methods)
    if unknown := wanted - set(Method):
        raise InputError(f"There is no method {min(unknown)}: choose from {', '.join(Method)}.")
    if not wanted:
        raise InputError("Keep at least one method, or the account's posts can't go out.")
    chosen = [method for method in Method if method in wanted]
    _set(
        account_id,
        by,
        "account.set_methods",
        ", ".join(METHODS[method] for method in chosen),
        methods=chosen,
    )


# ── times ────────────────────────────────────────────────────────────────────────────────────


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
    account_id: int, by: str, *, timezone: str, posts_a_day: int | None, gap_minutes: int | None
) -> None:
    """Set the account's time zone, its posts a day, and the gap between two posts.

    Raises:
        InputError: no such zone, or a figure out of range (None: it was not a number).
    """
    name = zone(timezone)
    if posts_a_day is None or not 1 <= posts_a_day <= MOST_A_DAY:
        raise InputError(f"Posts a day must be a whole number from 1 to {MOST_A_DAY}.")
    if gap_minutes is None or not 0 <= gap_minutes <= MOST_GAP_MINUTES:
        raise InputError(
            f"Minutes between two posts must be a whole number from 0 to {MOST_GAP_MINUTES} "
            "(a week)."
        )
    with db.transaction():
        account = _set(
            account_id,
            by,
            "account.set_times",
            f"{name}, {posts_a_day} posts a day, {gap_minutes} minutes apart",
            timezone=name,
            posts_a_day=posts_a_day,
            gap_minutes=gap_minutes,
        )
        times_changed(account)


def weekly_slots(account_id: int) -> dict[int, list[Slot]]:
    """The account's weekly slots by weekday (1 is Monday), in order of time."""
    days: dict[int, list[Slot]] = {day: [] for day in range(1, 8)}
    for slot in Slot.select().where(Slot.account == account_id).order_by(Slot.at):
        days[slot.weekday].append(slot)
    return days


def add_slots(account_id: int, weekdays: Iterable[int], at: str, by: str) -> int:
    """Add a slot ``at`` a time (``HH:MM``) on each of ``weekdays``; the number of new slots.

    Raises:
        InputError: no such time or day, or too many slots.
    """
    days = sorted(set(weekdays))
    time = time_of_day(at)
    if not days or not set(days) <= set(range(1, 8)):
        raise InputError("Choose at least one day of the week for this time.")
    return _add(account_id, [(day, time) for day in days], by, f"{time} on {_names(days)}")


def copy_to_all_days(account_id: int, weekday: int, by: str) -> int:
    """Copy one day's times to every day; the number of new slots.

    Raises:
        InputError: that day has no times.
    """
    times = [slot.at for slot in weekly_slots(account_id).get(weekday, [])]
    if not times:
        raise InputError("This day has no times to copy.")
    wanted = [(day, time) for day in range(1, 8) for time in times]
    return _add(account_id, wanted, by, f"{', '.join(times)} on every day")


def remove_slot(account_id: int, slot_id: int, by: str) -> None:
    """Remove a slot; raises InputError if the account no longer has it."""
    with db.transaction():
        account = _locked(account_id)
        slot = Slot.get_or_none(Slot.id == slot_id, Slot.account == account_id)
        if slot is None:
            raise InputError("This time is already removed.")
        slot.delete_instance()
        _audit("account.remove_slot", account_id, by, f"{slot.at} on {_names([slot.weekday])}")
        times_changed(account)


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
        account = _locked(account_id)
        Slot.delete().where(Slot.account == account_id).execute()
        rows = [{"account": account_id, "weekday": day, "at": time} for day, time in slots]
        if rows:
            Slot.insert_many(rows).execute()
        _audit("account.replace_slots", account_id, by, words or "none")
        times_changed(account)


def _add(account_id: int, wanted: list[tuple[int, str]], by: str, words: str) -> int:
    with db.transaction():
        account = _locked(account_id)
        by_day = weekly_slots(account_id).values()
        known = {(slot.weekday, slot.at) for day in by_day for slot in day}
        new = [pair for pair in dict.fromkeys(wanted) if pair not in known]
        if len(known) + len(new) > MOST_SLOTS:
            raise InputError(f"An account can have at most {MOST_SLOTS} times a week.")
        for weekday, time in new:
            Slot.create(account=account_id, weekday=weekday, at=time)
        if new:
            _audit("account.add_slots", account_id, by, words)
            times_changed(account)
    return len(new)


def time_of_day(at: str) -> str:
    """The time as ``HH:MM``, also from ``9:05``; InputError if it is not a time."""
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", at.strip())
    if match is None:
        raise InputError("Write the time as hours and minutes, such as 18:30.")
    return f"{int(match[1]):02d}:{match[2]}"


def _names(days: list[int]) -> str:
    return ", ".join(DAYS[day - 1] for day in days)


# ── the browser session ──────────────────────────────────────────────────────────────────────


def set_browser_session(
    account_id: int, text: str, by: str, *, username: str, site: str = "tiktok.com"
) -> None:
    """Store the cookies of the creator's signed-in browser, encrypted.

    Args:
        account_id: the account.
        text: the export of a browser extension.
        by: who decides.
        username: the creator's @name; nothing is posted if somebody else is signed in.
        site: the host that the cookies must be for.

    Raises:
        InputError: this is not an export, or nobody is signed in; never repeats the cookies.
    """
    username = username.strip().removeprefix("@")
    if not re.fullmatch(USERNAME, username):
        raise InputError("Enter the creator's @name: 1 to 60 letters, digits, dots or underscores.")
    session = parse_cookies(text, site)
    _set(
        account_id,
        by,
        "account.set_browser_session",
        f"@{username}",
        username=username,
        browser_session=session,
        browser_session_version=Account.browser_session_version + 1,
        browser_checked_at=None,
        browser_error="",
    )


def forget_browser_session(account_id: int, by: str) -> None:
    """Delete the stored cookies; raises InputError if there are none."""
    with db.transaction():
        stored = Account.select(Account.id).where(
            Account.id == account_id, Account.browser_session.is_null(False)
        )
        if not stored.exists():
            raise InputError("No browser session is stored for this account.")
        _set(
            account_id,
            by,
            "account.forget_browser_session",
            "",
            browser_session=None,
            browser_session_version=Account.browser_session_version + 1,
            browser_checked_at=None,
            browser_error="",
        )


# ── shared ───────────────────────────────────────────────────────────────────────────────────


def _set(account_id: int, by: str, action: str, words: str, **changes: Any) -> Account:
    """Write ``changes`` and the audit entry; gives the changed account, without its secrets."""
    with db.transaction():
        _locked(account_id)
        Account.update(**changes).where(Account.id == account_id).execute()
        _audit(action, account_id, by, words)
        return _locked(account_id)


def _locked(account_id: int) -> Account:
    """The account, locked against other changes; its secrets are not read."""
    account: Account | None = locked(Account.select(*PLAIN).where(Account.id == account_id)).first()
    if account is None:
        raise InputError(f"There is no account {account_id}.")
    return account


def _audit(action: str, account_id: int, by: str, words: str) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"account {account_id}", reason=words)

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

from peewee import fn

from core import db
from core.cookies import parse_cookies
from core.crypto import EncryptedTextField
from core.errors import InputError
from models import Account, AuditEntry, Method, Slot, locked
from pipelines import versions
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
SET_SESSION = "account.set_browser_session"
FORGET_SESSION = "account.forget_browser_session"
SESSION_ACTIONS = (SET_SESSION, FORGET_SESSION)
MOST_A_DAY = 50
MOST_GAP_MINUTES = 7 * 24 * 60
MOST_SLOTS = 7 * 48
SLOT_ACTIONS = ("account.add_slots", "account.remove_slot", "account.replace_slots")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SWITCH_WORDS = dict(zip(SWITCHES, ("comments", "duets", "stitches", "AI label"), strict=True))


def times_changed(account: Account) -> None:
    """Reschedule the account's posts, in the transaction that changed its times.

    Its row is locked, and was read without its secrets (``PLAIN``).
    """
    post_times.reassign(account.id)


# ── posts ────────────────────────────────────────────────────────────────────────────────────


def version_of(account: Account, *names: str) -> str:
    """The version of these settings, for a form that shows them."""
    return versions.of({name: getattr(account, name) for name in names})


def set_posting(
    account_id: int, by: str, *, privacy: str, agreed: bool, seen: str = "", **switches: bool
) -> None:
    """Set who can see the account's posts, and which interactions they allow.

    Args:
        account_id: the account.
        by: who decides.
        privacy: one of ``post_options.PRIVACY``.
        agreed: the person has agreed to ``CONSENT``.
        seen: the version that the form began with, if any.
        switches: those of ``post_options.SWITCHES`` that are on; the others are switched off.

    Raises:
        InputError: no audience was chosen, or the person has not agreed.
        SavedMeanwhileError: they are another version by now.
    """
    if privacy not in PRIVACY:
        raise InputError(
            "Choose who can see the account's posts: there is no default.", field="privacy"
        )
    if not agreed:
        raise InputError(
            "TikTok requires your agreement to its Music Usage Confirmation: tick it, then save.",
            field="agreed",
        )
    chosen = {name: bool(switches.get(name)) for name in SWITCHES}
    words = [f"{SWITCH_WORDS[name]} {'on' if on else 'off'}" for name, on in chosen.items()]
    _set(
        account_id,
        by,
        SET_POSTING,
        f"seen by: {PRIVACY[privacy]}; {', '.join(words)}; agreed to the Music Usage Confirmation",
        seen,
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


def set_methods(account_id: int, methods: Iterable[str], by: str, seen: str = "") -> None:
    """Set the methods that the account's posts may use; they are tried in the order of ``Method``.

    ``seen`` is the version that the form began with, if any.

    Raises:
        InputError: none is left, or one is unknown.
        SavedMeanwhileError: they are another version by now.
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
        seen,
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
        account = _set(
            account_id,
            by,
            "account.set_times",
            f"{name}, {posts_a_day} posts a day, {gap_minutes} minutes apart",
            seen,
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
    return _add(account_id, wanted, by, f"{', '.join(times)} on every day", seen)


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


def _add(account_id: int, wanted: list[tuple[int, str]], by: str, words: str, seen: str) -> int:
    with db.transaction():
        account = _locked(account_id)
        if seen:
            current = slots_version(account_id)
            versions.check(seen, current, f"account {account_id}", actions=SLOT_ACTIONS)
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
        raise InputError("Write the time as hours and minutes, such as 18:30.", field="at")
    return f"{int(match[1]):02d}:{match[2]}"


def _names(days: list[int]) -> str:
    return ", ".join(DAYS[day - 1] for day in days)


# ── the browser session ──────────────────────────────────────────────────────────────────────


def set_browser_session(
    account_id: int,
    text: str,
    by: str,
    *,
    username: str,
    site: str = "tiktok.com",
    seen: str = "",
) -> None:
    """Store the cookies of the creator's signed-in browser, encrypted.

    Args:
        account_id: the account.
        text: the export of a browser extension.
        by: who decides.
        username: the creator's @name; nothing is posted if somebody else is signed in.
        site: the host that the cookies must be for.
        seen: ``session_version`` that the form began with, if any.

    Raises:
        InputError: this is not an export, or nobody is signed in; never repeats the cookies.
        SavedMeanwhileError: it is another version by now.
    """
    username = username.strip().removeprefix("@")
    if not re.fullmatch(USERNAME, username):
        raise InputError(
            "Enter the creator's @name: 1 to 60 letters, digits, dots or underscores.",
            field="username",
        )
    session = parse_cookies(text, site)
    with db.transaction():
        current = session_version(_locked(account_id))
        versions.check(seen, current, f"account {account_id}", actions=SESSION_ACTIONS)
        _set(
            account_id,
            by,
            SET_SESSION,
            f"@{username}",
            username=username,
            browser_session=session,
            browser_session_version=Account.browser_session_version + 1,
            browser_checked_at=None,
            browser_error="",
        )


def session_version(account: Account) -> str:
    """The version of its browser session, for a form that replaces it.

    Uploads store cookies too: only what people did counts.
    """
    done = AuditEntry.select(fn.MAX(AuditEntry.id)).where(
        AuditEntry.subject == f"account {account.id}", AuditEntry.action.in_(SESSION_ACTIONS)
    )
    return versions.of({"username": account.username, "done": done.scalar()})


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
            FORGET_SESSION,
            "",
            browser_session=None,
            browser_session_version=Account.browser_session_version + 1,
            browser_checked_at=None,
            browser_error="",
        )


# ── shared ───────────────────────────────────────────────────────────────────────────────────


def _set(
    account_id: int, by: str, action: str, words: str, seen: str = "", **changes: Any
) -> Account:
    """Write ``changes`` and the audit entry; gives the changed account, without its secrets."""
    with db.transaction():
        before = _locked(account_id)
        if seen:
            versions.check(seen, version_of(before, *changes), f"account {account_id}")
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

"""What a person may set on an account; each change says in the audit log who made it.

TikTok's rules for apps that post (Content Sharing Guidelines): a person chooses who may see the
posts, nothing is chosen for them; interactions are off until somebody switches them on; and they
agree to the Music Usage Confirmation before anything is posted.
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
"""The declaration that TikTok wants beside the button (Content Sharing Guidelines, 2026)."""

PLAIN = tuple(
    field
    for field in Account._meta.sorted_fields  # noqa: SLF001  # peewee's public name
    if not isinstance(field, EncryptedTextField)
)
"""Every column but the secrets, for who need not decrypt them."""

SET_POSTING = "account.set_posting"
MOST_A_DAY = 50
MOST_GAP_MINUTES = 7 * 24 * 60
MOST_SLOTS = 7 * 48
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SWITCH_WORDS = dict(zip(SWITCHES, ("comments", "duets", "stitches", "AI label"), strict=True))


def times_changed(account: Account) -> None:
    """The account's planned posts are booked anew, in the transaction that has changed its times.

    Its row is locked, and holds all but its secrets (``PLAIN``).
    """
    post_times.reassign(account.id)


# ── posts ────────────────────────────────────────────────────────────────────────────────────


def set_posting(account_id: int, by: str, *, privacy: str, agreed: bool, **switches: bool) -> None:
    """What the account's posts say of themselves.

    Args:
        account_id: the account.
        by: who decides.
        privacy: one of ``options.PRIVACY``.
        agreed: the person has agreed to ``CONSENT``.
        switches: those of ``options.SWITCHES`` that are on; the others go off.

    Raises:
        InputError: nobody was chosen, or the person has not agreed.
    """
    if privacy not in PRIVACY:
        raise InputError("Choose who can see the account's posts; nothing is chosen for you.")
    if not agreed:
        raise InputError(
            "TikTok wants your agreement to its Music Usage Confirmation: tick it, then save."
        )
    chosen = {name: bool(switches.get(name)) for name in SWITCHES}
    words = [f"{SWITCH_WORDS[name]} {'on' if on else 'off'}" for name, on in chosen.items()]
    _set(
        account_id,
        by,
        SET_POSTING,
        f"for: {PRIVACY[privacy]}; {', '.join(words)}; agreed to the Music Usage Confirmation",
        privacy=privacy,
        **chosen,
    )


def agreement(account_id: int) -> AuditEntry | None:
    """Who has last agreed to ``CONSENT`` for this account, and when."""
    entries = AuditEntry.select().where(
        AuditEntry.subject == f"account {account_id}", AuditEntry.action == SET_POSTING
    )
    newest: AuditEntry | None = entries.order_by(AuditEntry.id.desc()).first()
    return newest


def set_methods(account_id: int, methods: Iterable[str], by: str) -> None:
    """The ways that the account's posts may take; they are tried in the order of ``Way``.

    Raises:
        InputError: none is left, or one is unknown.
    """
    wanted = set(methods)
    if unknown := wanted - set(Method):
        raise InputError(f"There is no way {min(unknown)}: choose of {', '.join(Method)}.")
    if not wanted:
        raise InputError("Keep at least one way, or the account's posts could never go out.")
    kept = [method for method in Method if method in wanted]
    _set(
        account_id,
        by,
        "account.set_ways",
        ", ".join(METHODS[method] for method in kept),
        methods=kept,
    )


# ── times ────────────────────────────────────────────────────────────────────────────────────


@cache
def zones() -> tuple[str, ...]:
    """Names of the time zones of the world (IANA), those that are places first."""
    return tuple(sorted(slots.zone_names(), key=lambda name: ("/" not in name, name)))


def zone(name: str) -> str:
    """The zone's proper name, however it was written; InputError for an unknown one."""
    written = name.strip().replace(" ", "_").casefold()
    proper = next((known for known in zones() if known.casefold() == written), name.strip())
    return slots.zone(proper).key


def set_times(
    account_id: int, by: str, *, timezone: str, posts_a_day: int | None, gap_minutes: int | None
) -> None:
    """By whose clock the account posts, how often a day, and how far apart.

    Raises:
        InputError: no such zone, or a figure out of range (None: it was no number).
    """
    name = zone(timezone)
    if posts_a_day is None or not 1 <= posts_a_day <= MOST_A_DAY:
        raise InputError(f"Posts a day: a whole number from 1 to {MOST_A_DAY}.")
    if gap_minutes is None or not 0 <= gap_minutes <= MOST_GAP_MINUTES:
        raise InputError(
            f"Minutes between two posts: a whole number from 0 to {MOST_GAP_MINUTES} (a week)."
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
    """The account's weekly slots by weekday (1 is Monday), each day's in order of time."""
    days: dict[int, list[Slot]] = {day: [] for day in range(1, 8)}
    for slot in Slot.select().where(Slot.account == account_id).order_by(Slot.at):
        days[slot.weekday].append(slot)
    return days


def add_slots(account_id: int, weekdays: Iterable[int], at: str, by: str) -> int:
    """Let a post go out ``at`` a time (``HH:MM``) on each of ``weekdays``; how many were new.

    Raises:
        InputError: no such time or day, or too many slots.
    """
    days = sorted(set(weekdays))
    time = time_of_day(at)
    if not days or not set(days) <= set(range(1, 8)):
        raise InputError("Choose at least one day of the week for this time.")
    return _add(account_id, [(day, time) for day in days], by, f"{time} on {_names(days)}")


def copy_to_all_days(account_id: int, weekday: int, by: str) -> int:
    """Give every day the times of one; how many slots were new.

    Raises:
        InputError: that day has none.
    """
    times = [slot.at for slot in weekly_slots(account_id).get(weekday, [])]
    if not times:
        raise InputError("This day has no times to copy.")
    wanted = [(day, time) for day in range(1, 8) for time in times]
    return _add(account_id, wanted, by, f"{', '.join(times)} on every day")


def remove_slot(account_id: int, slot_id: int, by: str) -> None:
    """Raises InputError when the account has no such slot any more."""
    with db.transaction():
        account = _locked(account_id)
        slot = Slot.get_or_none(Slot.id == slot_id, Slot.account == account_id)
        if slot is None:
            raise InputError("This time is gone already.")
        slot.delete_instance()
        _audit("account.remove_slot", account_id, by, f"{slot.at} on {_names([slot.weekday])}")
        times_changed(account)


def _add(account_id: int, wanted: list[tuple[int, str]], by: str, words: str) -> int:
    with db.transaction():
        account = _locked(account_id)
        by_day = weekly_slots(account_id).values()
        known = {(slot.weekday, slot.at) for day in by_day for slot in day}
        new = [pair for pair in dict.fromkeys(wanted) if pair not in known]
        if len(known) + len(new) > MOST_SLOTS:
            raise InputError(f"An account has at most {MOST_SLOTS} times a week.")
        for weekday, time in new:
            Slot.create(account=account_id, weekday=weekday, at=time)
        if new:
            _audit("account.add_slots", account_id, by, words)
            times_changed(account)
    return len(new)


def time_of_day(at: str) -> str:
    """``HH:MM``, however it was written; InputError where it is no time."""
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", at.strip())
    if match is None:
        raise InputError("A time is written as hours and minutes, such as 18:30.")
    return f"{int(match[1]):02d}:{match[2]}"


def _names(days: list[int]) -> str:
    return ", ".join(DAYS[day - 1] for day in days)


# ── the browser session ──────────────────────────────────────────────────────────────────────


def set_browser_session(
    account_id: int, text: str, by: str, *, username: str, site: str = "tiktok.com"
) -> None:
    """Keep the cookies of the creator's signed-in browser, encrypted.

    Args:
        account_id: the account.
        text: what a browser's extension exported.
        by: who decides.
        username: the creator's @name; nothing is posted where somebody else is signed in.
        site: the host that the cookies must be for.

    Raises:
        InputError: they are no export, or nobody is signed in with them; says none of them.
    """
    username = username.strip().removeprefix("@")
    if not re.fullmatch(USERNAME, username):
        raise InputError(
            "Enter the creator's @name: 1 to 60 letters, digits, dots and underscores."
        )
    session = parse_cookies(text, site)
    _set(
        account_id,
        by,
        "account.set_browser_session",
        f"@{username}",
        username=username,
        browser_session=session,
        browser_checked_at=None,
        browser_error="",
    )


def forget_browser_session(account_id: int, by: str) -> None:
    """Raises InputError when none is stored."""
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
            browser_checked_at=None,
            browser_error="",
        )


# ── all of them ──────────────────────────────────────────────────────────────────────────────


def _set(account_id: int, by: str, action: str, words: str, **changes: Any) -> Account:
    """Write ``changes`` and the audit entry; the account as it is then, without its secrets."""
    with db.transaction():
        _locked(account_id)
        Account.update(**changes).where(Account.id == account_id).execute()
        _audit(action, account_id, by, words)
        return _locked(account_id)


def _locked(account_id: int) -> Account:
    """The account, locked against others who set it; its secrets stay where they are."""
    account: Account | None = locked(Account.select(*PLAIN).where(Account.id == account_id)).first()
    if account is None:
        raise InputError(f"There is no account {account_id}.")
    return account


def _audit(action: str, account_id: int, by: str, words: str) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"account {account_id}", reason=words)

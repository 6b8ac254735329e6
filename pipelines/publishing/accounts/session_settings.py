"""Import and delete an account's browser session; ``browser_session.py`` stores what uses change.

Each change is one transaction with an entry in the audit log.
"""

from __future__ import annotations

import re

from peewee import fn

from core import db
from core.cookies import parse_cookies
from core.errors import InputError
from models import Account, AuditEntry
from pipelines import versions
from pipelines.publishing.accounts import account_settings

USERNAME = r"[\w.]{1,60}"
SET_SESSION = "account.set_browser_session"
FORGET_SESSION = "account.forget_browser_session"
SESSION_ACTIONS = (SET_SESSION, FORGET_SESSION)


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
        current = session_version(account_settings.locked_account(account_id))
        versions.check(seen, current, f"account {account_id}", actions=SESSION_ACTIONS)
        account_settings.change(
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
        account_settings.change(
            account_id,
            by,
            FORGET_SESSION,
            "",
            browser_session=None,
            browser_session_version=Account.browser_session_version + 1,
            browser_checked_at=None,
            browser_error="",
        )

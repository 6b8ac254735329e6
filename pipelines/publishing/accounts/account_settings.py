"""The settings of an account; the audit log records who made each change.

TikTok's rules for apps that post (Content Sharing Guidelines): a person chooses who can see the
posts, and there is no default; interactions are off until somebody switches them on; and a person
agrees to the Music Usage Confirmation before anything is posted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core import db
from core.crypto import EncryptedTextField
from core.errors import InputError
from models import Account, AuditEntry, Method, locked
from pipelines import versions
from pipelines.publishing.delivery.method_availability import METHODS
from pipelines.publishing.posts.post_options import PRIVACY, SWITCHES

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
SWITCH_WORDS = dict(zip(SWITCHES, ("comments", "duets", "stitches", "AI label"), strict=True))


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
    change(
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
    change(
        account_id,
        by,
        "account.set_methods",
        ", ".join(METHODS[method] for method in chosen),
        seen,
        methods=chosen,
    )


def change(
    account_id: int, by: str, action: str, words: str, seen: str = "", **changes: Any
) -> None:
    """Write ``changes`` and the audit entry, unless the settings ``seen`` are others by now."""
    with db.transaction():
        before = locked_account(account_id)
        if seen:
            versions.check(seen, version_of(before, *changes), f"account {account_id}")
        Account.update(**changes).where(Account.id == account_id).execute()
        audit(action, account_id, by, words)


def locked_account(account_id: int) -> Account:
    """The account, locked against other changes; its secrets are not read."""
    account: Account | None = locked(Account.select(*PLAIN).where(Account.id == account_id)).first()
    if account is None:
        raise InputError(f"There is no account {account_id}.")
    return account


def audit(action: str, account_id: int, by: str, words: str) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"account {account_id}", reason=words)

"""The second factor: codes of an app (RFC 6238), and recovery codes for a lost phone."""

from __future__ import annotations

import secrets
import time

import pyotp
import segno
from markupsafe import Markup

from admin.auth import passwords
from core.db import transaction
from core.errors import InputError
from models import AuditEntry, RecoveryCode, User, now

STEP_SECONDS = 30
DRIFT = 1
"""Steps by which a phone's clock may be wrong, in each direction."""
CODES = 10
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that look alike."""
ISSUER = "Storymill"


def begin(user: User) -> str:
    """A new secret for the app; it is in force once a code of it was given.

    Raises:
        InputError: a second factor is in force already.
    """
    secret = pyotp.random_base32()
    changed = (
        User.update(totp_secret=secret)
        .where(User.id == user.id, User.totp_since.is_null())
        .execute()
    )
    if not changed:
        raise InputError("Codes are in use already. Turn them off first.")
    return secret


def address(user: User, secret: str) -> str:
    """What the app reads (the ``otpauth`` form that authenticator apps share)."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=user.name, issuer_name=ISSUER))


def picture(text: str) -> Markup:
    """``text`` as a QR code, drawn in the page: no request, and no file to delete."""
    code = segno.make(text, error="m", micro=False)
    drawn = code.svg_inline(scale=4, border=4, dark="#000", light="#fff", svgclass="qr")
    return Markup(drawn)  # noqa: S704  # drawn by segno; the text is in it as squares only


def confirm(user: User, typed: str, by: str) -> list[str]:
    """Put the second factor in force; the recovery codes, which are shown once.

    Raises:
        InputError: the code is not the app's.
    """
    if user.totp_since is not None:
        raise InputError("Codes are in use already.")
    with transaction():
        if not _use_code(user, typed):
            raise InputError(
                "The app shows another code now. Check that the phone's clock is right."
            )
        User.update(totp_since=now()).where(User.id == user.id).execute()
        AuditEntry.create(actor=by, action="user.two_factor_on", subject=f"user {user.id}")
    return renew_recovery_codes(user.id, by)


def turn_off(user_id: int, by: str) -> None:
    with transaction():
        User.update(totp_secret=None, totp_since=None, totp_last_step=0).where(
            User.id == user_id
        ).execute()
        RecoveryCode.delete().where(RecoveryCode.user == user_id).execute()
        AuditEntry.create(actor=by, action="user.two_factor_off", subject=f"user {user_id}")


def renew_recovery_codes(user_id: int, by: str) -> list[str]:
    """New recovery codes; the old ones no longer work."""
    codes = [f"{number}-{_letters(5)}-{_letters(5)}" for number in range(CODES)]
    hashes = [passwords.hash_password(code) for code in codes]
    with transaction():
        RecoveryCode.delete().where(RecoveryCode.user == user_id).execute()
        for number, hashed in enumerate(hashes):
            RecoveryCode.create(user=user_id, number=number, code_hash=hashed)
        AuditEntry.create(actor=by, action="user.recovery_codes", subject=f"user {user_id}")
    return codes


def codes_left(user_id: int) -> int:
    return RecoveryCode.select().where(RecoveryCode.user == user_id).count()


def is_code(user: User, typed: str) -> bool:
    """Whether ``typed`` is a code of the app or a recovery code; each works once."""
    if user.totp_since is None:
        return False
    return _use_code(user, typed) or _use_recovery_code(user, typed)


def _use_code(user: User, typed: str) -> bool:
    code = "".join(typed.split())
    if user.totp_secret is None or not (code.isascii() and code.isdecimal()):
        return False
    app, step = pyotp.TOTP(user.totp_secret), int(time.time()) // STEP_SECONDS
    for candidate in range(step - DRIFT, step + DRIFT + 1):
        if app.verify(code, for_time=candidate * STEP_SECONDS):
            return _claim(user.id, candidate)
    return False


def _claim(user_id: int, step: int) -> bool:
    """Whether the code of this step is new; of two who send it at once, one is right."""
    newer = (User.id == user_id) & (User.totp_last_step < step)
    return bool(User.update(totp_last_step=step).where(newer).execute())


def _use_recovery_code(user: User, typed: str) -> bool:
    code = typed.strip().upper()
    number, dash, _ = code.partition("-")
    if not dash or number not in map(str, range(CODES)):
        return False
    row = RecoveryCode.get_or_none(RecoveryCode.user == user.id, RecoveryCode.number == int(number))
    if row is None or not passwords.is_password(row.code_hash, code):
        return False
    with transaction():
        used = RecoveryCode.delete().where(RecoveryCode.id == row.id).execute()
        if used:
            AuditEntry.create(
                actor=user.name, action="user.recovery_code_used", subject=f"user {user.id}"
            )
    return bool(used)


def _letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))

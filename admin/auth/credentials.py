"""Checks a name and a password, or a code, within the limits of ``throttle``."""

from __future__ import annotations

import structlog

from admin.auth import passwords, throttle, two_factor
from admin.auth.devices import Visitor
from admin.auth.sessions import Person, shortened
from admin.auth.throttle import ADDRESS, NAME
from core.db import transaction
from models import AuditEntry, User

log = structlog.get_logger(__name__)

NOBODY = "unknown"
"""The actor of a refused sign-in with a name that no user has. What was typed may be a password."""


def authenticate(name: str, password: str, visitor: Visitor) -> User | None:
    """The user, if name and password match.

    Unknown names take the same steps, and as long, as known ones.

    Raises:
        ThrottledError: too many tries of this name, or from this address.
        BusyError: too many others are signing in.
    """
    name = name.strip()
    last = _take("password", name, visitor)
    user: User | None = User.get_or_none(User.name == name, User.active)
    hashed = None if user is None else user.password_hash or None
    if visitor.device:
        right = passwords.is_password(hashed or passwords.dummy_hash(), password) and bool(hashed)
    else:
        right = passwords.is_password_of_stranger(hashed, password)
    if user is None or not right:
        _refused("user.sign_in_failed", user, visitor, last_try=last)
        return None
    _give_back("password", name, visitor)
    if passwords.needs_rehash(user.password_hash):
        rehashed = passwords.hash_password(password)
        # Only if nobody has changed the password meanwhile.
        unchanged = (User.id == user.id, User.password_hash == user.password_hash)
        User.update(password_hash=rehashed).where(*unchanged).execute()
        user.password_hash = rehashed
    return user


def is_second_factor(user: User, typed: str, visitor: Visitor) -> bool:
    """Whether ``typed`` is a code of this user's.

    Raises:
        ThrottledError: too many tries.
    """
    last = _take("code", user.name, visitor)
    if not two_factor.is_code(user, typed):
        _refused("user.code_failed", user, visitor, last_try=last)
        return False
    _give_back("code", user.name, visitor)
    return True


def proves(person: Person, typed: str) -> bool:
    """Whether ``typed`` is the signed-in person's password or code.

    Raises:
        ThrottledError: too many tries in this session.
    """
    session = f"session {person.session.id}"
    last = throttle.take(NAME, "proof", session)
    user = User.get_by_id(person.id)
    if not (passwords.is_password(user.password_hash, typed) or two_factor.is_code(user, typed)):
        _refused("user.proof_failed", user, Visitor("", session), last_try=last)
        return False
    throttle.forget("proof", session)
    return True


def _take(kind: str, name: str, visitor: Visitor) -> bool:
    """Count a try; always the address first, so that a blocked one can't block a name."""
    with transaction():
        if visitor.device:
            return throttle.take(NAME, kind, name, visitor.device)
        throttle.take(ADDRESS, "address", visitor.address)
    with transaction():
        return throttle.take(NAME, kind, name)


def _give_back(kind: str, name: str, visitor: Visitor) -> None:
    with transaction():
        if visitor.device:
            throttle.forget(kind, name, visitor.device)
            return
        throttle.give_back("address", visitor.address)
        throttle.forget(kind, name)


def _refused(action: str, user: User | None, visitor: Visitor, *, last_try: bool) -> None:
    """Record it, in as many steps whether the name is known or not."""
    known = user is not None
    where = "a known browser" if visitor.device else shortened(visitor.address.partition("/")[0])
    reason = f"from {where}{'; more tries have to wait' if last_try else ''}"
    AuditEntry.create(
        actor=user.name if user is not None else NOBODY,
        action=action,
        subject=f"user {user.id}" if user is not None else "no user",
        reason=reason,
    )
    log.warning("sign_in_refused", action=action, known=known, where=where, blocked=last_try)

"""Users: added, given roles and passwords, deactivated. The pages and the commands call these."""

from __future__ import annotations

from peewee import IntegrityError

from admin.auth import passwords, sessions
from core.db import database, transaction
from core.errors import InputError
from core.smtp import is_mail_address
from models import AuditEntry, OldPassword, Role, User
from pipelines import versions
from pipelines.publishing.accounts import account_times

KEPT_PASSWORDS = 5
"""Earlier passwords that may not be chosen again."""
LONGEST_EMAIL = 254
"""RFC 5321, 4.5.3.1.3, with its erratum."""


def create_user(
    name: str, password: str | None, role: str, *, email: str = "", by: str | None = None
) -> User:
    """Create a user.

    Args:
        name: what the person types to sign in.
        password: without one, the person chooses it by a link.
        role: one of ``Role``.
        email: where links to choose a new password go; may be empty.
        by: who adds the user, for the audit log; None where nobody does.

    Raises:
        InputError: the name is taken or empty, the password can't be used, the address is none,
            or the role is unknown.
    """
    name = name.strip()
    if not 0 < len(name) <= User.name.max_length or not name.isprintable():
        raise InputError("A user's name must have 1 to 80 characters.", field="name")
    _check_role(role)
    address = _address(email)
    if password is not None:
        passwords.check_new(password, name)
    hashed = "" if password is None else passwords.hash_password(password)
    try:
        with transaction():
            user: User = User.create(name=name, password_hash=hashed, role=role, email=address)
            if by is not None:
                _audit(by, "user.add", user.id, f"{name}, {role}")
    except IntegrityError:
        raise InputError(f"A user named {name} already exists.", field="name") from None
    return user


def find(name: str) -> User:
    """Raises InputError when there is no such user."""
    user: User | None = User.get_or_none(User.name == name.strip())
    if user is None:
        raise InputError(f"There is no user {name.strip()[:80]}: scripts/manage users list.")
    return user


def set_password(user: User, password: str, by: str, action: str = "user.change_password") -> None:
    """Give a new password, and end every session that began with the old one.

    Raises:
        InputError: it is too short, common, easy to guess, or was used before.
    """
    passwords.check_new(password, user.name)
    old = OldPassword.select().where(OldPassword.user == user.id).order_by(OldPassword.id.desc())
    hashes = [user.password_hash, *(row.password_hash for row in old.limit(KEPT_PASSWORDS))]
    if any(passwords.is_password(hashed, password) for hashed in hashes if hashed):
        raise InputError("This password was used before. Choose one that is new.")
    hashed = passwords.hash_password(password)
    with transaction():
        if user.password_hash:
            OldPassword.create(user=user.id, password_hash=user.password_hash)
        kept = [row.id for row in old.limit(KEPT_PASSWORDS)]
        OldPassword.delete().where(
            OldPassword.user == user.id, OldPassword.id.not_in(kept)
        ).execute()
        # Only if nobody was faster: a link that is used twice at once works once.
        changed = (
            User.update(password_hash=hashed, reset_asked_at=None)
            .where(User.id == user.id, User.password_hash == user.password_hash)
            .execute()
        )
        if not changed:
            raise InputError("The password was changed by somebody else just now.")
        sessions.end(user.id, by)
        _audit(by, action, user.id)
    user.password_hash = hashed


def version_of(value: str | None) -> str:
    """The version of a role or an e-mail address, for a form that shows it."""
    return versions.of({"value": value or ""})


def set_email(user_id: int, email: str, by: str, *, seen: str = "") -> None:
    """Raises InputError when it is no plain address, SavedMeanwhileError if it is not ``seen``."""
    address = _address(email)
    with transaction():
        user = _locked(user_id)
        actions = ("user.set_email",)
        versions.check(seen, version_of(user.email), f"user {user_id}", actions=actions)
        User.update(email=address).where(User.id == user_id).execute()
        _audit(by, "user.set_email", user_id, "" if address else "none")


def set_timezone(user_id: int, name: str, by: str) -> None:
    """Choose the zone in which times are shown; an empty name leaves it to the browser.

    Raises:
        InputError: there is no such zone; the message suggests similar names.
    """
    known = account_times.zone(name) if name.strip() else ""
    with transaction():
        User.update(timezone=known).where(User.id == user_id).execute()
        _audit(by, "user.set_timezone", user_id, known or "as the browser says")


def hide_guide(user_id: int, *, hidden: bool) -> None:
    """Hide the first steps from the person's home page, or show them again."""
    User.update(guide_hidden=hidden).where(User.id == user_id).execute()


def set_role(user_id: int, role: str, by: str, *, seen: str = "") -> User:
    """Give another role; the person's next click already has it.

    Raises:
        InputError: the role is unknown, or nobody else would be an owner.
        SavedMeanwhileError: the role is another one than ``seen`` by now.
    """
    _check_role(role)
    with transaction():
        user = _locked(user_id)
        actions = ("user.set_role",)
        versions.check(seen, version_of(user.role), f"user {user_id}", actions=actions)
        if role != Role.OWNER:
            _check_other_owner(user)
        User.update(role=role).where(User.id == user_id).execute()
        _audit(by, "user.set_role", user_id, role)
    return user


def set_active(user_id: int, by: str, *, active: bool) -> User:
    """Deactivate a user, whose sessions all end, or reactivate the user.

    Raises:
        InputError: nobody else would be an owner.
    """
    with transaction():
        user = _locked(user_id)
        if not active:
            _check_other_owner(user)
            sessions.end(user_id, by)
        User.update(active=active).where(User.id == user_id).execute()
        _audit(by, "user.reactivate" if active else "user.deactivate", user_id)
    return user


def _locked(user_id: int) -> User:
    """The user. Owners are changed one after the other: two can't deactivate each other."""
    database.execute_sql("SELECT 1 FROM person WHERE role = 'owner' ORDER BY id FOR UPDATE")
    user: User | None = User.get_or_none(User.id == user_id)
    if user is None:
        raise InputError(f"There is no user {user_id}.")
    return user


def _check_other_owner(user: User) -> None:
    others = User.select().where(User.role == Role.OWNER, User.active, User.id != user.id)
    if user.role == Role.OWNER and not others.exists():
        raise InputError(f"{user.name} is the only owner. Make somebody else an owner first.")


def _check_role(role: str) -> None:
    if role not in set(Role):
        raise InputError(f"The role must be one of {', '.join(Role)}.", field="role")


def _address(email: str) -> str | None:
    email = email.strip()
    if email and (len(email) > LONGEST_EMAIL or not is_mail_address(email)):
        raise InputError(
            "The e-mail address must be a plain one, like name@example.com.", field="email"
        )
    return email or None


def _audit(by: str, action: str, user_id: int, reason: str = "") -> None:
    AuditEntry.create(actor=by, action=action, subject=f"user {user_id}", reason=reason)

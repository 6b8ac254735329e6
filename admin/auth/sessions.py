"""Sessions: kept in a table, so that each can be listed and ended, and ends by itself.

The cookie has a random token, the table its hash. The user is read again at each request, so
a changed role or a deactivation applies at once.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Any

from flask_login import UserMixin, current_user

from core.db import database
from models import AuditEntry, Role, SignInSession, User, now

SEEN_EVERY = timedelta(minutes=1)
PROOF_LASTS = timedelta(minutes=10)
"""How long a password or code counts for what asks for a fresh one."""

AGENTS = ("Edg", "OPR", "Firefox", "Chrome", "Safari", "curl", "python")
AGENT_WORDS = {"Edg": "Edge", "OPR": "Opera"}
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "CrOS", "Linux")
SYSTEM_WORDS = {"Mac OS": "macOS", "CrOS": "ChromeOS"}


class Person(UserMixin):  # type: ignore[misc]  # untyped base
    """The signed-in user of a request."""

    def __init__(self, user: User, session: SignInSession, token: str) -> None:
        self.id: int = user.id
        self.name: str = user.name
        self.role = Role(user.role)
        self.timezone: str = user.timezone
        self.guide_hidden: bool = user.guide_hidden
        self.two_factor = user.totp_since is not None
        self.session: SignInSession = session
        self._token = token

    def get_id(self) -> str:
        return self._token

    def may(self, least: Role) -> bool:
        """Whether the person's role is ``least`` or above it."""
        rising = (Role.VIEWER, Role.EDITOR, Role.OWNER)
        return rising.index(self.role) >= rising.index(least)

    @property
    def proved(self) -> bool:
        """Whether the person gave a password or code a few minutes ago."""
        proved_at: datetime = self.session.proved_at
        return now() - proved_at < PROOF_LASTS


def person() -> Person:
    """The signed-in person. Call it only behind ``Page``, which requires a sign-in."""
    signed_in: Person = current_user._get_current_object()  # noqa: SLF001  # Flask-Login's idiom
    return signed_in


def start(user: User, address: str, agent: str) -> Person:
    """A new session of ``user``, for one browser."""
    token = secrets.token_urlsafe(32)
    session = SignInSession.create(
        user=user, token_hash=_hash(token), address=shortened(address), agent=described(agent)
    )
    return Person(user, session, token)


def load(token: str) -> Person | None:
    """The person whose session has this token, unless it has ended or the person is deactivated."""
    if database.is_closed():  # a static file, or an error page while PostgreSQL is away
        return None
    query: Any = (
        SignInSession.select(
            SignInSession,
            *(User.id, User.name, User.role, User.timezone, User.totp_since, User.guide_hidden),
        )
        .join(User)
        .where(SignInSession.token_hash == _hash(token), User.active, *alive())
    )
    session: SignInSession | None = query.first()
    if session is None:
        return None
    if now() - session.last_seen_at > SEEN_EVERY:
        mine = SignInSession.id == session.id
        SignInSession.update(last_seen_at=now()).where(mine).execute()
    return Person(session.user, session, token)


def alive() -> tuple[Any, Any]:
    """The conditions of a session that has not ended by itself."""
    return (
        SignInSession.last_seen_at > now() - SignInSession.IDLE,
        SignInSession.created_at > now() - SignInSession.LONGEST,
    )


def of(user_id: int) -> list[SignInSession]:
    """The sessions of a user, the one used last first."""
    mine = SignInSession.select().where(SignInSession.user == user_id, *alive())
    return list(mine.order_by(SignInSession.last_seen_at.desc()))


def end(user_id: int, by: str, *, only: int | None = None, keep: int | None = None) -> int:
    """End sessions of a user, within the caller's transaction; the number of those that ended.

    Args:
        user_id: whose sessions.
        by: who ends them, for the audit log.
        only: this session alone.
        keep: all but this one.
    """
    chosen = SignInSession.user == user_id
    if only is not None:
        chosen &= SignInSession.id == only
    if keep is not None:
        chosen &= SignInSession.id != keep
    ended: int = SignInSession.delete().where(chosen).execute()
    if ended:
        AuditEntry.create(
            actor=by,
            action="user.end_sessions",
            subject=f"user {user_id}",
            reason=f"{ended} {'session' if ended == 1 else 'sessions'}",
        )
    return ended


def sign_out(person: Person) -> None:
    SignInSession.delete().where(SignInSession.id == person.session.id).execute()
    AuditEntry.create(actor=person.name, action="user.sign_out", subject=f"user {person.id}")


def mark_proved(person: Person) -> None:
    person.session.proved_at = now()
    mine = SignInSession.id == person.session.id
    SignInSession.update(proved_at=person.session.proved_at).where(mine).execute()


def shortened(address: str) -> str:
    """The network of an address: enough to tell home from abroad, and not one person's trace."""
    try:
        known = ip_address(address)
    except ValueError:
        return "unknown"
    bits = 24 if known.version == 4 else 48  # noqa: PLR2004  # IPv4
    return str(ip_network((known, bits), strict=False))


def described(agent: str) -> str:
    """Browser and system of a user agent, in words."""
    browser = next((name for name in AGENTS if name in agent), "")
    system = next((name for name in SYSTEMS if name in agent), "")
    if not browser:
        return "unknown browser"
    words = AGENT_WORDS.get(browser, browser)
    return f"{words} on {SYSTEM_WORDS.get(system, system)}" if system else words


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()

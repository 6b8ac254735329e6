"""Tokens with which programs call the API: made, revoked, recognized.

A token acts in the name of the person who made it, and never does more than that person's present
role allows. The database has its hash only.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from core.db import transaction
from core.errors import InputError
from models import ApiToken, AuditEntry, Role, User, now

PREFIX = "sm_"
"""So that people and scanners for leaked secrets recognize a token."""
SHOWN = len(PREFIX) + 4
"""Characters of a token that may be shown."""
MOST_DAYS = 366
MOST_TOKENS = 50
"""Tokens of one person."""
USED_EVERY = timedelta(minutes=1)
"""``last_used_at`` is written at most so often."""


class Scope(StrEnum):
    """What a token may do."""

    READ = "read"
    STORIES = "write:stories"
    SOURCES = "write:sources"
    POSTS = "write:posts"
    ACCOUNTS = "write:accounts"
    JOBS = "write:jobs"
    ADMIN = "admin"


NEEDED: dict[Scope, Role] = {
    Scope.READ: Role.VIEWER,
    Scope.STORIES: Role.EDITOR,
    Scope.SOURCES: Role.EDITOR,
    Scope.POSTS: Role.EDITOR,
    Scope.ACCOUNTS: Role.EDITOR,
    Scope.JOBS: Role.EDITOR,
    Scope.ADMIN: Role.OWNER,
}
"""The lowest role with which a scope is of any use."""
WORDS: dict[Scope, str] = {
    Scope.READ: "see what a viewer sees",
    Scope.STORIES: "add, edit and decide on stories and videos",
    Scope.SOURCES: "change sources and channels",
    Scope.POSTS: "schedule, retry and cancel posts",
    Scope.ACCOUNTS: "pause, resume and set up accounts",
    Scope.JOBS: "retry and cancel jobs, decide on failures, run and pause schedules",
    Scope.ADMIN: "limits, users, audit log and outgoing webhooks",
}
RISING = (Role.VIEWER, Role.EDITOR, Role.OWNER)


def allows(role: str, scope: Scope) -> bool:
    """Whether somebody with ``role`` may do what ``scope`` names."""
    return RISING.index(Role(role)) >= RISING.index(NEEDED[scope])


def within(role: str) -> list[Scope]:
    """The scopes that are of use to ``role``."""
    return [scope for scope in Scope if allows(role, scope)]


def create(
    user: User, name: str, scopes: Collection[str], days: int | None, by: str
) -> tuple[ApiToken, str]:
    """Make a token; returns its row, and the token itself, which nobody can read again.

    Args:
        user: in whose name it acts.
        name: what it is for.
        scopes: of ``Scope``.
        days: until it ends, from 1 to ``MOST_DAYS``. None: it was not a whole number.
        by: who makes it, for the audit log.

    Raises:
        InputError: a value can't be used, the role doesn't allow a scope, or there are too many.
    """
    name = name.strip()
    if not 0 < len(name) <= ApiToken.name.max_length or not name.isprintable():
        raise InputError("Name the token by what uses it, in 1 to 80 characters.")
    unknown = set(scopes) - set(Scope)
    if unknown or not scopes:
        raise InputError(f"Choose what the token may do: {', '.join(Scope)}.")
    chosen = [scope for scope in Scope if scope in scopes]
    for scope in chosen:
        if not allows(user.role, scope):
            raise InputError(f'"{scope}" needs the role {NEEDED[scope]}: {user.name} lacks it.')
    if days is None or not 1 <= days <= MOST_DAYS:
        raise InputError(f"Enter the days until it ends: from 1 to {MOST_DAYS}.")
    token = PREFIX + secrets.token_urlsafe(32)
    with transaction():
        if ApiToken.select().where(ApiToken.user == user.id).count() >= MOST_TOKENS:
            raise InputError(f"{user.name} has {MOST_TOKENS} tokens. Revoke some first.")
        row = ApiToken.create(
            user=user,
            name=name,
            start=token[:SHOWN],
            token_hash=_hash(token),
            scopes=chosen,
            expires_at=now() + timedelta(days=days),
        )
        _audit(by, "token.create", row, f"{name}: {', '.join(chosen)}, {days} days")
    return row, token


def revoke(token_id: int, by: str, *, of: int | None = None) -> None:
    """End a token at once.

    Args:
        token_id: the token's row.
        by: who revokes it.
        of: only if it is this user's.

    Raises:
        InputError: there is no such token.
    """
    with transaction():
        row: ApiToken | None = ApiToken.get_or_none(ApiToken.id == token_id)
        if row is None or (of is not None and row.user.id != of):
            raise InputError(f"There is no token {token_id}. It may have been revoked already.")
        row.delete_instance()
        _audit(by, "token.revoke", row, row.name)


def find(token: str) -> ApiToken | None:
    """The token's row, with its user; None if it is unknown or over, or its user is deactivated."""
    query: Any = (
        ApiToken.select(ApiToken, User.id, User.name, User.role)
        .join(User)
        .where(ApiToken.token_hash == _hash(token), ApiToken.expires_at > now(), User.active)
    )
    row: ApiToken | None = query.first()
    if row is not None and (row.last_used_at is None or now() - row.last_used_at > USED_EVERY):
        ApiToken.update(last_used_at=now()).where(ApiToken.id == row.id).execute()
    return row


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _audit(by: str, action: str, row: ApiToken, reason: str) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"token {row.id}", reason=reason)

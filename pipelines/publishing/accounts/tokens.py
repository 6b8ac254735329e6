"""Access tokens that are fresh when they are used; ``refresh`` says how they get so."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import structlog

from adapters.ports import Authorizer
from core import db
from core.errors import Parked, TokenRejectedError, Wait
from models import Account, AccountState, locked, now
from pipelines.publishing.accounts import token_recovery
from pipelines.publishing.accounts.token_refresh import RefreshLease, refresh, take_lease

log = structlog.get_logger(__name__)

FRESH_SECONDS = 300.0
"""A token is given out only if it lives at least this much longer."""
PATIENCE_SECONDS = 20.0
"""How long another process's refresh is waited for before the job waits its turn."""
PAUSE_SECONDS = 0.1

T = TypeVar("T")


def with_token(account: Account, authorizer: Authorizer, call: Callable[[str], T]) -> T:
    """``call`` with the account's token, once more with a new one where TikTok rejects it.

    No database connection is held during the call.

    Raises:
        Parked: the account is not connected.
        StageError: whatever ``call`` or the token endpoint raise.
    """
    token = access_token(account, authorizer)
    try:
        with db.closed_for_long_work():
            return call(token)
    except TokenRejectedError:
        log.warning("access_token_rejected", account=account.id)
    token = access_token(account, authorizer, instead_of=token)
    with db.closed_for_long_work():
        return call(token)


def access_token(account: Account, authorizer: Authorizer, *, instead_of: str | None = None) -> str:
    """The account's access token, refreshed ahead of its expiry.

    Where another process is refreshing it, its new token is waited for.

    Args:
        account: its row; read again here.
        authorizer: the platform's token endpoint.
        instead_of: a token that the platform has rejected; another one is given.

    Raises:
        Parked: the account is not connected, or has just turned out to be expired.
        Retryable: the platform is away.
        Wait: the other process takes long.
    """
    patience = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < patience:
        with db.transaction():
            account = locked(Account.select().where(Account.id == account.id)).get()
            if account.state != AccountState.CONNECTED:
                raise _not_connected(account)
            if account.access_token != instead_of and _lives(account, FRESH_SECONDS):
                return str(account.access_token)
            lease = take_lease(account)
        if lease is not None:
            return _refreshed(lease, authorizer)
        with db.closed_for_long_work():
            time.sleep(PAUSE_SECONDS)
    raise Wait(f"The token of {_name(account)} is being refreshed.", after=5, code="refreshing")


def _refreshed(lease: RefreshLease, authorizer: Authorizer) -> str:
    if lease.cut_off_at is not None:
        token_recovery.deliver()
    error = refresh(lease, authorizer)
    account = Account.get_by_id(lease.account_id)
    if account.state != AccountState.CONNECTED:
        raise _not_connected(account)
    if error is not None:
        raise error
    return str(account.access_token)


def _lives(account: Account, seconds: float) -> bool:
    expires_at = account.access_expires_at
    return expires_at is not None and expires_at > now() + timedelta(seconds=seconds)


def _not_connected(account: Account) -> Parked:
    return Parked(
        f"The account {_name(account)} is {account.state}: connect it again, then requeue.",
        code=f"account_{account.state}",
    )


def _name(account: Account) -> str:
    return str(account.name or account.open_id)

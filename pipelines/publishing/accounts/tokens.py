"""Access tokens that are fresh when they are used; ``token_refresh`` refreshes them."""

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
"""A token is given out only if it is valid for at least this long."""
PATIENCE_SECONDS = 20.0
"""How long to wait for another process's refresh before the job goes back to waiting."""
PAUSE_SECONDS = 0.1

T = TypeVar("T")


def with_token(account: Account, authorizer: Authorizer, call: Callable[[str], T]) -> T:
    """Run ``call`` with the account's token; if TikTok rejects it, once more with a new token.

    No database connection is held during the call.

    Raises:
        Parked: the account is not connected.
        StageError: any error of ``call`` or the token endpoint.
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
    """The account's access token, refreshed before it expires.

    If another process is refreshing it, this waits for the new token.

    Args:
        account: its row; read again here.
        authorizer: the platform's token endpoint.
        instead_of: a token that the platform has rejected; a different one is returned.

    Raises:
        Parked: the account is not connected, or was just found to be expired.
        Retryable: the platform is unavailable.
        Wait: the other process takes long.
    """
    patience = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < patience:
        with db.transaction():
            account = locked(Account.select().where(Account.id == account.id)).get()
            if account.state != AccountState.CONNECTED:
                raise _not_connected(account)
            if account.access_token != instead_of and _is_valid_for(account, FRESH_SECONDS):
                return str(account.access_token)
            lease = take_lease(account)
        if lease is not None:
            return _refreshed(lease, authorizer)
        with db.closed_for_long_work():
            time.sleep(PAUSE_SECONDS)
    raise Wait(f"{_name(account)}'s token is being refreshed.", after=5, code="refreshing")


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


def _is_valid_for(account: Account, seconds: float) -> bool:
    expires_at = account.access_expires_at
    return expires_at is not None and expires_at > now() + timedelta(seconds=seconds)


def _not_connected(account: Account) -> Parked:
    return Parked(
        f"The account {_name(account)} is {account.state}: connect it again, then requeue.",
        code=f"account_{account.state}",
    )


def _name(account: Account) -> str:
    return str(account.name or account.open_id)

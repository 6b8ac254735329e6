"""Access tokens that are fresh when they are used.

TikTok's refresh makes the old refresh token invalid, so two must never refresh one account at the
same time, and the new tokens are committed before anything else happens. The account's row is the
lock: held for one call to the token endpoint, in a transaction of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Literal, TypeVar

import structlog

from adapters.ports import Authorizer, TokenGrant
from core import db
from core.errors import Parked, Permanent, StageError, TokenRejectedError
from models import Account, AccountState, now
from pipelines.publishing.locks import locked

log = structlog.get_logger(__name__)

FRESH_SECONDS = 300.0
"""A token is given out only if it lives at least this much longer."""

Outcome = Literal["refreshed", "failed", "expired"]
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

    Args:
        account: its row; read again here.
        authorizer: the platform's token endpoint.
        instead_of: a token that the platform has rejected; another one is given.

    Raises:
        Parked: the account is not connected, or has just turned out to be expired.
        Retryable: the platform is away.
    """
    failure: StageError
    with db.transaction():
        account = locked(Account.select().where(Account.id == account.id)).get()
        if account.state != AccountState.CONNECTED:
            failure = _not_connected(account)
        elif account.access_token != instead_of and _lives(account, FRESH_SECONDS):
            return str(account.access_token)
        else:
            error = _refresh(account, authorizer)
            if error is None:
                return str(account.access_token)
            failure = _not_connected(account) if isinstance(error, Permanent) else error
    raise failure  # here, so that what _refresh wrote down is committed


def refresh_due(authorizer: Authorizer, within_seconds: float) -> Counter[Outcome]:
    """Refresh every connected account whose token lives no longer than ``within_seconds``.

    Accounts that another process is refreshing are left to it, and one bad account never stops the
    rest. Answers how many ended how.
    """
    counts: Counter[Outcome] = Counter()
    tried: list[int] = []
    while True:
        with db.transaction():
            due = Account.select().where(
                Account.state == AccountState.CONNECTED,
                Account.access_expires_at <= now() + timedelta(seconds=within_seconds),
                Account.id.not_in(tried),
            )
            account = locked(due.order_by(Account.access_expires_at), skip_locked=True).first()
            if account is None:
                return counts
            tried.append(account.id)
            error = _refresh(account, authorizer)
        outcome: Outcome = "refreshed"
        if error is not None:
            outcome = "expired" if isinstance(error, Permanent) else "failed"
        counts[outcome] += 1


def granted(grant: TokenGrant) -> dict[str, object]:
    """A grant as the account's columns; lifetimes are the answer's own."""
    moment = now()
    return {
        "scopes": ",".join(grant.scopes),
        "access_token": grant.access_token,
        "refresh_token": grant.refresh_token,
        "access_expires_at": moment + timedelta(seconds=grant.expires_in),
        "refresh_expires_at": moment + timedelta(seconds=grant.refresh_expires_in),
        "last_refreshed_at": moment,
        "last_error": "",
    }


def _refresh(account: Account, authorizer: Authorizer) -> StageError | None:
    """Refresh the locked account; what went wrong is written down and given back."""
    try:
        grant = authorizer.refresh(account.refresh_token)
    except Permanent as error:
        log.warning("account_expired", account=account.id, code=error.code)
        account.move(AccountState.EXPIRED, last_error=str(error))
        return error
    except StageError as error:
        log.warning("token_refresh_failed", account=account.id, code=error.code)
        _set(account, last_error=str(error))
        return error
    _set(account, **granted(grant))
    log.info("token_refreshed", account=account.id)
    return None


def _set(account: Account, **changes: object) -> None:
    Account.update(**changes).where(Account.id == account.id).execute()
    for name, value in changes.items():
        setattr(account, name, value)


def _lives(account: Account, seconds: float) -> bool:
    expires_at = account.access_expires_at
    return expires_at is not None and expires_at > now() + timedelta(seconds=seconds)


def _not_connected(account: Account) -> Parked:
    name = account.name or account.open_id
    return Parked(
        f"The account {name} is {account.state}: connect it again, then requeue.",
        code=f"account_{account.state}",
    )

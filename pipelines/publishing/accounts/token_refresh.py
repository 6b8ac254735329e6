"""Refreshes tokens: each refresh token is sent once, by one process.

A refresh takes a lease first: the row is locked for a moment (rows that are already locked are
skipped), ``refresh_begun_at`` is set, and that is committed. This is a lock that all refreshers on
all hosts see. It holds no connection while TikTok is asked, and it survives a crash of PostgreSQL.
If its process dies, the lease runs out after two minutes. Only the holder of the lease writes the
result of a refresh.

::

    new tokens              stored, with ``last_refreshed_at``, before anything else is done
    unavailable, too fast   stays connected; retried after 5 minutes, three times, then half-hourly
    grant is gone           ``expired`` with the reason, and paused: a person connects it again
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog
from peewee import Expression

from adapters.ports import Authorizer
from core import db
from core.errors import ConfigurationError, Parked, Permanent, Retryable, StageError
from models import Account, AccountState, locked, now
from pipelines.publishing.accounts import pause as pausing
from pipelines.publishing.accounts import token_recovery

log = structlog.get_logger(__name__)

MARGIN_SECONDS = 45 * 60
"""Refresh tokens ahead of time: two half-hourly ticks fit, with time for three retries."""
RETRIES = 3
RETRY_SECONDS = 5 * 60
PERIOD_SECONDS = 30 * 60
LEASE_SECONDS = 120
"""Longer than a call to the token endpoint (35 s) plus the retries of its commit (60 s)."""
CONCURRENCY = 8
FORGET_AFTER_DAYS = 7
UNUSED = "Its refresh token expired without use: connect the account again."

Outcome = Literal["refreshed", "failed", "expired"]


@dataclass(frozen=True, slots=True)
class RefreshLease:
    """The right to refresh one account.

    Attributes:
        begun_at: identifies the lease on the row.
        cut_off_at: when an earlier refresh started that never ended; None if there was none.
    """

    account_id: int
    begun_at: datetime
    cut_off_at: datetime | None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How one account's refresh ended; ``error`` is None when it has new tokens."""

    account_id: int
    error: StageError | None

    @property
    def outcome(self) -> Outcome:
        if self.error is None:
            return "refreshed"
        return "expired" if isinstance(self.error, Permanent) else "failed"


def take_lease(account: Account) -> RefreshLease | None:
    """Take the lease on a locked row; None while another process refreshes it."""
    begun_before, moment = account.refresh_begun_at, now()
    if begun_before is not None and not was_cut_off(account):
        return None
    Account.update(refresh_begun_at=moment).where(Account.id == account.id).execute()
    return RefreshLease(account.id, begun_at=moment, cut_off_at=begun_before)


def refresh(lease: RefreshLease, authorizer: Authorizer) -> StageError | None:
    """Refresh the leased account; an error is stored on the account and returned.

    Raises:
        peewee's errors: PostgreSQL is unavailable; new tokens are kept in a file.
    """
    if lease.cut_off_at is not None:
        log.warning("refresh_was_cut_off", account=lease.account_id, begun_at=lease.cut_off_at)
    try:
        used = _refresh_token(lease.account_id)
        with db.closed_for_long_work():
            grant = authorizer.refresh(used)
            # Inside the block: reopening the caller's connection may fail, so tokens come first.
            token_recovery.save(token_recovery.RotatedToken(lease.account_id, used, grant, now()))
    except Permanent as error:
        return _expire(lease, error)
    except StageError as error:
        return _put_off(lease, error)
    except ConfigurationError as error:
        return _put_off(lease, Parked(str(error), code="unreadable_token"))
    except token_recovery.AWAY:
        raise
    except Exception as error:
        log.exception("token_refresh_broke", account=lease.account_id)
        kind = type(error).__name__
        return _put_off(lease, Retryable(f"The refresh failed ({kind}): see the log."))
    log.info("token_refreshed", account=lease.account_id)
    return None


def refresh_due(
    authorizer: Authorizer,
    within_seconds: float = MARGIN_SECONDS,
    *,
    retries_only: bool = False,
    report: Callable[[Refreshed], None] = lambda _: None,
) -> Counter[Outcome]:
    """Refresh every connected account whose token expires within ``within_seconds``.

    Any number of processes may do so at once: they share the accounts. One bad account never
    stops the rest.

    Args:
        authorizer: the platform's token endpoint.
        within_seconds: how long before its expiry a token is due.
        retries_only: only accounts whose last refresh failed.
        report: called with each account's outcome, by one thread at a time.

    Raises:
        peewee's errors: PostgreSQL is unavailable.
    """
    token_recovery.deliver()
    started, counts, reporting = now(), Counter[Outcome](), threading.Lock()

    def work() -> None:
        while (lease := _take_next_lease(within_seconds, started, retries_only)) is not None:
            ended = Refreshed(lease.account_id, refresh(lease, authorizer))
            with reporting:
                counts[ended.outcome] += 1
                report(ended)

    with db.closed_for_long_work(), ThreadPoolExecutor(CONCURRENCY) as pool:
        workers = [pool.submit(copy_context().run, work) for _ in range(CONCURRENCY)]
    for worker in workers:
        worker.result()
    return counts


def refresh_one(account_id: int, authorizer: Authorizer) -> Refreshed | None:
    """Refresh a connected account now, due or not; None while another process refreshes it."""
    token_recovery.deliver()
    with db.transaction():
        columns = Account.select(Account.id, Account.refresh_begun_at)
        lease = take_lease(locked(columns.where(Account.id == account_id)).get())
    return Refreshed(account_id, refresh(lease, authorizer)) if lease else None


def plan(account: Account, moment: datetime, *, asked_for: bool = False) -> str:
    """What a run at ``moment`` would do about a connected account; "" when it is not due.

    Args:
        account: needs no tokens.
        moment: usually now.
        asked_for: refresh it even if it is not due.
    """
    begun_at, next_at = account.refresh_begun_at, account.next_refresh_at
    if not asked_for and account.access_expires_at > moment + timedelta(seconds=MARGIN_SECONDS):
        return ""
    if begun_at is not None and not was_cut_off(account):
        return f"skip: another process has been refreshing it since {begun_at:%H:%M:%S}"
    if not asked_for and next_at is not None and next_at > moment:
        return f"wait until {next_at:%H:%M:%S} ({account.refresh_attempts} failed)"
    if begun_at is not None:
        return f"refresh: the refresh started {begun_at:%Y-%m-%d %H:%M:%S} never ended"
    return f"retry {account.refresh_attempts}" if account.refresh_attempts else "refresh"


def was_cut_off(account: Account) -> bool:
    """Whether a refresh started whose process died: its token may be used already."""
    begun_at = account.refresh_begun_at
    return begun_at is not None and begun_at <= _leased_since()


def forget_expired() -> int:
    """Delete tokens that ended over a week ago; the number of accounts."""
    long_ago = now() - timedelta(days=FORGET_AFTER_DAYS)
    ended = Account.refresh_expires_at < long_ago
    with db.transaction():
        for account in locked(
            Account.select(Account.id, Account.state).where(ended).order_by(Account.id)
        ):
            if account.state != AccountState.CONNECTED:
                continue
            account.move(AccountState.EXPIRED, last_error=UNUSED)
            pausing.lose_grant(account.id, UNUSED)
        forgotten = (
            Account.update(access_token=None, refresh_token=None, refresh_begun_at=None)
            .where(
                ended, Account.access_token.is_null(False) | Account.refresh_token.is_null(False)
            )
            .execute()
        )
    log.info("expired_tokens_forgotten", accounts=forgotten)
    return int(forgotten)


def _refresh_token(account_id: int) -> str:
    with db.session():
        account = Account.select(Account.refresh_token).where(Account.id == account_id).get()
    return str(account.refresh_token)


def _take_next_lease(
    within_seconds: float, started: datetime, retries_only: bool
) -> RefreshLease | None:
    moment = now()
    due_again = Account.next_refresh_at <= moment
    query = (
        Account.select(Account.id, Account.refresh_begun_at)
        .where(
            Account.state == AccountState.CONNECTED,
            Account.access_expires_at <= moment + timedelta(seconds=within_seconds),
            # A new token may expire within the margin too: refresh it only once in a run.
            Account.last_refreshed_at.is_null() | (Account.last_refreshed_at < started),
            due_again if retries_only else Account.next_refresh_at.is_null() | due_again,
            _is_free(),
        )
        .order_by(Account.access_expires_at)
    )
    with db.transaction():
        account = locked(query, skip_locked=True).first()
        return account and take_lease(account)


def _leased_since() -> datetime:
    """Leases taken before this moment have run out."""
    return now() - timedelta(seconds=LEASE_SECONDS)


def _is_free() -> Expression:
    begun_at = Account.refresh_begun_at
    return begun_at.is_null() | (begun_at <= _leased_since())


def _expire(lease: RefreshLease, error: Permanent) -> Permanent:
    reason = str(error)
    if lease.cut_off_at is not None:
        reason += (
            f" A refresh that started at {lease.cut_off_at:%Y-%m-%d %H:%M:%S} UTC never ended: its "
            "process or PostgreSQL crashed, and the newest token may have been lost."
        )
    log.error("account_expired", account=lease.account_id, code=error.code)
    # The grant is gone now, whatever its lifetime was, so its tokens are deleted in a week.
    _end(lease, AccountState.EXPIRED, last_error=reason, refresh_expires_at=now())
    return error


def _put_off(lease: RefreshLease, error: StageError) -> StageError:
    with db.transaction():
        account = Account.select(Account.id, Account.refresh_attempts)
        attempts = account.where(Account.id == lease.account_id).get().refresh_attempts + 1
        wait = float(RETRY_SECONDS if attempts <= RETRIES else PERIOD_SECONDS)
        if isinstance(error, Retryable) and error.after is not None:
            wait = max(wait, error.after)
        _end(
            lease,
            last_error=str(error),
            refresh_attempts=attempts,
            next_refresh_at=now() + timedelta(seconds=wait),
        )
    level = "warning" if attempts <= RETRIES else "error"
    getattr(log, level)(
        "token_refresh_failed", account=lease.account_id, code=error.code, attempts=attempts
    )
    return error


def _end(lease: RefreshLease, state: AccountState | None = None, **changes: object) -> None:
    """Write the result of a refresh, unless the lease ran out and another process has it."""
    with db.transaction():
        columns = Account.select(Account.id, Account.state)
        account = locked(
            columns.where(
                Account.id == lease.account_id,
                Account.state == AccountState.CONNECTED,
                Account.refresh_begun_at == lease.begun_at,
            )
        ).first()
        if account is None:
            log.warning("refresh_lease_lost", account=lease.account_id)
        elif state is not None:
            account.move(state, refresh_begun_at=None, **changes)
            pausing.lose_grant(account.id, str(changes["last_error"]))
        else:
            Account.update(refresh_begun_at=None, **changes).where(
                Account.id == account.id
            ).execute()

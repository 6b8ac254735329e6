"""Pausing an account: nothing of it is announced until a person resumes it.

Tokens, queue and times stay as they are. Posts that TikTok already has are finished. A post whose
time comes meanwhile waits; after the pause, late posts get new times (``AccountQueue.go_on``), so
they don't all go out at once.

An account pauses itself if TikTok takes none of its posts, if its authorization ends, or after
several failures in a row (``failures.py``). All accounts are paused one by one, so that each knows
why; an account that is connected meanwhile is paused too.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from peewee import ModelSelect

from core import db
from core.errors import PAUSED_SECONDS, InputError, Wait
from models import (
    Account,
    AccountState,
    AuditEntry,
    Job,
    JobState,
    Method,
    PauseCause,
    Post,
    PostState,
    locked,
    now,
)
from pipelines import ledger
from pipelines.publishing.scheduling.account_queue import AccountQueue
from pipelines.subscriptions import events

log = structlog.get_logger(__name__)

STORYMILL = "storymill"
"""Who pauses an account by itself, in the audit log."""
ALL = "all accounts"
"""Their subject in the audit log."""
CODE = "account_paused"
BY_ITSELF = frozenset({PauseCause.REFUSED, PauseCause.GRANT, PauseCause.FAILURES})
OVER_THE_API = frozenset({Method.DIRECT, Method.INBOX})
"""Methods that need the account's authorization."""
WOKEN_AT_ONCE = 500
"""Waiting posts that a resume wakes; any others look again within ``PAUSED_SECONDS``."""


def pause(
    account_id: int,
    by: str,
    reason: str = "",
    *,
    cause: PauseCause = PauseCause.PERSON,
    since: datetime | None = None,
) -> bool:
    """Pause the account; False if it is paused already, with the reason that it has.

    Args:
        account_id: the account.
        by: who decides.
        reason: shown on its page.
        cause: why, for what follows from it.
        since: now if not given; an earlier time puts an ended pause back.

    Raises:
        InputError: there is no such account, or it is disconnected.
    """
    with db.transaction():
        account = _locked(account_id)
        if account.state == AccountState.DISCONNECTED:
            raise InputError("This account is disconnected: there is nothing to pause.")
        if account.paused_at is not None:
            return False
        Account.update(paused_at=since or now(), paused_reason=reason, paused_cause=cause).where(
            Account.id == account_id
        ).execute()
        _audit("account.pause", account_id, by, reason)
        events.account_paused(account_id, reason)
    log.warning("account_paused", account=account_id, by=by, cause=str(cause))
    return True


def resume(account_id: int, by: str) -> bool:
    """Let the account post again, and wake its posts that wait; False if it wasn't paused.

    Raises:
        InputError: there is no such account, or it has to be connected first.
    """
    with db.transaction():
        waiting = Job.select(Job.subject_id).where(
            Job.stage == "publish", Job.state == JobState.WAITING, Job.error_code == CODE
        )
        own = Post.select(Post.id).where(
            Post.account == account_id, Post.state == PostState.PLANNED, Post.id.in_(waiting)
        )
        posts = [post.id for post in own.order_by(Post.id).limit(WOKEN_AT_ONCE)]
        ledger.lock_jobs((("publish",), posts))
        for post_id in posts:
            ledger.wake("publish", post_id)
        account = _locked(account_id)
        if account.paused_at is None:
            return False
        if waits_for_grant(account):
            raise InputError("Its authorization has ended: reconnect it, and it resumes by itself.")
        Account.update(
            paused_at=None, paused_reason="", paused_cause=PauseCause.NONE, failed_in_a_row=0
        ).where(Account.id == account_id).execute()
        _audit("account.resume", account_id, by, "")
        AccountQueue(account_id).go_on()
    log.info("account_resumed", account=account_id, by=by)
    return True


def lose_grant(account_id: int, reason: str) -> None:
    """Pause an account whose authorization has ended, if its posts need it."""
    columns = Account.select(Account.methods).where(Account.id == account_id)
    if OVER_THE_API.intersection(columns.get().methods):
        pause(account_id, STORYMILL, reason, cause=PauseCause.GRANT)


def waits_for_grant(account: Account) -> bool:
    """Whether connecting the account again is what ends its pause."""
    return bool(
        account.paused_cause == PauseCause.GRANT and account.state != AccountState.CONNECTED
    )


def connected(account_id: int) -> None:
    """The account was just connected: end the pause that waited for it, or join a pause of all."""
    columns = Account.select(Account.paused_at, Account.paused_cause)
    account = columns.where(Account.id == account_id).get()
    if account.paused_cause == PauseCause.GRANT:
        resume(account_id, STORYMILL)
    elif account.paused_at is None and (of_all := _with_all().first()) is not None:
        pause(account_id, STORYMILL, of_all.paused_reason, cause=PauseCause.ALL)


# ── all accounts ─────────────────────────────────────────────────────────────────────────────


def can_pause(account: Account) -> bool:
    """Whether there is anything to stop."""
    return account.paused_at is None and account.state != AccountState.DISCONNECTED


def pausable() -> list[int]:
    """Ids of the accounts that a pause of all stops: those that ``can_pause``."""
    rows = Account.select(Account.id).where(
        Account.paused_at.is_null(), Account.state != AccountState.DISCONNECTED
    )
    return [row.id for row in rows.order_by(Account.id)]


def paused_with_all() -> list[int]:
    """Ids of the accounts that a pause of all has stopped."""
    return [account.id for account in _with_all()]


def record_all(action: str, by: str, reason: str = "") -> None:
    """Write into the audit log that a person has paused or resumed all accounts at once."""
    AuditEntry.create(actor=by, action=action, subject=ALL, reason=reason)


def _with_all() -> ModelSelect[Account]:
    columns = Account.select(Account.id, Account.paused_at, Account.paused_reason)
    return columns.where(Account.paused_cause == PauseCause.ALL).order_by(Account.id)


def paused(account: Account) -> Wait | None:
    """What a post of the account waits for; None while the account is not paused."""
    if account.paused_at is None:
        return None
    why = f": {account.paused_reason}" if account.paused_reason else ""
    return Wait(f"its account is paused{why}", after=PAUSED_SECONDS, code=CODE)


def _locked(account_id: int) -> Account:
    columns = Account.select(
        Account.id, Account.state, Account.paused_at, Account.paused_reason, Account.paused_cause
    )
    account: Account | None = locked(columns.where(Account.id == account_id)).first()
    if account is None:
        raise InputError(f"There is no account {account_id}.")
    return account


def _audit(action: str, account_id: int, by: str, reason: str) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"account {account_id}", reason=reason)

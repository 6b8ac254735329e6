"""Pausing an account: nothing of it is announced until a person resumes it.

Tokens, queue and times stay as they are. Posts that TikTok already has are finished. A post whose
time comes meanwhile waits; after the pause, late posts get new times (``scheduling/admission.py``),
so they don't all go out at once.
"""

from __future__ import annotations

import structlog

from core import db
from core.errors import PAUSED_SECONDS, InputError, Wait
from models import Account, AccountState, AuditEntry, Job, JobState, Post, PostState, locked, now
from pipelines import ledger

log = structlog.get_logger(__name__)

STORYMILL = "storymill"
"""Who pauses an account by itself, in the audit log."""
CODE = "account_paused"
WOKEN_AT_ONCE = 500
"""Waiting posts that a resume wakes; any others look again within ``PAUSED_SECONDS``."""


def pause(account_id: int, by: str, reason: str = "") -> bool:
    """Pause the account; False if it is paused already, with the reason that it has.

    Raises:
        InputError: there is no such account, or it is disconnected.
    """
    with db.transaction():
        account = _locked(account_id)
        if account.state == AccountState.DISCONNECTED:
            raise InputError("This account is disconnected: there is nothing to pause.")
        if account.paused_at is not None:
            return False
        Account.update(paused_at=now(), paused_reason=reason).where(
            Account.id == account_id
        ).execute()
        _audit("account.pause", account_id, by, reason)
    log.warning("account_paused", account=account_id, by=by)
    return True


def resume(account_id: int, by: str) -> bool:
    """Let the account post again, and wake its posts that wait; False if it wasn't paused.

    Raises:
        InputError: there is no such account.
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
        Account.update(paused_at=None, paused_reason="").where(Account.id == account_id).execute()
        _audit("account.resume", account_id, by, "")
    log.info("account_resumed", account=account_id, by=by)
    return True


def paused(account: Account) -> Wait | None:
    """What a post of the account waits for; None while the account is not paused."""
    if account.paused_at is None:
        return None
    why = f": {account.paused_reason}" if account.paused_reason else ""
    return Wait(f"its account is paused{why}", after=PAUSED_SECONDS, code=CODE)


def _locked(account_id: int) -> Account:
    columns = Account.select(Account.id, Account.state, Account.paused_at, Account.paused_reason)
    account: Account | None = locked(columns.where(Account.id == account_id)).first()
    if account is None:
        raise InputError(f"There is no account {account_id}.")
    return account


def _audit(action: str, account_id: int, by: str, reason: str) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"account {account_id}", reason=reason)

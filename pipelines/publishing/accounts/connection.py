"""Connecting and disconnecting accounts by OAuth."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import structlog

from adapters.ports import Authorizer, TokenGrant
from core import db
from core.errors import InputError, Permanent, Retryable, StageError
from models import Account, AccountState, AuditEntry, OAuthHandshake, locked, now
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.publishing.accounts import pause as pausing
from pipelines.publishing.accounts.token_recovery import granted

log = structlog.get_logger(__name__)

PLATFORM = "tiktok"
HANDSHAKE_MINUTES = 10


def begin_connect(session_id: str, authorizer: Authorizer, redirect_uri: str) -> str:
    """The address of the platform's page where the creator consents.

    Args:
        session_id: names the browser session (at most 64 characters) that alone can finish.
        authorizer: the platform's OAuth.
        redirect_uri: where the platform sends the browser back to, exactly as registered there.
    """
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    with db.transaction():
        too_old = OAuthHandshake.created_at < _oldest()
        OAuthHandshake.delete().where(too_old).execute()
        OAuthHandshake.create(state=state, verifier=verifier, session_id=session_id)
    return authorizer.authorize_url(state=state, verifier=verifier, redirect_uri=redirect_uri)


def finish_connect(
    session_id: str, state: str, code: str, authorizer: Authorizer, redirect_uri: str
) -> Account:
    """Turn the ``code`` that the browser brought back into a connected account.

    An account that was connected before keeps its row, its posts and its settings.

    Raises:
        InputError: the answer has no code, another session started it, it was already used, or it
            is too old.
        Permanent: the platform refuses the code.
        Parked: the platform refuses the app's key, secret or redirect address.
        Retryable: the platform is unavailable; start again.
    """
    if not code:  # checked first: such an answer must not use up what was begun
        raise InputError("TikTok's answer has no code: start again, or go back to TikTok's page.")
    verifier = _use_handshake(session_id, state)
    with db.closed_for_long_work():
        grant = authorizer.exchange_code(code, verifier=verifier, redirect_uri=redirect_uri)
    with db.transaction():
        account = _connected(grant)
    log.info("account_connected", account=account.id, scopes=account.scopes)
    pausing.connected(account.id)
    _learn_name(account, authorizer)
    return account


def _learn_name(account: Account, authorizer: Authorizer) -> None:
    """Ask for the creator's name. If that fails, the account gets it with its first post."""
    try:
        with db.closed_for_long_work():
            name = authorizer.name_of(account.access_token)
    except StageError as error:
        log.warning("account_name_unknown", account=account.id, code=error.code)
        return
    set_name(account, name)


def set_name(account: Account, name: str) -> None:
    if account.name != name:
        account.name = name
        Account.update(name=name).where(Account.id == account.id).execute()


def set_username(account: Account, username: str) -> None:
    """Store the @name that the platform gave; it is also shown as the account's name."""
    set_name(account, username)
    if account.username != username:
        account.username = username
        Account.update(username=username).where(Account.id == account.id).execute()


def disconnect(account_id: int, by: str) -> None:
    """End the connection: nothing is posted from now on, and the stage ``revoke`` tells TikTok.

    Raises:
        StaleStateError: the account is already disconnected.
    """
    with db.transaction():
        account = Account.select(Account.id, Account.state).where(Account.id == account_id).get()
        account.move(AccountState.DISCONNECTED, refresh_expires_at=now(), refresh_begun_at=None)
        ledger.enqueue("revoke", account_id)
        AuditEntry.create(actor=by, action="account.disconnect", subject=f"account {account_id}")
    log.info("account_disconnected", account=account_id)


def revoke(account_id: int, claim: Claim, authorizer: Authorizer) -> None:
    """The stage ``revoke``: end a disconnected account's grant at TikTok, then delete its tokens.

    If that never succeeds, the tokens are deleted in a week (``token_refresh.forget_expired``).

    Raises:
        Retryable: TikTok is unavailable, or the account was connected again meanwhile.
        Parked: TikTok refuses the app's key or secret.
    """
    account = Account.get_by_id(account_id)
    if account.state == AccountState.DISCONNECTED and account.access_token is not None:
        try:
            with db.closed_for_long_work():
                _end_at_tiktok(account, authorizer)
        except StageError as error:
            _store(account, f"TikTok still allows the app to use this account: {error}")
            raise
        if not _store(account, "", access_token=None, refresh_token=None):
            raise _connected_meanwhile()
    with claim.finish():
        pass


def _end_at_tiktok(account: Account, authorizer: Authorizer) -> None:
    """End the grant by its access token, or by a new one if that has expired."""
    token = str(account.access_token)
    try:
        if account.access_expires_at is None or account.access_expires_at <= now():
            grant = authorizer.refresh(str(account.refresh_token))
            with db.session():  # the old refresh token is used up: a second try needs the new one
                if not _store(account, str(account.last_error), **granted(grant, now())):
                    raise _connected_meanwhile()
            token, account.refresh_token = grant.access_token, grant.refresh_token
        authorizer.revoke(token)
    except Permanent as error:  # TikTok doesn't know the grant: nothing is left to end
        log.warning("revoke_refused", account=account.id, code=error.code)


def _store(account: Account, sentence: str, **changes: object) -> bool:
    """Store how the revocation goes; False if the account was connected again meanwhile.

    It may have been disconnected again since, so the state alone doesn't tell: the tokens do.
    """
    columns = Account.select(Account.id, Account.state, Account.refresh_token)
    with db.transaction():
        current = locked(columns.where(Account.id == account.id)).get()
        if (current.state, current.refresh_token) != (account.state, account.refresh_token):
            return False
        Account.update({**changes, "last_error": sentence}).where(
            Account.id == account.id
        ).execute()
    return True


def _connected_meanwhile() -> Retryable:
    return Retryable(
        "The account was connected again while its old authorization was being ended.",
        code="connected_meanwhile",
        after=0,
    )


def end_grant(account_id: int, why: str, *, actor: str = "tiktok") -> bool:
    """The creator has ended the app's authorization: the account has to be connected again.

    It pauses itself meanwhile. Its tokens are deleted in a week. False if the account isn't
    connected any more.
    """
    with db.transaction():
        account = Account(id=account_id)
        ended = account.try_move(
            AccountState.EXPIRED, last_error=why, refresh_begun_at=None, refresh_expires_at=now()
        )
        if ended:
            AuditEntry.create(
                actor=actor, action="account.expire", subject=f"account {account_id}", reason=why
            )
            pausing.lose_grant(account_id, why)
    if ended:
        log.error("account_expired", account=account_id)
    return ended


def _oldest() -> datetime:
    return now() - timedelta(minutes=HANDSHAKE_MINUTES)


def _use_handshake(session_id: str, state: str) -> str:
    """Mark the handshake as used, whatever the result, and give its verifier."""
    used = (
        OAuthHandshake.update(used_at=now())
        .where(
            OAuthHandshake.state == state,
            OAuthHandshake.session_id == session_id,
            OAuthHandshake.used_at.is_null(),
            OAuthHandshake.created_at >= _oldest(),
        )
        .execute()
    )
    if not used:
        raise InputError(
            "This connection was started in another browser, is already finished, or took longer "
            f"than {HANDSHAKE_MINUTES} minutes: start it again."
        )
    return str(OAuthHandshake.get(OAuthHandshake.state == state).verifier)


def _connected(grant: TokenGrant) -> Account:
    known = Account.select().where(Account.platform == PLATFORM, Account.open_id == grant.open_id)
    account: Account | None = locked(known).first()
    if account is None:
        return Account.create(
            platform=PLATFORM,
            open_id=grant.open_id,
            state=AccountState.CONNECTED,
            **granted(grant, now()),
        )
    if account.state == AccountState.CONNECTED:
        Account.update(**granted(grant, now())).where(Account.id == account.id).execute()
    else:
        account.move(AccountState.CONNECTED, **granted(grant, now()))
    return Account.get_by_id(account.id)

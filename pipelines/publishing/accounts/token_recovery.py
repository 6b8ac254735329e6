"""A rotated token is never lost: it is committed before anything else, or kept in a file.

A refresh makes the old refresh token invalid. After the platform's answer, only this process has
the new one, so it commits the answer at once. If PostgreSQL is unavailable, the answer is written
to a file that is encrypted and readable by its owner only, and the commit is retried for a minute.
A file that is still there is stored by the next process that starts and by the next refresh. One
gap remains: the few milliseconds between the answer and the commit or the file. A process that is
killed there leaves its mark on the row (``Account.refresh_begun_at``), and the account says so.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkstemp

import structlog
from playhouse.pool import MaxConnectionsExceeded

from adapters.ports import TokenGrant
from core import crypto, db
from core.errors import ConfigurationError
from models import Account, AccountState, locked
from pipelines.publishing.accounts import pause as pausing

log = structlog.get_logger(__name__)

FOLDER = "unsaved-tokens"
SUFFIX = ".token"
RETRY_FOR_SECONDS = 60.0
"""How long a commit is retried before the file is left for the next start or refresh."""
PAUSE_SECONDS = 0.5
AWAY = (*db.Unavailable, MaxConnectionsExceeded)


@dataclass(frozen=True, slots=True, repr=False)
class RotatedToken:
    """A used refresh token, and the grant that replaced it."""

    account_id: int
    used: str
    grant: TokenGrant
    answered_at: datetime

    def columns(self) -> dict[str, object]:
        return granted(self.grant, self.answered_at)


def granted(grant: TokenGrant, moment: datetime) -> dict[str, object]:
    """A grant that was answered at ``moment``, as columns of the account."""
    return {
        "scopes": ",".join(grant.scopes),
        "access_token": grant.access_token,
        "refresh_token": grant.refresh_token,
        "access_expires_at": moment + timedelta(seconds=grant.expires_in),
        "refresh_expires_at": moment + timedelta(seconds=grant.refresh_expires_in),
        "last_refreshed_at": moment,
        "refresh_begun_at": None,
        "refresh_attempts": 0,
        "next_refresh_at": None,
        "last_error": "",
    }


class _Folder:
    """Where this process keeps tokens that PostgreSQL can't store; set once by ``configure``."""

    current: Path | None = None


def configure(media_dir: Path) -> None:
    _Folder.current = media_dir.resolve() / FOLDER


def folder() -> Path:
    if _Folder.current is None:
        raise ConfigurationError("The folder for unsaved tokens is not set: call configure first.")
    return _Folder.current


def save(rotated: RotatedToken) -> None:
    """Commit the new tokens; if that fails, write them to a file and retry.

    Raises:
        peewee's errors: PostgreSQL did not come back in time; the tokens are in a file.
    """
    try:
        _commit(rotated)
    except AWAY:
        file = _write_file(rotated)
    except BaseException:
        _write_file(rotated)
        raise
    else:
        return
    _retry_commit(rotated)
    if file is not None:
        file.unlink(missing_ok=True)


def deliver() -> int:
    """Commit the tokens that earlier processes left in files; the number of files done.

    Raises:
        peewee's errors: PostgreSQL is unavailable; the files stay.
    """
    done = 0
    for file in _files():
        try:
            rotated = _parse(crypto.keyring().decrypt(file.read_text()))
        except FileNotFoundError:
            continue  # another process has just stored it
        except (ConfigurationError, ValueError, KeyError, TypeError) as error:
            log.error("unsaved_token_unreadable", file=file.name, kind=type(error).__name__)  # noqa: TRY400  # a trace adds nothing
            continue
        _commit(rotated)
        file.unlink(missing_ok=True)
        done += 1
    return done


def key_ids() -> Iterator[str | None]:
    """For each file, the id of the key that encrypts it; None if it is not encrypted."""
    for file in _files():
        try:
            yield crypto.needed_key(file.read_text())
        except FileNotFoundError:
            continue


def _files() -> list[Path]:
    return sorted(folder().glob(f"*{SUFFIX}"))


def _retry_commit(rotated: RotatedToken) -> None:
    deadline = time.monotonic() + RETRY_FOR_SECONDS
    while True:
        time.sleep(PAUSE_SECONDS)
        try:
            _commit(rotated)
        except AWAY:
            if time.monotonic() > deadline:
                log.error("token_left_in_file", account=rotated.account_id, folder=str(folder()))  # noqa: TRY400  # the error itself goes on
                raise
        else:
            return


def _commit(rotated: RotatedToken) -> None:
    """Store the new tokens if the row still has the refresh token that was used for them.

    If it doesn't, somebody connected or disconnected the account meanwhile, or the tokens are
    already stored (by a commit whose answer was lost). If another process found the account
    expired because this process had used its token, the account is connected again, and a pause
    because of that ends.
    """
    connected_again = False
    with db.transaction():
        columns = Account.select(Account.id, Account.state, Account.refresh_token)
        account = locked(columns.where(Account.id == rotated.account_id)).first()
        if account is None or account.refresh_token != rotated.used:
            log.info("rotated_token_not_needed", account=rotated.account_id)
        elif account.state == AccountState.EXPIRED:
            account.move(AccountState.CONNECTED, **rotated.columns())
            connected_again = True
        else:
            Account.update(**rotated.columns()).where(Account.id == account.id).execute()
    if connected_again:
        pausing.connected(rotated.account_id)


def _write_file(rotated: RotatedToken) -> Path | None:
    """Write the tokens to a new file, completely or not at all; None if that fails too."""
    document = asdict(rotated) | {"answered_at": rotated.answered_at.isoformat()}
    stored = crypto.keyring().encrypt(json.dumps(document))
    try:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = mkstemp(dir=folder(), prefix=f"account-{rotated.account_id}-")  # 0600
        with os.fdopen(descriptor, "w") as file:
            file.write(stored)
            file.flush()
            os.fsync(file.fileno())
        path = Path(name).rename(f"{name}{SUFFIX}")
    except OSError as error:
        log.critical("token_not_kept", account=rotated.account_id, reason=error.strerror)
        return None
    log.warning("token_kept_in_file", account=rotated.account_id, file=path.name)
    return path


def _parse(text: str) -> RotatedToken:
    document = json.loads(text)
    grant = document["grant"]
    return RotatedToken(
        account_id=document["account_id"],
        used=document["used"],
        grant=TokenGrant(**grant | {"scopes": tuple(grant["scopes"])}),
        answered_at=datetime.fromisoformat(document["answered_at"]),
    )

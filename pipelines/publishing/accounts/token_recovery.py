"""A rotated token is never lost: it is committed before anything else, or kept in a file.

A refresh makes the old refresh token worthless, so from the platform's answer on the new one exists
in this process alone. The answer is committed at once. If PostgreSQL can't take it, it is written
to a file, encrypted and for its owner only, and then tried again for a minute; what is still there
is delivered by the next start of a process and by the next refresh. What remains is the few
milliseconds between the answer and the commit or the file: a process that is killed there leaves
its mark on the row (``Account.refresh_begun_at``), and the account says so.
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

log = structlog.get_logger(__name__)

FOLDER = "unsaved-tokens"
SUFFIX = ".token"
INSIST_SECONDS = 60.0
"""How long a commit is tried again before the file is left to the next start or refresh."""
PAUSE_SECONDS = 0.5
AWAY = (*db.Unavailable, MaxConnectionsExceeded)


@dataclass(frozen=True, slots=True, repr=False)
class RotatedToken:
    """A refresh token that is used up, and what came for it."""

    account_id: int
    used: str
    grant: TokenGrant
    answered_at: datetime

    def columns(self) -> dict[str, object]:
        return granted(self.grant, self.answered_at)


def granted(grant: TokenGrant, moment: datetime) -> dict[str, object]:
    """A grant, answered at ``moment``, as the account's columns; lifetimes are the answer's own."""
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
    """Where this process keeps what PostgreSQL can't take; set once by ``configure``."""

    current: Path | None = None


def configure(media_dir: Path) -> None:
    _Folder.current = media_dir.resolve() / FOLDER


def folder() -> Path:
    if _Folder.current is None:
        raise ConfigurationError("The folder for unsaved tokens was not set at the start.")
    return _Folder.current


def save(rotated: RotatedToken) -> None:
    """Commit the new tokens, whatever it takes.

    Raises:
        peewee's errors: PostgreSQL did not come back in time; the tokens are in a file.
    """
    try:
        _commit(rotated)
    except AWAY:
        kept = _keep(rotated)
    except BaseException:
        _keep(rotated)
        raise
    else:
        return
    _insist(rotated)
    if kept is not None:
        kept.unlink(missing_ok=True)


def deliver() -> int:
    """Commit what earlier processes had to keep in files; how many files are done with.

    Raises:
        peewee's errors: PostgreSQL is away; the files stay.
    """
    done = 0
    for file in _files():
        try:
            rotated = _parse(crypto.keyring().decrypt(file.read_text()))
        except FileNotFoundError:
            continue  # another process has just delivered it
        except (ConfigurationError, ValueError, KeyError, TypeError) as error:
            log.error("unsaved_token_unreadable", file=file.name, kind=type(error).__name__)  # noqa: TRY400  # a trace adds nothing
            continue
        _commit(rotated)
        file.unlink(missing_ok=True)
        done += 1
    return done


def key_ids() -> Iterator[str | None]:
    """For each kept file the id of the key that it is under; None when it has none."""
    for file in _files():
        try:
            yield crypto.needed_key(file.read_text())
        except FileNotFoundError:
            continue


def _files() -> list[Path]:
    return sorted(folder().glob(f"*{SUFFIX}"))


def _insist(rotated: RotatedToken) -> None:
    deadline = time.monotonic() + INSIST_SECONDS
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
    """Store the new tokens if the row still has the one that was used for them.

    Else somebody connected or disconnected the account meanwhile, or the tokens are there already
    (a commit whose answer was lost). An account that another process found expired, because its
    token had been used up here, is connected again.
    """
    with db.transaction():
        columns = Account.select(Account.id, Account.state, Account.refresh_token)
        account = locked(columns.where(Account.id == rotated.account_id)).first()
        if account is None or account.refresh_token != rotated.used:
            log.info("rotated_token_not_needed", account=rotated.account_id)
        elif account.state == AccountState.EXPIRED:
            account.move(AccountState.CONNECTED, **rotated.columns())
        else:
            Account.update(**rotated.columns()).where(Account.id == account.id).execute()


def _keep(rotated: RotatedToken) -> Path | None:
    """Write the tokens to a file of their own, whole or not at all; None where even that fails."""
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

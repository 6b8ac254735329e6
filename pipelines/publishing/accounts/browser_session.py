"""An account's browser session: the cookies with which a creator is signed in.

Cookies change with use, so whoever uses them stores them afterwards. Meanwhile a person may import
others or delete them, or another use may store its own. So every change raises the session's
version, and what a use has learnt is only stored while the version is the one that it began with.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

import structlog

from core.errors import Retryable, StageError
from models import Account, now

log = structlog.get_logger(__name__)

OVER = frozenset(
    {"browser_signed_out", "browser_wrong_account", "browser_captcha", "browser_page_changed"}
)
"""Codes after which the session can't be used until a person has checked it."""
REPLACED = "browser_session_replaced"
REPLACED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """The session as it was when a use of it began."""

    account_id: int
    version: int
    username: str
    """Whose session it is; empty if that isn't known."""
    cookies: str = field(repr=False)
    """Empty if there are none."""

    @classmethod
    def of(cls, account_id: int) -> Self:
        """Read it at once: a person imports the cookies and the @name together."""
        columns = Account.select(
            Account.browser_session_version, Account.username, Account.browser_session
        )
        account = columns.where(Account.id == account_id).get()
        return cls(
            account_id,
            account.browser_session_version,
            account.username,
            account.browser_session or "",
        )

    def store(self, cookies: str) -> bool:
        """Store the cookies after a use that worked; False if there are newer ones, or none."""
        return self._write(
            browser_session=cookies, browser_session_version=self.version + 1, browser_error=""
        )

    @contextmanager
    def errors_stored(self) -> Iterator[None]:
        """Store an error that ends the session on its account, and let the error continue.

        Raises:
            Retryable: instead of such an error, if the session was replaced meanwhile.
        """
        try:
            yield
        except StageError as error:
            if error.code in OVER and not self._write(browser_error=str(error)):
                raise self.replaced() from error
            raise

    def replaced(self) -> Retryable:
        """What to raise if this session is no longer the stored one."""
        log.info("browser_session_replaced", account=self.account_id)
        return Retryable(
            "The browser session was replaced while it was in use: the new one is tried.",
            code=REPLACED,
            after=REPLACED_SECONDS,
        )

    def _write(self, **changes: object) -> bool:
        written = (
            Account.update(browser_checked_at=now(), **changes)
            .where(Account.id == self.account_id, Account.browser_session_version == self.version)
            .execute()
        )
        return bool(written)

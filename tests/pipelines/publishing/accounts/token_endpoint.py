"""A token endpoint as strict as TikTok's: a refresh makes the old refresh token invalid."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from adapters.ports import TokenGrant
from core.errors import Permanent, Retryable
from models import Account, AccountState, now

HOUR = 3600


class Platform:
    """Implements the refreshing part of ``ports.Authorizer``.

    Args:
        seconds: how long an answer takes.
        after_answer: called with the used token once the platform has changed it.
    """

    def __init__(
        self, seconds: float = 0.0, after_answer: Callable[[str], None] = lambda _: None
    ) -> None:
        self.seconds, self.after_answer = seconds, after_answer
        self.valid: set[str] = set()
        self.used: Counter[str] = Counter()
        """How often new tokens were given, by refresh token."""
        self.asked: Counter[str] = Counter()
        self.gone: set[str] = set()
        self.away: Counter[str] = Counter()
        """How many more times the platform fails, by refresh token."""
        self._lock = threading.Lock()

    def connect(self, number: int, *, minutes_left: float = 20) -> Account:
        token = f"rft.{number}.0"
        self.valid.add(token)
        return Account.create(
            open_id=f"creator-{number}",
            name=f"Creator {number}",
            state=AccountState.CONNECTED,
            access_token=f"act.{number}.0",
            refresh_token=token,
            access_expires_at=now() + timedelta(minutes=minutes_left),
            refresh_expires_at=now() + timedelta(days=100),
        )

    def refresh(self, refresh_token: str) -> TokenGrant:
        time.sleep(self.seconds)
        with self._lock:
            self.asked[refresh_token] += 1
            if self.away[refresh_token] > 0:
                self.away[refresh_token] -= 1
                raise Retryable("TikTok has an internal error.", code="internal_error")
            if refresh_token in self.gone or refresh_token not in self.valid:
                raise Permanent("The grant is gone: connect the account again.", code="gone")
            self.valid.remove(refresh_token)
            self.used[refresh_token] += 1
            kind, number, turn = refresh_token.split(".")
            fresh = f"{number}.{int(turn) + 1}"
            self.valid.add(f"{kind}.{fresh}")
        self.after_answer(refresh_token)
        return TokenGrant(
            open_id=f"creator-{number}",
            scopes=("video.publish",),
            access_token=f"act.{fresh}",
            expires_in=2 * HOUR,
            refresh_token=f"rft.{fresh}",
            refresh_expires_in=180 * 24 * HOUR,
        )

    def authorize_url(self, *, state: str, verifier: str, redirect_uri: str) -> str:
        raise NotImplementedError

    def exchange_code(self, code: str, *, verifier: str, redirect_uri: str) -> TokenGrant:
        raise NotImplementedError

    def name_of(self, access_token: str) -> str:
        raise NotImplementedError

    def revoke(self, access_token: str) -> None:
        raise NotImplementedError

    def check_app(self) -> None:
        raise NotImplementedError

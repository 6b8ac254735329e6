"""What is said about an account, in a row of the accounts table and at the top of its own page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from admin.configured import limiter
from admin.needs import EXPIRES_SOON, REFRESH_RETRIES
from admin.viewer_zone import local
from core.limiter import LimiterUnavailableError
from models import Account, AccountState, now
from pipelines import rate_limits
from pipelines.publishing.accounts import pause
from pipelines.publishing.accounts.overview import Figures, figures
from pipelines.publishing.scheduling.slots import zone


class Connection(NamedTuple):
    """The state of an account's token in words, and its colour."""

    words: str
    tone: str


class Direct(NamedTuple):
    """Direct posts of the last 24 hours that TikTok's limit counts, and the limit."""

    used: int
    most: int


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account without its secrets; ``direct`` is None while Redis, which counts it, is away."""

    account: Account
    figures: Figures
    direct: Direct | None = None

    @property
    def name(self) -> str:
        return str(self.account.name or self.account.open_id)

    @property
    def is_used(self) -> bool:
        return bool(self.account.state != AccountState.DISCONNECTED)

    @property
    def connection(self) -> Connection:
        account, failed = self.account, self.account.refresh_attempts
        if account.state != AccountState.CONNECTED:
            return Connection(account.state, "bad" if self.is_used else "quiet")
        if failed:
            times = "once" if failed == 1 else f"{failed} times"
            tone = "bad" if failed > REFRESH_RETRIES else "look"
            return Connection(f"renewal failed {times}", tone)
        ends = account.refresh_expires_at
        if ends is not None and ends < now() + EXPIRES_SOON:
            return Connection("connection ends soon", "look")
        return Connection("connected", "good")

    @property
    def paused_itself(self) -> bool:
        return self.account.paused_cause in pause.BY_ITSELF

    @property
    def waits_for_grant(self) -> bool:
        return pause.waits_for_grant(self.account)

    @property
    def error(self) -> str:
        """What is wrong: with the account if it paused itself, its token, its browser, or a post.

        A post that has stopped counts until it goes out or is cancelled.
        """
        account = self.account
        own = account.paused_reason if self.paused_itself else ""
        return str(
            own or account.last_error or account.browser_error or self.figures.stopped_reason
        )

    @property
    def needs_attention(self) -> bool:
        return self.is_used and (
            self.connection.tone != "good"
            or self.paused_itself
            or self.figures.stopped_post is not None
        )

    @property
    def urgency(self) -> int:
        """0 if it posts nothing until a person acts; 3 if nothing is wrong."""
        if self.paused_itself or self.connection.tone == "bad":
            return 0
        if not self.needs_attention:
            return 3
        return 1 if self.connection.tone == "look" else 2

    @property
    def elsewhere(self) -> str:
        """The next post's time in the account's zone, if its clock differs from the viewer's."""
        at = self.figures.next_at
        if at is None:
            return ""
        there = at.astimezone(zone(self.account.timezone))
        if there.utcoffset() == local(at).utcoffset():
            return ""
        return f"{there:%a %H:%M} in {self.account.timezone}"


def row(account: Account) -> AccountRow:
    return with_direct([AccountRow(account, figures([account])[account.id])])[0]


def with_direct(rows: Sequence[AccountRow]) -> list[AccountRow]:
    """The rows with the use of TikTok's limit of direct posts, by one call to Redis."""
    limit = rate_limits.current(rate_limits.POSTS.name)
    try:
        used = limiter().usage([replace(limit, key=str(each.account.id)) for each in rows])
    except LimiterUnavailableError:
        return list(rows)  # the pages say that it is unknown
    return [
        replace(each, direct=Direct(usage.used, limit.count))
        for each, usage in zip(rows, used, strict=True)
    ]

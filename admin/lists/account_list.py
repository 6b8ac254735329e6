"""The accounts table: which accounts it shows, in which order.

A fixed number of statements for any number of accounts: the accounts without their secrets, their
figures (``pipelines/publishing/accounts/overview.py``), and one call to Redis for TikTok's limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import request

from admin.lists.account_rows import AccountRow, with_direct
from models import Account, PauseCause
from pipelines.publishing.accounts import pause
from pipelines.publishing.accounts.overview import figures

PAGE = 200
FAR = datetime.max.replace(tzinfo=UTC)

SHOWN = (
    Account.id,
    Account.open_id,
    Account.name,
    Account.username,
    Account.state,
    Account.groups,
    Account.refresh_expires_at,
    Account.refresh_attempts,
    Account.last_error,
    Account.browser_error,
    Account.paused_at,
    Account.paused_reason,
    Account.paused_cause,
    Account.timezone,
    Account.posts_a_day,
    Account.gap_minutes,
)
"""No tokens and no cookies, so none is decrypted."""


class Sort(NamedTuple):
    words: str
    key: Callable[[AccountRow], Any]


SORTS = {
    "name": Sort("Name", lambda row: row.name.casefold()),
    "attention": Sort("Errors first", lambda row: (row.urgency, not row.error)),
    "stock": Sort("Least stock first", lambda row: (row.figures.stock.days, row.is_used)),
    "next": Sort("Next post first", lambda row: row.figures.next_at or FAR),
    "today": Sort("Most posts today", lambda row: -row.figures.today),
    "connection": Sort("Connection ends first", lambda row: row.account.refresh_expires_at or FAR),
}
"""Orders, by their name in the address."""

HEADS = (
    ("name", "Account"),
    ("connection", "State"),
    ("today", "Posts today"),
    ("stock", "Stock"),
    ("next", "Next post"),
    ("attention", "Last error"),
)
"""Columns of the table, and which of ``SORTS`` each one's heading chooses."""

TABS: dict[str, Callable[[AccountRow], bool]] = {
    "posting": lambda row: row.is_used and row.account.paused_at is None,
    "paused": lambda row: row.account.paused_at is not None,
    "attention": lambda row: row.needs_attention,
    "disconnected": lambda row: not row.is_used,
}
"""Without one, all accounts."""


@dataclass(frozen=True, slots=True)
class PausedWithAll:
    """The accounts that a pause of all has stopped: how many, since when, and why."""

    count: int
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class AccountTable:
    """What the page shows.

    Attributes:
        rows: one page of what was found.
        found: how many were found on all pages.
        number: of the page, from 1.
        all: how many accounts there are.
        can_pause: how many of all are neither paused nor disconnected.
        tabs: for each of ``TABS``, how many accounts.
        groups: all groups, each with its number of accounts.
    """

    rows: list[AccountRow]
    found: int
    number: int
    all: int
    can_pause: int
    tabs: list[tuple[str, int]]
    groups: list[tuple[str, int]]
    with_all: PausedWithAll | None

    @property
    def pages(self) -> int:
        return _pages(self.found)

    @property
    def heads(self) -> Sequence[tuple[str, str]]:
        return HEADS

    def kept(self, *but: str) -> dict[str, str]:
        """The fields of the present address, for a link that changes only ``but``."""
        return {name: text for name, text in request.args.items() if text and name not in but}


def table() -> AccountTable:
    """The table that the request asks for: ``search``, ``group``, ``state``, ``sort``, ``page``."""
    asked = request.args
    accounts = list(Account.select(*SHOWN))
    wanted = [account for account in accounts if _matches(account)]
    numbers = figures(wanted)
    rows = [AccountRow(account, numbers[account.id]) for account in wanted]
    tabs = [(name, sum(map(belongs, rows))) for name, belongs in TABS.items()]
    if (tab := asked.get("state", "")) in TABS:
        rows = [row for row in rows if TABS[tab](row)]
    key = SORTS.get(asked.get("sort", ""), SORTS["name"]).key
    rows.sort(key=lambda row: (not row.is_used, key(row), row.name.casefold(), row.account.id))
    number = min(max(1, asked.get("page", 1, type=int)), _pages(len(rows)))
    groups = Counter(group for account in accounts for group in account.groups)
    return AccountTable(
        with_direct(rows[(number - 1) * PAGE : number * PAGE]),
        len(rows),
        number,
        len(accounts),
        sum(map(pause.can_pause, accounts)),
        tabs,
        sorted(groups.items(), key=lambda pair: pair[0].casefold()),
        _with_all(accounts),
    )


def _pages(found: int) -> int:
    return max(1, -(-found // PAGE))


def _with_all(accounts: Sequence[Account]) -> PausedWithAll | None:
    stopped = [account for account in accounts if account.paused_cause == PauseCause.ALL]
    if not stopped:
        return None
    first = min(stopped, key=lambda account: account.paused_at)
    return PausedWithAll(len(stopped), first.paused_at, first.paused_reason)


def _matches(account: Account) -> bool:
    group, words = request.args.get("group", ""), request.args.get("search", "").casefold().split()
    texts = (account.name, account.username, account.open_id, account.timezone)
    return (not group or group in account.groups) and all(
        any(word in text.casefold() for text in texts) for word in words
    )

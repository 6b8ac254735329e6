"""Which days and accounts the calendar shows, as the address says."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, request, url_for

from admin.viewer_zone import today, viewer_zone
from core.errors import InputError
from models import Account
from pipelines.publishing.scheduling.slots import ONE_DAY, at_local

VIEWS = ("week", "month", "agenda")
YEARS = range(2000, 2100)
LANES = 20
"""Accounts in one week, a row each; the others are on further pages."""


@dataclass(frozen=True, slots=True)
class Period:
    """The requested days, in the viewer's zone."""

    view: str
    on: date
    where: ZoneInfo
    account: Account | None
    """The only one that is shown."""
    group: str
    """Of accounts; empty shows all."""
    accounts: list[Account]
    """All that can be chosen."""
    page: int
    """Of accounts, from 1."""

    @property
    def members(self) -> list[Account]:
        """The accounts that are shown."""
        if self.account is not None:
            return [self.account]
        return [each for each in self.accounts if not self.group or self.group in each.groups]

    @property
    def groups(self) -> list[str]:
        return sorted({name for each in self.accounts for name in each.groups}, key=str.casefold)

    @property
    def lanes(self) -> list[Account]:
        """The accounts of this page."""
        return self.members[(self.page - 1) * LANES : self.page * LANES]

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.members) // LANES))

    @property
    def dates(self) -> list[date]:
        """Whole weeks from Monday on; an agenda begins on its day."""
        if self.view == "agenda":
            return [self.on]
        first = self.on if self.view == "week" else self.on.replace(day=1)
        last = self.on if self.view == "week" else next_month(first) - ONE_DAY
        monday = first - first.weekday() * ONE_DAY
        return [monday + n * ONE_DAY for n in range((last - monday).days // 7 * 7 + 7)]

    @property
    def bounds(self) -> list[datetime]:
        """Where each day begins, and where the last one ends."""
        days = self.dates
        return [at_local(self.where, day, "00:00") for day in [*days, days[-1] + ONE_DAY]]

    @property
    def before(self) -> date:
        if self.view == "month":
            return (self.on.replace(day=1) - ONE_DAY).replace(day=1)
        return self.on - self._step

    @property
    def after(self) -> date:
        return next_month(self.on) if self.view == "month" else self.on + self._step

    @property
    def _step(self) -> timedelta:
        return ONE_DAY if self.view == "agenda" else 7 * ONE_DAY

    def address(self, on: date | None = None, view: str = "", **other: object) -> str:
        """Of the calendar at another day or in another view, with the same accounts."""
        named: dict[str, Any] = {"account": self.account.id} if self.account else {"account": ""}
        if self.group:
            named["group"] = self.group
        if self.page > 1 and self.view == "week":
            named["page"] = self.page
        day = (on or self.on).isoformat()
        return url_for("calendar.index", **{**named, "view": view or self.view, "on": day, **other})


def asked(accounts: list[Account]) -> Period:
    """What the request asks for; 404 for an account that doesn't exist."""
    wanted = request.args.get("account", type=int)
    account = next((row for row in accounts if row.id == wanted), None)
    if wanted is not None and account is None:
        abort(404)
    if len(accounts) == 1 and "account" not in request.args:
        account = accounts[0]
    on = today()
    with suppress(InputError):
        on = day_of(request.args.get("on", ""))
    view = request.args.get("view", "")
    page = request.args.get("page", 1, type=int)
    period = Period(
        view if view in VIEWS else VIEWS[0],
        on,
        viewer_zone(),
        account,
        "" if account else request.args.get("group", ""),
        accounts,
        max(1, page),
    )
    if period.page > period.pages or (period.group and not period.members):
        abort(404)
    return period


def day_of(text: str) -> date:
    """Raises InputError if ``text`` is no date of these years."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        raise InputError(f"{text or 'An empty field'} is not a date. Write it like 2026-11-24.")
    return found


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)

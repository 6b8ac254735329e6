"""Groups of accounts, and decisions about several accounts at once."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Annotated

from pydantic import Field

from admin.api.caller import caller
from admin.api.decisions import MOST_ROWS, Decided, decided
from admin.api.models import Answer, Body, Id, Line
from admin.api.operation import operation
from admin.api.resources.publishing.accounts import WeeklyTime
from core.errors import InputError
from models import Account, PauseCause
from pipelines.people.api_tokens import Scope
from pipelines.publishing.accounts import account_times, weekly_times
from pipelines.publishing.accounts import groups as grouping
from pipelines.publishing.accounts import pause as pausing

GroupName = Annotated[Line, Field(min_length=1, max_length=grouping.LONGEST)]


class Group(Answer):
    """A group exists as long as an account is in it."""

    name: str
    accounts: list[Id]


class GroupList(Answer):
    """All groups, by name."""

    items: list[Group]


class Chosen(Body):
    """Which accounts: by their ids, or by a group. Exactly one of both."""

    ids: Annotated[list[Id], Field(default_factory=list, max_length=MOST_ROWS)]
    group: Annotated[Line, Field(description="All accounts of this group.")] = ""

    def accounts(self) -> list[int]:
        if bool(self.ids) == bool(self.group):
            raise InputError("Give the accounts' ids or a group.", field="ids")
        return self.ids or grouping.ids(self.group)


class ChosenOrAll(Chosen):
    all: Annotated[bool, Field(description="Every account, instead of ids or a group.")] = False


class PauseSeveral(ChosenOrAll):
    reason: Annotated[Line, Field(max_length=200)] = ""


class ChangeGroups(Chosen):
    add: Annotated[list[GroupName], Field(default_factory=list, max_length=grouping.MOST)]
    remove: Annotated[list[GroupName], Field(default_factory=list, max_length=grouping.MOST)]


class ChangeTimes(Chosen):
    """What is left out stays."""

    timezone: Annotated[Line | None, Field(description="An IANA name, as Europe/Berlin.")] = None
    posts_a_day: Annotated[int | None, Field(ge=1, le=account_times.MOST_A_DAY)] = None
    gap_minutes: Annotated[int | None, Field(ge=0, le=account_times.MOST_GAP_MINUTES)] = None
    times: Annotated[
        list[WeeklyTime] | None, Field(max_length=200, description="Replaces all weekly times.")
    ] = None


@operation("GET", "/groups", Scope.READ)
def listed() -> GroupList:
    """List the groups of accounts."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for row in Account.select(Account.id, Account.groups).order_by(Account.id):
        for name in row.groups:
            found[name].append(row.id)
    names = sorted(found, key=str.casefold)
    return GroupList(items=[Group(name=name, accounts=found[name]) for name in names])


@operation(
    "POST",
    "/accounts/groups",
    Scope.ACCOUNTS,
    examples={"into a group": {"ids": [1], "add": ["Night shift"]}},
)
def change(body: ChangeGroups) -> Decided:
    """Put accounts into groups, and take them out of others."""
    names = [name for each in body.add for name in grouping.parse(each)]
    act = partial(grouping.change, by=caller().name, add=names, remove=body.remove)
    return decided("account.groups", body.accounts(), act)


@operation(
    "POST",
    "/accounts/pause",
    Scope.ACCOUNTS,
    examples={"a group": {"group": "Night shift", "reason": "A holiday."}, "all": {"all": True}},
)
def pause(body: PauseSeveral) -> Decided:
    """Pause several accounts, or all, also those that are connected later."""
    cause = PauseCause.ALL if body.all else PauseCause.PERSON
    ids = pausing.pausable() if body.all else body.accounts()
    if body.all and ids:
        pausing.record_all("account.pause", caller().name, body.reason)

    def act(account_id: int) -> None:
        if not pausing.pause(account_id, caller().name, body.reason, cause=cause):
            raise InputError("It is paused already.")

    return decided("account.pause", ids, act)


@operation("POST", "/accounts/resume", Scope.ACCOUNTS, examples={"all": {"all": True}})
def resume(body: ChosenOrAll) -> Decided:
    """Resume several accounts; with `all`, those that a pause of all has stopped."""
    ids = pausing.paused_with_all() if body.all else body.accounts()
    if body.all and ids:
        pausing.record_all("account.resume", caller().name)

    def act(account_id: int) -> None:
        if not pausing.resume(account_id, caller().name):
            raise InputError("It is not paused.")

    return decided("account.resume", ids, act)


@operation(
    "PATCH",
    "/accounts/times",
    Scope.ACCOUNTS,
    examples={"fewer posts": {"group": "Night shift", "posts_a_day": 3}},
)
def times(body: ChangeTimes) -> Decided:
    """Change when several accounts post, all alike."""
    slots = body.times
    change = weekly_times.Change(
        timezone=None if body.timezone is None else account_times.zone(body.timezone),
        posts_a_day=body.posts_a_day,
        gap_minutes=body.gap_minutes,
        times=None if slots is None else frozenset((each.weekday, each.at) for each in slots),
    )
    if change == weekly_times.Change():
        raise InputError("Nothing is to be changed: give at least one field.")
    act = partial(weekly_times.apply, change=change, by=caller().name)
    return decided("account.times", body.accounts(), act)

"""TikTok accounts: their state, pauses, times and settings.

Connecting and disconnecting need a person at TikTok's page, or a fresh password: they stay on the
pages, and so do the cookies of browsers.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from pydantic import Field

from admin.api.caller import caller
from admin.api.decisions import undoable
from admin.api.listing import check, rows
from admin.api.models import Answer, Body, Done, Id, Line, ListQuery, Moment, Page, Undoable
from admin.api.operation import operation
from admin.api.resources.publishing.posts import Privacy
from models import Account, AccountState, LateStories, Method
from pipelines.people.api_tokens import Scope
from pipelines.publishing.accounts import account_settings, account_times
from pipelines.publishing.accounts import pause as pausing
from pipelines.publishing.posts import post_settings
from pipelines.publishing.scheduling import planning


class AccountItem(Answer):
    """An account in a list. Tokens and cookies are never shown."""

    id: Id
    name: str
    username: str
    state: AccountState
    paused_at: Moment | None
    paused_reason: str
    last_error: str
    groups: Annotated[list[str], Field(description="Names that people find it by.")]
    timezone: str
    posts_a_day: int
    gap_minutes: int
    created_at: Moment


class WeeklyTime(Body):
    """A weekly time at which one post may go out."""

    weekday: Annotated[int, Field(ge=1, le=7, description="1 is Monday.")]
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="HH:MM.")]


class AccountDetail(AccountItem):
    """An account with its settings."""

    scopes: Annotated[list[str], Field(description="Permissions that TikTok has granted.")]
    access_expires_at: Moment | None
    refresh_expires_at: Moment | None
    privacy: Annotated[str, Field(description="Who can see its posts; empty until it is chosen.")]
    allow_comment: bool
    allow_duet: bool
    allow_stitch: bool
    ai_label: bool
    methods: Annotated[list[Method], Field(description="How its posts may go out, best first.")]
    times: Annotated[list[WeeklyTime], Field(description="In the account's time zone.")]


class AccountPage(Page[AccountItem]):
    """One page of accounts, newest first."""


class AccountDecided(Undoable):
    """A decision on an account."""

    account: AccountDetail


class AccountQuery(ListQuery):
    state: AccountState | None = None
    paused: Annotated[bool | None, Field(description="Only paused ones, or only others.")] = None
    group: Annotated[str, Field(max_length=40, description="Only this group's.")] = ""


class Pause(Body):
    reason: Line = ""


class Times(Body):
    timezone: Annotated[Line | None, Field(description="An IANA name, as Europe/Berlin.")] = None
    posts_a_day: Annotated[int | None, Field(ge=1, le=100)] = None
    gap_minutes: Annotated[int | None, Field(ge=0, le=1440)] = None
    times: Annotated[
        list[WeeklyTime] | None, Field(max_length=200, description="Replaces all weekly times.")
    ] = None


class Posting(Body):
    privacy: Privacy
    allow_comment: bool = False
    allow_duet: bool = False
    allow_stitch: bool = False
    ai_label: bool = True
    agreed: Annotated[
        bool, Field(description="You agree to TikTok's Music Usage Confirmation.")
    ] = False


class Methods(Body):
    methods: Annotated[list[Annotated[Method, Field(strict=False)]], Field(min_length=1)]


class Late(Body):
    choice: Annotated[LateStories, Field(strict=False)]


@operation("GET", "/accounts", Scope.READ)
def listed(query: AccountQuery) -> AccountPage:
    """List accounts."""
    found: Any = Account.select(*account_settings.PLAIN)
    if query.state is not None:
        found = found.where(Account.state == query.state)
    if query.paused is not None:
        found = found.where(Account.paused_at.is_null(not query.paused))
    if query.group:
        found = found.where(Account.groups.contains([query.group]))
    page, following = rows(found, Account.id, query)
    return AccountPage(items=[AccountItem.model_validate(row) for row in page], next=following)


@operation("GET", "/accounts/<int:account_id>", Scope.READ)
def show(account_id: int) -> AccountDetail:
    """Read an account and its settings."""
    return _detail(account_id)


@operation(
    "POST",
    "/accounts/<int:account_id>/pause",
    Scope.ACCOUNTS,
    examples={"with a reason": {"reason": "The creator is on holiday."}},
)
def pause(account_id: int, body: Pause) -> AccountDecided:
    """Pause an account: its queue, times and tokens stay."""
    act = partial(pausing.pause, by=caller().name, reason=body.reason)
    return _decided("account.pause", account_id, act)


@operation("POST", "/accounts/<int:account_id>/resume", Scope.ACCOUNTS)
def resume(account_id: int) -> AccountDecided:
    """Resume an account. Posts that are late get new times."""
    return _decided("account.resume", account_id, partial(pausing.resume, by=caller().name))


@operation(
    "PATCH",
    "/accounts/<int:account_id>/times",
    Scope.ACCOUNTS,
    examples={
        "fewer posts": {"posts_a_day": 3, "gap_minutes": 120},
        "two weekly times": {
            "timezone": "Europe/Berlin",
            "times": [{"weekday": 1, "at": "18:30"}, {"weekday": 4, "at": "18:30"}],
        },
    },
)
def times(account_id: int, body: Times) -> AccountDetail:
    """Change when an account posts. What is left out stays."""
    check(Account, account_id)
    account = _plain(account_id)
    if body.model_fields_set - {"times"}:
        account_times.set_times(
            account_id,
            caller().name,
            timezone=account.timezone if body.timezone is None else body.timezone,
            posts_a_day=body.posts_a_day or account.posts_a_day,
            gap_minutes=account.gap_minutes if body.gap_minutes is None else body.gap_minutes,
        )
    if body.times is not None:
        wanted = [(time.weekday, time.at) for time in body.times]
        account_times.replace_slots(account_id, wanted, caller().name)
    return _detail(account_id)


@operation(
    "PUT",
    "/accounts/<int:account_id>/posting",
    Scope.ACCOUNTS,
    examples={"only for the creator": {"privacy": "SELF_ONLY", "agreed": True}},
)
def posting(account_id: int, body: Posting) -> AccountDetail:
    """Set who can see an account's posts, and what they allow."""
    check(Account, account_id)
    account_settings.set_posting(account_id, caller().name, **body.model_dump())
    return _detail(account_id)


@operation(
    "PUT",
    "/accounts/<int:account_id>/methods",
    Scope.ACCOUNTS,
    examples={"over the API, else by hand": {"methods": ["direct", "manual"]}},
)
def methods(account_id: int, body: Methods) -> AccountDetail:
    """Set how an account's posts may go out."""
    check(Account, account_id)
    account_settings.set_methods(account_id, body.methods, caller().name)
    return _detail(account_id)


@operation(
    "POST",
    "/accounts/<int:account_id>/late-stories",
    Scope.ACCOUNTS,
    examples={"skip them": {"choice": "skip"}},
)
def late_stories(account_id: int, body: Late) -> Done:
    """Decide about stories that had begun before the account joined."""
    check(Account, account_id)
    new = planning.decide_late(account_id, body.choice, caller().name)
    return Done(done=f"Saved. Stories scheduled: {new}.")


@operation("POST", "/accounts/<int:account_id>/retry", Scope.ACCOUNTS)
def retry(account_id: int) -> Done:
    """Retry the posts that waited for the account to be connected again."""
    check(Account, account_id)
    return Done(done=f"Posts retried: {post_settings.requeue_parked(account_id, caller().name)}.")


def _decided(action: str, account_id: int, act: partial[bool]) -> AccountDecided:
    check(Account, account_id)
    undo_id = undoable(action, account_id, act)
    return AccountDecided(account=_detail(account_id), undo=undo_id)


def _plain(account_id: int) -> Any:
    return Account.select(*account_settings.PLAIN).where(Account.id == account_id).get()


def _detail(account_id: int) -> AccountDetail:
    account = _plain(account_id)
    names = AccountDetail.model_fields.keys() - {"scopes", "times"}
    slots = account_times.weekly_slots(account_id)
    return AccountDetail(
        **{name: getattr(account, name) for name in names},
        scopes=[scope for scope in account.scopes.split(",") if scope],
        times=[WeeklyTime(weekday=day, at=slot.at) for day in slots for slot in slots[day]],
    )

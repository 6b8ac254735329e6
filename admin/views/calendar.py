"""The calendar: published posts, scheduled posts and free time slots."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from admin.auth import back, person
from admin.formatting import tone, word
from admin.views.page import Page, expose, get
from admin.views.undoable import named, undoable
from core.db import database
from core.errors import InputError
from models import Account, Post, PostState, Slot, now
from pipelines.publishing.scheduling import pins, post_times
from pipelines.publishing.scheduling.slots import (
    ONE_DAY,
    SlotTime,
    at_local,
    clock_time,
    local_day,
    moments,
    spoken,
    zone,
)

MOST_A_DAY = {"week": 40, "month": 5}
"""Maximum number of entries per day."""
MOST_WITHOUT_TIME = 20
YEARS = range(2000, 2100)


@dataclass(frozen=True, slots=True)
class Entry:
    """A post, or a free time slot if there is no ``post_id``."""

    time: datetime
    label: str
    tone: str
    post_id: int | None = None
    title: str = ""
    account: str = ""
    movable: bool = False


@dataclass(slots=True)
class Day:
    date: date
    entries: list[Entry] = field(default_factory=list)
    more: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """The requested days and their time zone."""

    view: str
    on: date
    where: ZoneInfo
    account: Account | None

    @property
    def dates(self) -> list[date]:
        """Whole weeks, starting on Monday."""
        first = self.on if self.view == "week" else self.on.replace(day=1)
        last = self.on if self.view == "week" else _next_month(first) - ONE_DAY
        monday = first - first.weekday() * ONE_DAY
        return [monday + n * ONE_DAY for n in range((last - monday).days // 7 * 7 + 7)]

    @property
    def before(self) -> date:
        first = self.on.replace(day=1)
        return self.on - 7 * ONE_DAY if self.view == "week" else (first - ONE_DAY).replace(day=1)

    @property
    def after(self) -> date:
        return self.on + 7 * ONE_DAY if self.view == "week" else _next_month(self.on)

    def address(self, on: date, view: str = "") -> str:
        return url_for(
            "calendar.index",
            view=view or self.view,
            on=on.isoformat(),
            account=self.account.id if self.account else None,
            zone=None if self.account else self.where.key,
        )


class Calendar(Page):
    @expose("/")
    def index(self) -> str:
        columns = (Account.id, Account.name, Account.timezone)
        accounts = list(Account.select(*columns).order_by(Account.name, Account.id))
        shown = _asked(accounts)
        chosen = [shown.account] if shown.account else accounts
        days = _days(shown, [account.id for account in chosen])
        return self.render(
            "calendar/index.html",
            shown=shown,
            days=days,
            accounts=accounts,
            zones=sorted({account.timezone for account in accounts} | {"UTC", shown.where.key}),
            today=local_day(shown.where, now()),
            without_time=_without_time([account.id for account in chosen]),
        )

    @expose("/<int:post_id>/time")
    def choose(self, post_id: int) -> str:
        post = get(Post, post_id)
        account = post.account
        if post.state != PostState.PLANNED:
            abort(404)
        where = zone(account.timezone)
        free = post_times.next_free_after(account, now())
        return self.render(
            "calendar/time.html",
            post=post,
            where=where,
            now=now(),
            time=post.scheduled_at and post.scheduled_at.astimezone(where),
            free=free and spoken(where, free),
        )

    @expose("/<int:post_id>/time", methods=["POST"])
    def pin(self, post_id: int) -> ResponseReturnValue:
        """Pin the post to ``date`` and ``time`` in the account's time zone."""
        where = zone(get(Post, post_id).account.timezone)
        at = clock_time(request.form.get("time", "").strip())
        moment = at_local(where, _date(request.form.get("date", "").strip()), at)
        act = partial(pins.pin, moment=moment, by=person().name)
        sentence = f"Scheduled {named('post.move', [post_id])} for {spoken(where, moment)}."
        return undoable(
            "post.move", [post_id], act, onwards=partial(_target, post_id), sentence=sentence
        )

    @expose("/<int:post_id>/queue", methods=["POST"])
    def unpin(self, post_id: int) -> ResponseReturnValue:
        get(Post, post_id)
        act = partial(pins.unpin, by=person().name)
        sentence = f"Moved {named('post.move', [post_id])} back to the account's queue."
        return undoable(
            "post.move", [post_id], act, onwards=partial(_target, post_id), sentence=sentence
        )


# ── the request ──────────────────────────────────────────────────────────────────────────────


def _asked(accounts: list[Account]) -> Shown:
    wanted = request.args.get("account", type=int)
    account = next((row for row in accounts if row.id == wanted), None)
    if wanted is not None and account is None:
        abort(404)
    if len(accounts) == 1 and "account" not in request.args:
        account = accounts[0]
    first = account or (accounts[0] if accounts else None)
    name = account.timezone if account else request.args.get("zone", "")
    where = zone(name or (first.timezone if first else "UTC"))
    on = local_day(where, now())
    with suppress(InputError):
        on = _date(request.args.get("on", ""))
    view = "month" if request.args.get("view") == "month" else "week"
    return Shown(view, on, where, account)


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        raise InputError(
            f"{text or 'An empty field'} is not a date. Write it like 2026-11-24.", field="date"
        )
    return found


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _target(post_id: int) -> str:
    """The post's new day, if it was moved in the calendar; else the previous page."""
    if request.form.get("to") != "calendar":
        return back()
    post = Post.get_by_id(post_id)
    account = post.account
    day = local_day(zone(account.timezone), post.scheduled_at or now())
    return url_for("calendar.index", account=account.id, on=day.isoformat())


# ── posts and free slots ─────────────────────────────────────────────────────────────────────


def _days(shown: Shown, account_ids: list[int]) -> list[Day]:
    dates = shown.dates
    bounds = [at_local(shown.where, day, "00:00") for day in [*dates, dates[-1] + ONE_DAY]]
    days = {day: Day(day) for day in dates}
    most = MOST_A_DAY[shown.view]
    first = []
    for number, count, ids in _first_of_each(account_ids, bounds, most):
        days[dates[number - 1]].more = max(0, count - most)
        first += ids
    for row in _posts(first):
        entry = _entry(shown.where, row)
        days[entry.time.date()].entries.append(entry)
    if shown.account is not None:
        for moment in _free(shown.account, shown.where, bounds[0], bounds[-1]):
            local = moment.astimezone(shown.where)
            days[local.date()].entries.append(Entry(local, "free", "free"))
    for day in days.values():
        day.entries.sort(key=lambda entry: entry.time)
        day.more += len(day.entries[most:])
        del day.entries[most:]
    return list(days.values())


def _first_of_each(
    account_ids: list[int], bounds: list[datetime], most: int
) -> list[tuple[int, int, list[int]]]:
    """For each day with posts: its number (from 1), their count, and the first ``most`` ids."""
    cursor = database.execute_sql(
        """
        SELECT width_bucket(scheduled_at, %(bounds)s::timestamptz[]) AS day, count(*),
               (array_agg(id ORDER BY scheduled_at, id))[1:%(most)s]
        FROM post WHERE account_id = ANY(%(accounts)s) AND state <> 'cancelled'
             AND scheduled_at >= %(first)s AND scheduled_at < %(last)s
        GROUP BY day
        """,
        {
            "bounds": bounds,
            "accounts": account_ids,
            "first": bounds[0],
            "last": bounds[-1],
            "most": most,
        },
    )
    return list(cursor.fetchall())


def _posts(ids: list[int]) -> list[tuple[Any, ...]]:
    # A separate query, because PostgreSQL can't know in advance how few rows these are.
    cursor = database.execute_sql(
        """
        SELECT post.id, post.state, pinned, scheduled_at, account.name, script.title, part.number,
               part.of
        FROM post JOIN account ON account.id = account_id JOIN video ON video.id = video_id
             JOIN part ON part.id = part_id JOIN script ON script.id = script_id
        WHERE post.id = ANY(%s) ORDER BY scheduled_at, part.number, post.id
        """,
        (ids,),
    )
    return list(cursor.fetchall())


def _entry(where: ZoneInfo, post: tuple[Any, ...]) -> Entry:
    post_id, state, pinned, time, account, title, number, of = post
    planned = state == PostState.PLANNED
    waiting = "pinned" if pinned else "scheduled"
    return Entry(
        time=time.astimezone(where),
        label=waiting if planned else word(state),
        tone=waiting if planned else tone(state),
        post_id=post_id,
        title=f"{title} ({number} of {of})" if of > 1 else title,
        account=account or "unnamed",
        movable=planned,
    )


def _free(account: Account, where: ZoneInfo, first: datetime, last: datetime) -> Iterable[datetime]:
    """The account's upcoming time slots without a scheduled post."""
    rows = Slot.select(Slot.weekday, Slot.at).where(Slot.account == account)
    slots = [SlotTime(row.weekday, row.at) for row in rows]
    planned = Post.select(Post.scheduled_at).where(
        Post.account == account,
        Post.state == PostState.PLANNED,
        Post.scheduled_at >= first,
        Post.scheduled_at < last,
    )
    taken = {post.scheduled_at for post in planned}
    coming = takewhile(lambda moment: moment < last, moments(slots, where, max(first, now())))
    return (moment for moment in coming if moment not in taken)


def _without_time(account_ids: list[int]) -> list[Any]:
    """Scheduled posts without a time: an earlier part blocks them, or their job failed."""
    cursor = database.execute_sql(
        """
        SELECT post.id, script.title, part.number, part.of, account.name FROM post
        JOIN account ON account.id = account_id JOIN video ON video.id = video_id
        JOIN part ON part.id = part_id JOIN script ON script.id = script_id
        WHERE account_id = ANY(%s) AND scheduled_at IS NULL AND post.state = 'planned'
        ORDER BY post.id LIMIT %s
        """,
        (account_ids, MOST_WITHOUT_TIME),
    )
    return list(cursor.fetchall())

"""Posts and free slots of the shown days, read by the index of their times.

A view reads at most what it shows: the first posts of each day or cell, and how many more there
are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from admin.calendar.period import Period
from admin.formatting import tone, word
from core.db import database
from models import PostState, Slot, now
from pipelines.publishing.scheduling.slots import SlotTime, moments, zone

MOST_IN_WEEK = 40
"""Of one account, a day."""
MOST_IN_CELL = 6
"""Of an account's day, where all accounts are shown."""
MOST_IN_MONTH = 5
MOST_COUNTED_A_DAY = 200
MOST_IN_AGENDA = 60
MOST_WITHOUT_TIME = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A post, or a free time slot if there is no ``post_id``."""

    time: datetime
    """In the viewer's zone."""
    there: str
    """The account's clock, if it shows another time: ``06:30``, or ``Tue 06:30``."""
    place: str
    """Where that clock is: ``New York``."""
    account_id: int
    account: str
    label: str = "free"
    tone: str = "free"
    post_id: int | None = None
    title: str = ""
    movable: bool = False


@dataclass(slots=True)
class Cell:
    """A place in the week that a post can be dropped on."""

    account_id: int | None = None
    hour: int | None = None
    name: str = ""
    place: str = ""
    """Of the account's clock, if it differs from the viewer's."""
    entries: list[Entry] = field(default_factory=list)
    more: int = 0


@dataclass(slots=True)
class Day:
    date: date
    cells: list[Cell] = field(default_factory=list)
    more: int = 0

    @property
    def is_bare(self) -> bool:
        return not any(cell.entries for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Later:
    """Where an agenda goes on."""

    time: datetime
    post_id: int


# ── the views ────────────────────────────────────────────────────────────────────────────────


def week(period: Period) -> list[Day]:
    """Each day's cells: the hours of the only account, or a cell for each account."""
    most = MOST_IN_CELL if period.account is None else MOST_IN_WEEK
    counts, entries = _of_lanes(period, most)
    days = []
    for on in period.dates:
        day = Day(on)
        if period.account is not None:
            day.cells = [Cell(hour=hour) for hour in range(24)]
        for account in period.lanes:
            every = entries[on, account.id]
            more = max(0, counts[on, account.id] - most) + len(every[most:])
            if period.account is None:
                name = account.name or "unnamed"
                place = told_there(period.where, account.timezone, now()) and place_of(
                    account.timezone
                )
                day.cells.append(Cell(account.id, None, name, place, every[:most], more))
                continue
            for entry in every[:most]:
                day.cells[entry.time.hour].entries.append(entry)
            day.more = more
        days.append(day)
    return days


def month(period: Period) -> list[Day]:
    counts, ids = _first_of_days(period)
    entries = _by_day([*_entries(period.where, ids), *(_free(period) if period.account else ())])
    days = []
    for on, count in zip(period.dates, counts, strict=True):
        every = entries[on]
        more = max(0, count - MOST_IN_MONTH) + len(every[MOST_IN_MONTH:])
        days.append(Day(on, [Cell(entries=every[:MOST_IN_MONTH])], more))
    return days


def agenda(period: Period, after: Later | None) -> tuple[list[Day], Later | None]:
    """The next posts from the period's day on, or behind ``after``, and where it goes on."""
    following = (
        "SELECT id, scheduled_at FROM post WHERE (scheduled_at, id) > (%(time)s, %(id)s) "
        "AND state <> 'cancelled'"
    )
    first = f"ORDER BY scheduled_at, id LIMIT {MOST_IN_AGENDA + 1}"
    if period.account or period.group:  # each by the index of its own times
        following = (
            "SELECT coming.* FROM unnest(%(accounts)s) AS member (id) CROSS JOIN LATERAL "
            f"({following} AND account_id = member.id {first}) AS coming"
        )
    rows = _ask(
        f"{following} {first}",
        accounts=_members(period),
        time=after.time if after else period.bounds[0],
        id=after.post_id if after else 0,
    )
    entries = _entries(period.where, [row[0] for row in rows[:MOST_IN_AGENDA]])
    days = [Day(on, [Cell(entries=each)]) for on, each in _by_day(entries).items()]
    if len(rows) <= MOST_IN_AGENDA:
        return days, None
    return days, Later(entries[-1].time, entries[-1].post_id or 0)


def without_time(period: Period) -> list[Any]:
    """Scheduled posts without a time: an earlier part blocks them, or their job failed."""
    return _ask(
        """
        SELECT post.id, script.title, part.number, part.of, account.name FROM post
        JOIN account ON account.id = account_id JOIN video ON video.id = video_id
        JOIN part ON part.id = part_id JOIN script ON script.id = script_id
        WHERE account_id = ANY(%(accounts)s) AND scheduled_at IS NULL AND post.state = 'planned'
        ORDER BY post.id LIMIT %(most)s
        """,
        accounts=_members(period),
        most=MOST_WITHOUT_TIME,
    )


# ── what they read ───────────────────────────────────────────────────────────────────────────


def _of_lanes(
    period: Period, most: int
) -> tuple[dict[tuple[date, int], int], dict[tuple[date, int], list[Entry]]]:
    """For each day and account: how many posts, and the first of them with the free slots."""
    rows = _ask(
        """
        SELECT account_id, width_bucket(scheduled_at, %(bounds)s::timestamptz[]) AS day, count(*),
               (array_agg(id ORDER BY scheduled_at, id))[1:%(most)s]
        FROM post WHERE account_id = ANY(%(accounts)s) AND state <> 'cancelled'
             AND scheduled_at >= %(first)s AND scheduled_at < %(last)s
        GROUP BY account_id, day
        """,
        accounts=[account.id for account in period.lanes],
        bounds=period.bounds,
        first=period.bounds[0],
        last=period.bounds[-1],
        most=most,
    )
    dates = period.dates
    counts = defaultdict(int, {(dates[row[1] - 1], row[0]): row[2] for row in rows})
    found = _entries(period.where, [post_id for row in rows for post_id in row[3]])
    entries: dict[tuple[date, int], list[Entry]] = defaultdict(list)
    for entry in sorted([*found, *_free(period)], key=_order):
        entries[entry.time.date(), entry.account_id].append(entry)
    return counts, entries


def _first_of_days(period: Period) -> tuple[list[int], list[int]]:
    """How many posts each day has, up to ``MOST_COUNTED_A_DAY``, and the first ids of all days."""

    def first(most: str) -> str:
        order = f"ORDER BY scheduled_at, id LIMIT %({most})s"
        posts = (
            "SELECT id, scheduled_at FROM post WHERE scheduled_at >= day.first "
            "AND scheduled_at < day.last AND state <> 'cancelled'"
        )
        if period.account or period.group:  # each by the index of its own times
            posts = (
                "SELECT own.* FROM unnest(%(accounts)s) AS member (id) "
                f"CROSS JOIN LATERAL ({posts} AND account_id = member.id {order}) AS own"
            )
        return f"{posts} {order}"

    rows = _ask(
        f"""
        SELECT (SELECT count(*) FROM ({first("counted")}) AS capped),
               ARRAY(SELECT id FROM ({first("most")}) AS shown)
        FROM unnest(%(firsts)s::timestamptz[], %(lasts)s::timestamptz[])
             WITH ORDINALITY AS day (first, last, number) ORDER BY number
        """,
        accounts=_members(period),
        firsts=period.bounds[:-1],
        lasts=period.bounds[1:],
        counted=MOST_COUNTED_A_DAY,
        most=MOST_IN_MONTH,
    )
    return [row[0] for row in rows], [post_id for row in rows for post_id in row[1]]


def _members(period: Period) -> list[int]:
    return [account.id for account in period.members]


def _entries(where: ZoneInfo, ids: list[int]) -> list[Entry]:
    """The posts in the order of their times."""
    # A separate query, because PostgreSQL can't know in advance how few rows these are.
    rows = _ask(
        """
        SELECT post.id, post.state, pinned, scheduled_at, account_id, account.name, timezone,
               script.title, part.number, part.of
        FROM post JOIN account ON account.id = account_id JOIN video ON video.id = video_id
             JOIN part ON part.id = part_id JOIN script ON script.id = script_id
        WHERE post.id = ANY(%(ids)s) ORDER BY scheduled_at, post.id
        """,
        ids=ids,
    )
    return [_entry(where, *row) for row in rows]


def _entry(
    where: ZoneInfo, post_id: int, state: str, pinned: bool, time: datetime, *row: Any
) -> Entry:
    account_id, account, timezone, title, number, of = row
    planned = state == PostState.PLANNED
    waiting = "pinned" if pinned else "scheduled"
    return Entry(
        time=time.astimezone(where),
        there=clock_there(where, timezone, time),
        place=place_of(timezone),
        account_id=account_id,
        account=account or "unnamed",
        label=waiting if planned else word(state),
        tone=waiting if planned else tone(state),
        post_id=post_id,
        title=f"{title} ({number} of {of})" if of > 1 else title,
        movable=planned,
    )


def clock_there(where: ZoneInfo, timezone: str, time: datetime) -> str:
    """The time on the clock of ``timezone``, if that differs from the one of ``where``."""
    here, there = time.astimezone(where), time.astimezone(zone(timezone))
    if here.utcoffset() == there.utcoffset():
        return ""
    return f"{there:%H:%M}" if here.date() == there.date() else f"{there:%a %H:%M}"


def place_of(timezone: str) -> str:
    """The last part of a zone's name, as people write it."""
    return timezone.rpartition("/")[2].replace("_", " ")


def told_there(where: ZoneInfo, timezone: str, time: datetime) -> str:
    """``06:30 in New York``; empty if that clock shows the same as the one of ``where``."""
    there = clock_there(where, timezone, time)
    return there and f"{there} in {place_of(timezone)}"


def _free(period: Period) -> Iterator[Entry]:
    """The upcoming time slots of the lanes' accounts without a scheduled post."""
    accounts = [account.id for account in period.lanes]
    first, last = max(period.bounds[0], now()), period.bounds[-1]
    if first >= last:
        return
    slots: dict[int, list[SlotTime]] = defaultdict(list)
    rows: Any = Slot.select().where(Slot.account.in_(accounts))
    for row in rows:
        slots[row.account_id].append(SlotTime(row.weekday, row.at))
    taken = set(
        _ask(
            "SELECT account_id, scheduled_at FROM post WHERE account_id = ANY(%(accounts)s) "
            "AND state = 'planned' AND scheduled_at >= %(first)s AND scheduled_at < %(last)s",
            accounts=accounts,
            first=first,
            last=last,
        )
    )
    for account in period.lanes:
        where = zone(account.timezone)
        coming = moments(slots[account.id], where, first)
        for moment in takewhile(lambda moment: moment < last, coming):
            if (account.id, moment) not in taken:
                there = clock_there(period.where, account.timezone, moment)
                name = account.name or "unnamed"
                local = moment.astimezone(period.where)
                yield Entry(local, there, place_of(account.timezone), account.id, name)


def _by_day(entries: list[Entry]) -> dict[date, list[Entry]]:
    days: dict[date, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=_order):
        days[entry.time.date()].append(entry)
    return days


def _order(entry: Entry) -> tuple[datetime, int]:
    return entry.time, entry.post_id or 0


def _ask(sql: str, **values: Any) -> list[Any]:
    return list(database.execute_sql(sql, values).fetchall())

"""The scheduled times of an account's posts, read and written while its row is locked.

Every planned post that is not pinned is in the account's queue. The queue is ordered by the posts'
present times, and each post gets the first free time. Three kinds of posts get no time: parts whose
story can't continue yet (an earlier part is not produced, has failed, or waits for a person), posts
whose job has failed or needs attention, and all posts of an account with 0 posts a day. They would
only block a time for others, and get one when they are released.

Locks are taken in the order of docs/architecture.md, "Locks": jobs, the script, the account, posts.
Jobs of other posts come last, and a locked one is skipped (``ledger.reschedule``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any, Self

from core.db import database
from models import Account, JobState, Post, PostState, Slot, locked
from pipelines import ledger
from pipelines.publishing.scheduling.cap_and_gap import Availability
from pipelines.publishing.scheduling.slots import SlotTime, at_local, local_day, spoken, zone

GRACE = timedelta(minutes=15)
"""A post that is at most this late still goes out at once: workers may be busy or restarting. A
longer delay counts as downtime: late posts get new times instead of going out in a burst."""
LEAST_APART = timedelta(minutes=15)
"""Between late posts after a pause, where the account has no gap of its own."""

OVER = frozenset({PostState.PUBLISHED, PostState.INBOX, PostState.CANCELLED})
"""States after which the next part may go out."""
ON_ITS_WAY = frozenset({PostState.CLAIMING, PostState.UPLOADING, PostState.PROCESSING})
HAS_GONE = frozenset(
    {*ON_ITS_WAY, PostState.PUBLISHED, PostState.INBOX, PostState.MANUAL, PostState.PARKED}
)
"""States of posts that count for cap and gap, at the time when they went out. A parked post may be
on the platform."""
STOPPED = frozenset({JobState.DEAD, JobState.PARKED, JobState.CANCELLED})


@dataclass(slots=True)
class QueuedPost:
    """A post as the queue sees it."""

    id: int
    state: str
    pinned: bool
    time: datetime | None
    script_id: int
    number: int
    job: str | None

    moved: bool = False

    @property
    def queued(self) -> bool:
        return self.state == PostState.PLANNED and not self.pinned

    def give(self, time: datetime | None) -> None:
        self.moved = self.moved or time != self.time
        self.time = time


class AccountQueue:
    """One account's scheduled times.

    Args:
        account_id: of the account.
        lock: lock its row until the end of the transaction; not needed for reading only.
    """

    def __init__(self, account_id: int, *, lock: bool = True) -> None:
        row = Account.select(
            Account.id,
            Account.name,
            Account.state,
            Account.timezone,
            Account.posts_a_day,
            Account.gap_minutes,
            Account.paused_at,
            Account.paused_reason,
        ).where(Account.id == account_id)
        self.account: Account = (locked(row) if lock else row).get()
        # The database's clock, read under the lock: the clocks of hosts may differ.
        clock = database.execute_sql("SELECT clock_timestamp()").fetchone()[0]
        self.now: datetime = clock.astimezone(UTC)
        self.where = zone(self.account.timezone)
        self.gap = timedelta(minutes=self.account.gap_minutes)
        slots = Slot.select(Slot.weekday, Slot.at).where(Slot.account == account_id)
        self.slots = [SlotTime(slot.weekday, slot.at) for slot in slots]

    @classmethod
    def of(cls, post: Post) -> Self:
        row: Any = post
        return cls(row.account_id)

    # ── taken times ──────────────────────────────────────────────────────────────────────────

    def availability(
        self,
        taken: Iterable[datetime],
        start: datetime | None = None,
        *,
        gap: timedelta | None = None,
    ) -> Availability:
        return Availability(
            self.where,
            self.slots,
            posts_a_day=self.account.posts_a_day,
            gap=self.gap if gap is None else gap,
            start=start or self.now,
            taken=taken,
        )

    def gone(self, *, but: int = 0) -> list[datetime]:
        """When the posts that count for today's cap and gap went out, except post ``but``."""
        midnight = at_local(self.where, local_day(self.where, self.now), "00:00")
        rows = Post.select(Post.scheduled_at).where(
            Post.account == self.account,
            Post.scheduled_at >= min(midnight, self.now - self.gap),
            Post.state.in_(HAS_GONE),
            Post.id != but,
        )
        return [row.scheduled_at for row in rows]

    def pinned(self, *, but: int = 0) -> list[datetime]:
        """Times that a person chose; an overdue one may be stuck, and doesn't block others."""
        rows = Post.select(Post.scheduled_at).where(
            Post.account == self.account,
            Post.scheduled_at >= self.now - GRACE,
            Post.state == PostState.PLANNED,
            Post.pinned,
            Post.id != but,
        )
        return [max(row.scheduled_at, self.now) for row in rows]

    def stories(self) -> list[list[QueuedPost]]:
        """For each story with a planned post on this account: its posts here, in order of parts."""
        cursor = database.execute_sql(
            """
            WITH queued AS MATERIALIZED (  -- or else all that the account ever posted may be read
                SELECT DISTINCT part.script_id
                FROM post JOIN video ON video.id = post.video_id
                     JOIN part ON part.id = video.part_id
                WHERE post.account_id = %(account)s AND post.state = 'planned')
            SELECT post.id, post.state, post.pinned, post.scheduled_at, part.script_id,
                   part.number, job.state
            FROM queued JOIN part USING (script_id) JOIN video ON video.part_id = part.id
                 JOIN post ON post.video_id = video.id AND post.account_id = %(account)s
                 LEFT JOIN job ON job.stage = 'publish' AND job.subject_id = post.id
            ORDER BY part.script_id, part.number
            """,
            {"account": self.account.id},
        )
        rows = [QueuedPost(*row) for row in cursor.fetchall()]
        return [list(story) for _, story in groupby(rows, key=lambda row: row.script_id)]

    # ── assigning times ──────────────────────────────────────────────────────────────────────

    def assign(self, post_id: int) -> None:
        """Give the post the next free time, and its story's later parts a new one if needed.

        They may have waited for this post, or would now come before it.
        """
        queue = _Queue(self.stories())
        story = queue.story_of(post_id)
        others = [
            max(row.time, self.now)
            for row in queue.rows
            if row not in story and row.id in queue.ready and row.time is not None
        ]
        availability = self.availability([*self.gone(), *self.pinned(), *others])
        # Without slots any time is free, even one before posts that were planned earlier.
        last = max(others, default=self.now) if not self.slots else self.now
        for row in story:
            floor = max(queue.floor(row) or last, last)
            fits = row.time is not None and row.time > floor and availability.free_at(row.time)
            if row.id not in queue.ready:
                row.give(None)
            elif row.id != post_id and row.time is not None and fits:
                availability.take(row.time)
            else:
                row.give(availability.take_next(floor))
        self._write(story)

    def go_on(self) -> None:
        """Give late posts new times after a pause, none of them in a rush.

        Pinned posts that were missed come first. Where the account has no gap, ``LEAST_APART`` is
        between them, and between the others if it has no slots either.
        """
        gap = self.gap or LEAST_APART
        missed = Post.select(Post.id).where(
            Post.account == self.account,
            Post.scheduled_at < self.now - GRACE,
            Post.state == PostState.PLANNED,
            Post.pinned,
        )
        pinned = [post.id for post in missed.order_by(Post.scheduled_at, Post.id)]
        if pinned and self.account.posts_a_day > 0:
            availability = self.availability([*self.gone(), *self.pinned()], gap=gap)
            times = {}
            for post_id in pinned:
                times[post_id] = availability.next_allowed(self.now)
                availability.take(times[post_id])
            self._store(times)
        self.reassign(gap=None if self.slots else gap)

    def reassign(
        self,
        *,
        moving: int = 0,
        refused: int = 0,
        since: datetime | None = None,
        gap: timedelta | None = None,
    ) -> None:
        """Give the whole queue new times, in order.

        Posts whose time has just come keep it: they are about to go out.

        Args:
            moving: a post that can't go out now; it and those behind it get new times.
            refused: a post that the platform has refused; it goes first, and all get new times.
            since: the earliest new time; now if not given.
            gap: between the new times; the account's if not given.
        """
        queue = _Queue(self.stories(), first=refused)
        availability = self.availability([*self.gone(), *self.pinned()], since, gap=gap)
        keeps = not refused
        for row in queue.rows:
            keeps = keeps and row.id != moving
            if row.id not in queue.ready:
                row.give(None)
            elif keeps and row.time and self.now - GRACE <= row.time <= self.now:
                availability.take(self.now)
            else:
                row.give(availability.take_next(queue.floor(row)))
        self._write(queue.rows)

    def _write(self, rows: Iterable[QueuedPost]) -> None:
        self._store({row.id: row.time for row in rows if row.moved})

    def _store(self, times: Mapping[int, datetime | None]) -> None:
        database.execute_sql(
            "UPDATE post SET scheduled_at = wanted.scheduled_at "
            "FROM unnest(%s::int[], %s::timestamptz[]) AS wanted (id, scheduled_at) "
            "WHERE post.id = wanted.id",
            (list(times), list(times.values())),
        )
        self.set_due({post_id: time for post_id, time in times.items() if time is not None})

    def set_due(self, times: dict[int, datetime]) -> None:
        """Make the publish jobs of these posts wait until these times."""
        ledger.reschedule(
            "publish", {post_id: (time, self.waits_for(time)) for post_id, time in times.items()}
        )

    def waits_for(self, moment: datetime) -> str:
        kind = "slot" if self.slots else "time"
        return f"its {kind} is {spoken(self.where, moment)}"


class _Queue:
    """An account's queued posts in order, and which of them can go out.

    Attributes:
        rows: ``first``, then by time, posts without a time last; a story's parts in order.
        ready: ids of the planned posts that no earlier part of their story blocks.
    """

    def __init__(self, stories: list[list[QueuedPost]], *, first: int = 0) -> None:
        self.stories = stories
        self.ready = {row.id for story in stories for row in _up_to_a_stop(story)}
        self._before = {row.id: part for story in stories for part, row in pairwise(story)}
        queued = [row for story in stories for row in story if row.queued]
        places = sorted(
            queued,
            key=lambda row: (row.id != first, row.time is None, row.time or row.id, row.id),
        )
        # `queued` has each story's parts in order: they fill the story's places in that order.
        parts = {story[0].script_id: (row for row in story if row.queued) for story in stories}
        self.rows = [next(parts[row.script_id]) for row in places]

    def story_of(self, post_id: int) -> list[QueuedPost]:
        """The queued parts of the post's story."""
        story = next(story for story in self.stories if any(row.id == post_id for row in story))
        return [row for row in story if row.queued]

    def floor(self, row: QueuedPost) -> datetime | None:
        """The time of the part before it, if that part is still planned."""
        before = self._before.get(row.id)
        return before.time if before is not None and before.state == PostState.PLANNED else None


def _up_to_a_stop(story: list[QueuedPost]) -> Iterator[QueuedPost]:
    goes_on = {PostState.PLANNED} | OVER | ON_ITS_WAY
    for number, row in enumerate(story, start=1):
        stalled = row.state == PostState.PLANNED and row.job in STOPPED
        if row.number != number or stalled or row.state not in goes_on:
            return
        yield row

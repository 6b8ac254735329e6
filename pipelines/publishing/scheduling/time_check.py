"""What speaks against a video going out at a time on an account.

The calendar asks before a post is dropped, and ``pins`` asks again under the account's lock, so
both say the same. Only what can't be put right by itself is a refusal: queued posts move to make
room, and the warnings say which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from textwrap import shorten
from typing import Any
from zoneinfo import ZoneInfo

from core.db import database
from models import AccountState, PostState
from pipelines.publishing.scheduling.account_queue import HAS_GONE, AccountQueue
from pipelines.publishing.scheduling.slots import ONE_DAY, at_local, local_day, spoken

THIS_MINUTE = timedelta(minutes=1)
"""Forms have no seconds: the current minute doesn't count as past."""
FARTHEST = timedelta(days=731)
AN_HOUR = timedelta(hours=1)
MOST_NEIGHBOURS = 200
MOST_NAMED = 3
"""Posts that the warnings of one kind name."""
MOST_SIMILAR = 20
LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """``refusal`` is empty if the time is possible; ``warnings`` are whole sentences."""

    refusal: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """Another post of the account that goes out near the time, or on the same day."""

    time: datetime
    name: str
    queued: bool


def check(
    account_queue: AccountQueue,
    video_id: int,
    moment: datetime,
    *,
    post_id: int = 0,
    reader: ZoneInfo | None = None,
) -> Verdict:
    """What speaks against the video going out at ``moment`` on the account.

    Args:
        account_queue: the account's.
        video_id: the video.
        moment: the time; one of this minute counts as now.
        post_id: the video's post that would be moved there, from this account or another; 0 if it
            would be a new one.
        reader: the zone in which the sentences tell times; else the account's.
    """
    checks = _Checks(account_queue, video_id, moment, post_id, reader or account_queue.where)
    refusal = next(checks.refusals(), "")
    return Verdict(refusal) if refusal else Verdict("", tuple(checks.warnings()))


class _Checks:
    def __init__(
        self,
        account_queue: AccountQueue,
        video_id: int,
        moment: datetime,
        post_id: int,
        reader: ZoneInfo,
    ) -> None:
        self.queue = account_queue
        self.account = account_queue.account
        self.name = self.account.name or "the account"
        self.video_id = video_id
        self.asked = moment
        self.moment = max(moment, account_queue.now)
        self.post_id = post_id
        self.reader = reader
        self.part = _part(video_id)

    # ── refusals ─────────────────────────────────────────────────────────────────────────────

    def refusals(self) -> Iterator[str]:
        if self.account.state == AccountState.DISCONNECTED:
            yield f"{self._capital()} is not connected: connect it first."
        if self.asked < self.queue.now - THIS_MINUTE:
            yield "This time is in the past: choose a later one."
        if self.asked > self.queue.now + FARTHEST:
            yield "This time is more than two years away: choose an earlier one."
        yield from self._same_video()
        yield from self._no_room()
        yield from self._order_of_parts()

    def _same_video(self) -> Iterator[str]:
        rows = _ask(
            "SELECT id FROM post WHERE video_id = %(video)s AND account_id = %(account)s "
            "AND id <> %(post)s",
            self._values(),
        )
        if rows:
            yield f"{self._capital()} has this video already, as post {rows[0][0]}."

    def _no_room(self) -> Iterator[str]:
        taken = [*self.queue.gone(but=self.post_id), *self.queue.pinned(but=self.post_id)]
        if not self.queue.availability(taken).free_at(self.moment):
            yield (
                f"No post can go out on {self._spoken(self.moment)}: "
                f"{self.name} allows {self.account.posts_a_day} posts a day, "
                f"{self.account.gap_minutes} minutes apart, and posts that are out or pinned leave "
                "no room. Choose another time."
            )

    def _order_of_parts(self) -> Iterator[str]:
        """Unpinned later parts move by themselves, others don't."""
        ours = self.part.number
        rows = _ask(
            """
            SELECT part.number, post.pinned, post.scheduled_at FROM part
            JOIN video ON video.part_id = part.id JOIN post ON post.video_id = video.id
            WHERE part.script_id = %(script)s AND post.account_id = %(account)s
              AND post.state = 'planned' AND post.scheduled_at IS NOT NULL AND post.id <> %(post)s
            ORDER BY part.number
            """,
            {**self._values(), "script": self.part.script_id},
        )
        for number, pinned, time in rows:
            earlier = number < ours
            if (earlier and time > self.moment) or (not earlier and pinned and time < self.moment):
                yield (
                    f"Part {number} of this story goes out on {self._spoken(time)}, and part "
                    f"{ours} can't go out {'before' if earlier else 'after'} it: choose another "
                    f"time, or move part {number} first."
                )

    # ── warnings ─────────────────────────────────────────────────────────────────────────────

    def warnings(self) -> Iterator[str]:
        yield from self._waiting_account()
        day = local_day(self.queue.where, self.moment)
        bounds = [at_local(self.queue.where, each, "00:00") for each in (day, day + ONE_DAY)]
        near = self._neighbours(
            min(bounds[0], self.moment - self.queue.gap),
            max(bounds[1], self.moment + self.queue.gap),
        )
        on_day = [each for each in near if bounds[0] <= each.time < bounds[1]]
        if len(on_day) >= self.account.posts_a_day:
            yield (
                f"{self._capital()} allows {self.account.posts_a_day} posts a day, and "
                f"{day:%a %-d %b} ({self.queue.where.key}) has {len(on_day)} already: a queued "
                "post moves to another day."
            )
        yield from self._in_the_way(near)
        yield from self._similar_stories()
        yield from self._elsewhere()

    def _waiting_account(self) -> Iterator[str]:
        if self.account.paused_at is not None:
            yield f"{self._capital()} is paused: the post waits until somebody resumes it."
        if self.account.state == AccountState.EXPIRED:
            yield f"{self._capital()} must be reconnected before the post can go out."

    def _in_the_way(self, near: list[_Neighbour]) -> Iterator[str]:
        """Posts that are too close and move, and others of the same hour."""
        gap = max(self.queue.gap, timedelta(microseconds=1)) if self.queue.slots else self.queue.gap
        close = [each for each in near if abs(each.time - self.moment) < gap]
        hour = _hour(self.moment)
        same = [each for each in near if _hour(each.time) == hour and each not in close]
        for each in close[:MOST_NAMED]:
            yield (
                f"{each.name} is queued for {self._spoken(each.time)}, less than "
                f"{self.account.gap_minutes} minutes away: it moves."
                if self.account.gap_minutes
                else f"{each.name} is queued for this time: it moves to another one."
            )
        for each in same[:MOST_NAMED]:
            yield f"{each.name} goes out in the same hour, on {self._spoken(each.time)}."
        left = len(close[MOST_NAMED:]) + len(same[MOST_NAMED:])
        if left:
            yield f"{left} more {'post is' if left == 1 else 'posts are'} as near."

    def _similar_stories(self) -> Iterator[str]:
        """The account has the story already, in nearly the same words."""
        rows = _ask(
            f"""
            WITH alike AS (
                SELECT similar_to_id AS id, similarity FROM story
                WHERE id = %(story)s AND similar_to_id IS NOT NULL
                UNION ALL
                (SELECT id, similarity FROM story WHERE similar_to_id = %(story)s
                 LIMIT {MOST_SIMILAR})
            )
            SELECT script.title, alike.similarity, post.scheduled_at FROM alike
            JOIN script ON script.story_id = alike.id JOIN part ON part.script_id = script.id
            JOIN video ON video.part_id = part.id JOIN post ON post.video_id = video.id
            WHERE post.account_id = %(account)s AND post.state NOT IN ('cancelled', 'failed')
            ORDER BY alike.similarity DESC, post.id LIMIT 1
            """,
            {**self._values(), "story": self.part.story_id},
        )
        for title, similarity, time in rows:
            when = f", on {self._spoken(time)}" if time else ""
            yield (
                f"{self._capital()} has a story that is {similarity:.0%} the same: "
                f"{named(title)}{when}."
            )

    def _elsewhere(self) -> Iterator[str]:
        """Other accounts post the same video within the hour."""
        rows = _ask(
            """
            SELECT account.name, post.scheduled_at
            FROM post JOIN account ON account.id = account_id
            WHERE video_id = %(video)s AND account_id <> %(account)s AND post.id <> %(post)s
              AND post.state NOT IN ('cancelled', 'failed')
              AND scheduled_at > %(from)s AND scheduled_at < %(to)s
            ORDER BY scheduled_at
            """,
            {**self._values(), "from": self.moment - AN_HOUR, "to": self.moment + AN_HOUR},
        )
        for name, time in rows[:MOST_NAMED]:
            yield (
                f"{name or 'Another account'} posts the same video within the hour, on "
                f"{self._spoken(time)}."
            )
        if len(rows) > MOST_NAMED:
            yield f"So do {len(rows) - MOST_NAMED} more accounts."

    # ── what they read and say ───────────────────────────────────────────────────────────────

    def _neighbours(self, first: datetime, last: datetime) -> list[_Neighbour]:
        rows = _ask(
            f"""
            SELECT scheduled_at, script.title, part.number, part.of,
                   post.state = 'planned' AND NOT pinned
            FROM post JOIN video ON video.id = video_id JOIN part ON part.id = part_id
                 JOIN script ON script.id = script_id
            WHERE account_id = %(account)s AND post.id <> %(post)s AND post.state = ANY(%(states)s)
              AND scheduled_at >= %(first)s AND scheduled_at < %(last)s
            ORDER BY scheduled_at, post.id LIMIT {MOST_NEIGHBOURS}
            """,
            {
                **self._values(),
                "states": [PostState.PLANNED, *sorted(HAS_GONE)],
                "first": first,
                "last": last,
            },
        )
        return [_Neighbour(time, named(*about), queued) for time, *about, queued in rows]

    def _values(self) -> dict[str, Any]:
        return {"video": self.video_id, "account": self.account.id, "post": self.post_id}

    def _spoken(self, moment: datetime) -> str:
        return spoken(self.reader, moment)

    def _capital(self) -> str:
        return self.account.name or "The account"


@dataclass(frozen=True, slots=True)
class _Part:
    number: int
    script_id: int
    story_id: int


def _part(video_id: int) -> _Part:
    rows = _ask(
        "SELECT number, script.id, story_id FROM video JOIN part ON part.id = part_id "
        "JOIN script ON script.id = script_id WHERE video.id = %(video)s",
        {"video": video_id},
    )
    return _Part(*rows[0])


def named(title: str, number: int = 1, of: int = 1) -> str:
    """A video in a sentence: ``“The green ladder” (2 of 3)``."""
    short = shorten(unescape(title), LONGEST_TITLE, placeholder="…")
    return f"“{short}” ({number} of {of})" if of > 1 else f"“{short}”"


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _ask(sql: str, values: dict[str, Any]) -> list[Any]:
    return list(database.execute_sql(sql, values).fetchall())

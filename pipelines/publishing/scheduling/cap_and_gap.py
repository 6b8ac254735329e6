"""Which times of an account are taken, and which time is free next.

A time is free if no post is closer to it than the account's gap, and its day, in the account's time
zone, has room under the cap. Taking times never makes others free, so a taken time is never checked
again, and a queue of thousands is scheduled in one pass.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.publishing.scheduling.slots import ONE_DAY, SlotTime, at_local, local_day, moments


class Availability:
    """The taken times of one account.

    Args:
        where: the account's zone.
        slots: its weekly times; without slots, any time may be used.
        posts_a_day: the most posts in one day of the zone; below 1 no time is ever free.
        gap: the shortest time between two posts.
        start: no time before it is free; a slot must be later than it.
        taken: past and future times of posts, at least since the day of ``start`` and since
            ``gap`` before ``start``.
    """

    def __init__(
        self,
        where: ZoneInfo,
        slots: Iterable[SlotTime],
        *,
        posts_a_day: int,
        gap: timedelta,
        start: datetime,
        taken: Iterable[datetime] = (),
    ) -> None:
        self.where = where
        self.slots = tuple(slots)
        self.posts_a_day = posts_a_day
        self.gap = gap
        self.start = start
        self._taken: list[datetime] = []
        self._days: Counter[date] = Counter()
        self._coming: Iterator[datetime] = moments(self.slots, where, start)
        self._open: list[datetime] = []
        """Slots that were checked and are not known to be taken."""
        self._full_until = start
        """Without slots: no time before it is free."""
        for moment in taken:
            self.take(moment)

    def take(self, moment: datetime) -> None:
        insort(self._taken, moment)
        self._days[local_day(self.where, moment)] += 1

    def free_at(self, moment: datetime) -> bool:
        """Whether cap and gap allow a post at ``moment``, whether it is a slot or not."""
        return self._day_has_room(moment) and self._neighbour(moment) is None

    def take_next(self, after: datetime | None = None) -> datetime | None:
        """Take the first free time from ``after`` on; None if no time will ever be free."""
        moment = self.next_free(after)
        if moment is not None:
            self.take(moment)
        return moment

    def next_free(self, after: datetime | None = None) -> datetime | None:
        """The first free time from ``after`` on: a slot if the account has slots."""
        after = max(after or self.start, self.start)
        if self.posts_a_day < 1:
            return None
        return self._next_slot(after) if self.slots else self.next_allowed(after)

    def next_allowed(self, after: datetime) -> datetime:
        """The first time from ``after`` on that cap and gap allow, slot or not; cap must be > 0."""
        usual = after <= self._full_until
        moment = max(after, self._full_until)
        while not self.free_at(moment):
            if not self._day_has_room(moment):
                tomorrow = local_day(self.where, moment) + ONE_DAY
                moment = at_local(self.where, tomorrow, "00:00")
            else:
                moment = (self._neighbour(moment) or moment) + self.gap
        if usual:
            self._full_until = moment
        return moment

    def _next_slot(self, after: datetime) -> datetime:
        place = bisect_left(self._open, after)
        while True:
            if place == len(self._open):
                self._open.append(next(self._coming))
            moment = self._open[place]
            if moment < after:
                place += 1
            elif self._used(moment) or not self.free_at(moment):
                del self._open[place]
            else:
                return moment

    def _used(self, moment: datetime) -> bool:
        """Whether a post has exactly this time: a slot takes one post, even without a gap."""
        place = bisect_left(self._taken, moment)
        return self._taken[place : place + 1] == [moment]

    def _day_has_room(self, moment: datetime) -> bool:
        return self._days[local_day(self.where, moment)] < self.posts_a_day

    def _neighbour(self, moment: datetime) -> datetime | None:
        """The last post that is closer to ``moment`` than the gap."""
        place = bisect_left(self._taken, moment + self.gap)
        if place and moment - self._taken[place - 1] < self.gap:
            return self._taken[place - 1]
        return None

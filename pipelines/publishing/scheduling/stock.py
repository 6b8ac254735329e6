"""For how many days an account has videos: its queue, at as many posts a day as it may have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MINUTES_A_DAY = 24 * 60


def pace(week: Sequence[int], posts_a_day: int, gap_minutes: int) -> float:
    """Posts a day, on average over a week.

    Args:
        week: the number of slots on each weekday; without any slot, any time may be used.
        posts_a_day: the account's cap.
        gap_minutes: the shortest time between two posts.
    """
    most: float = posts_a_day
    if gap_minutes:
        most = min(most, MINUTES_A_DAY / gap_minutes)
    return sum(min(slots, most) for slots in week) / len(week) if any(week) else most


@dataclass(frozen=True, slots=True)
class Stock:
    """The posts in an account's queue, and how many of them go out a day."""

    posts: int
    a_day: float

    @property
    def days(self) -> float:
        """Days until the queue is empty; infinite if nothing ever goes out."""
        if not self.posts:
            return 0.0
        return self.posts / self.a_day if self.a_day else float("inf")

    @property
    def words(self) -> str:
        """``3 days of videos left``."""
        if not self.posts:
            return "no videos left"
        if not self.a_day:
            return "0 posts a day: nothing goes out"
        if self.days < 1:
            return "less than a day of videos left"
        days = int(self.days)
        return f"{days} {'day' if days == 1 else 'days'} of videos left"

"""When a periodic task runs: at fixed times that are known in advance, in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
"""A Monday at midnight, from which all planned times are counted."""

_WEEK, _DAY, _HOUR = timedelta(weeks=1), timedelta(days=1), timedelta(hours=1)
_UNITS = (
    (_WEEK, "week"),
    (_DAY, "day"),
    (_HOUR, "hour"),
    (timedelta(minutes=1), "minute"),
    (timedelta(seconds=1), "second"),
)


@dataclass(frozen=True, slots=True)
class Every:
    """Planned times that are all ``period`` apart.

    Attributes:
        period: the time between two planned times.
        after: how long after the beginning of the period, as 4½ hours for a day's 04:30. A week
            begins on Monday.
    """

    period: timedelta
    after: timedelta = timedelta()

    def next_after(self, moment: datetime) -> datetime:
        """The first planned time after ``moment``."""
        first = MONDAY + self.after
        return first + self.period * ((moment - first) // self.period + 1)

    def __str__(self) -> str:
        """As ``minute``, ``6 hours``, ``hour at minute 15`` or ``day at 04:30 UTC``."""
        unit, name = next(each for each in _UNITS if not self.period % each[0])
        count = self.period // unit
        words = name if count == 1 else f"{count} {name}s"
        if self.period >= _DAY:
            at = MONDAY + self.after
            day = f" on {at:%A}" if unit == _WEEK else ""
            return f"{words}{day} at {at:%H:%M} UTC"
        return f"{words} at minute {self.after // timedelta(minutes=1)}" if self.after else words


def minutes(count: int = 1) -> Every:
    return Every(timedelta(minutes=count))


def hours(count: int = 1, *, minute: int = 0) -> Every:
    return Every(timedelta(hours=count), timedelta(minutes=minute))


def daily(at: str) -> Every:
    """Every day at ``HH:MM``, in UTC."""
    hour, minute = map(int, at.split(":"))
    return Every(_DAY, timedelta(hours=hour, minutes=minute))

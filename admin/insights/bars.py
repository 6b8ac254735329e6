"""The bars of a chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from admin.insights.sums import Sum


@dataclass(frozen=True, slots=True)
class Bar:
    value: float
    about: str
    """What a mouse that stops on it reads; the page has a table with the same."""
    tick: str = ""
    """Its label on the axis; empty where there is no room for one."""
    best: bool = False


def of_hours(hours: Sequence[Sum], best: Sum | None) -> list[Bar]:
    return [
        Bar(
            hour.typical,
            f"{hour.key:02d}:00: typically {hour.typical:,.0f} views, {videos(hour.videos)}",
            f"{hour.key:02d}" if (hour.key or 0) % 3 == 0 else "",
            best=best is not None and hour.key == best.key,
        )
        for hour in hours
    ]


def videos(number: int, new: str = "") -> str:
    """A number of videos in words."""
    return f"{number:,} {new}{'video' if number == 1 else 'videos'}"

"""Views, likes and so on that all videos gained, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from admin.insights.bars import Bar, videos
from admin.insights.sums import ask
from models import ViewGain, now
from pipelines.publishing.scheduling.slots import at_local, local_day

A_WEEK = 7
"""Up to so many bars, each has its label."""

GAINED = """
    SELECT (hour AT TIME ZONE %(zone)s)::date AS day, sum(videos), sum(views)::bigint,
           sum(likes)::bigint, sum(comments)::bigint, sum(shares)::bigint
    FROM view_gain WHERE account_id = %(account)s AND hour >= %(since)s
        AND (hour < %(cut)s OR hour >= %(begin)s) GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    videos: int = 0
    """Videos that were counted for the first time: those published that day, but for a few."""
    views: int = 0
    likes: int = 0
    comments: int = 0
    shares: int = 0


@dataclass(frozen=True, slots=True)
class Gains:
    """The last days, the present one last, and the views of as many days before them.

    The last of those before counts up to the present time of day.
    """

    days: list[Day]
    views_before: int

    @property
    def views(self) -> int:
        return sum(day.views for day in self.days)

    @property
    def growth(self) -> float | None:
        """Views more than in the days before, as a share of those; None if there were none."""
        return self.views / self.views_before - 1 if self.views_before > 0 else None

    @property
    def bars(self) -> list[Bar]:
        step = 1 if len(self.days) <= A_WEEK else len(self.days) // 6
        return [
            Bar(
                max(day.views, 0),
                f"{day.day:%a %-d %b}: {day.views:,} views, {videos(day.videos, 'new ')}",
                f"{day.day:{'%a' if step == 1 else '%-d %b'}}" if left % step == step // 2 else "",
            )
            for left, day in zip(reversed(range(len(self.days))), self.days, strict=True)
        ]


def gained(days: int, zone: ZoneInfo, account_id: int | None = None) -> Gains:
    """The last ``days`` days of a time zone.

    Gains are kept by the hour. In a zone that is half an hour off, a day's first half hour counts
    with the day before. The days before are cut to the nearest hour.
    """
    present = now()
    today = local_day(zone, present)
    first, last = today - timedelta(days=2 * days - 1), today - timedelta(days=days)
    rows = ask(
        GAINED,
        zone=zone.key,
        account=ViewGain.ALL if account_id is None else account_id,
        since=at_local(zone, first, "00:00"),
        cut=at_local(zone, last, f"{present.astimezone(zone):%H:%M}") - timedelta(minutes=30),
        begin=at_local(zone, last + timedelta(days=1), "00:00"),
    )
    by_day = {day: Day(day, *figures) for day, *figures in rows}
    every = [by_day.get(day) or Day(day) for day in (first + timedelta(n) for n in range(2 * days))]
    return Gains(every[days:], sum(day.views for day in every[:days]))

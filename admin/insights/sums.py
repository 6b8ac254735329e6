"""Videos of a period compared by account, source, hour, kind of hook, and part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from datetime import UTC, date, timedelta
from functools import reduce
from math import expm1, sqrt
from operator import add, sub
from typing import Any

from core.db import database
from models import ComparedBy, HookKind, now
from pipelines.publishing.counts import KEYED, LOG, LOG_UNIT, SHORT_WORDS

PERIODS = (7, 30, 90)
"""Days since publication, and the present one; days begin at midnight UTC."""
COMPARED_BY = {f"{by}s": by for by in ComparedBy}
HOOKS = {
    HookKind.QUESTION: "a question",
    HookKind.QUOTE: "a quotation",
    HookKind.NUMBER: "a number in it",
    HookKind.SHORT: f"a statement of up to {SHORT_WORDS} words",
    HookKind.LONG: "a longer statement",
}

OF_ALL = """
    SELECT by, key, sum(videos), sum(views)::bigint, sum(likes)::bigint, sum(comments)::bigint,
           sum(shares)::bigint, sum(logs)::bigint, sum(log_squares)::bigint
    FROM day_total WHERE by = ANY(%(by)s) AND day >= %(since)s GROUP BY by, key
"""
OF_ACCOUNT = f"""
    SELECT by, key, count(*), sum(views)::bigint, sum(likes)::bigint, sum(comments)::bigint,
           sum(shares)::bigint, sum(log)::bigint, sum(log * log)::bigint
    FROM latest_count CROSS JOIN LATERAL (SELECT {LOG} AS log) AS of_views
         CROSS JOIN LATERAL (VALUES {{keyed}}) AS keyed (by, key)
    WHERE account_id = %(account)s AND day >= %(since)s AND key IS NOT NULL GROUP BY by, key
"""
"""An account publishes a few posts a day, so they are summed as they are."""

Compared = tuple["Sum", list["Sum"]]
"""The sum of all, and of each group, the most viewed first."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Totals of the videos that share ``key``; of all videos where it is None."""

    key: int | None
    videos: int = 0
    views: int = 0
    likes: int = 0
    comments: int = 0
    shares: int = 0
    logs: int = 0
    log_squares: int = 0

    @property
    def typical(self) -> float:
        """Geometric mean of the views: one viral video doesn't make a good hour."""
        return expm1(self._mean) if self.videos else 0.0

    def __add__(self, other: Sum) -> Sum:
        return Sum(None, *map(add, astuple(self)[1:], astuple(other)[1:]))

    def __sub__(self, other: Sum) -> Sum:
        return Sum(None, *map(sub, astuple(self)[1:], astuple(other)[1:]))

    def times(self, others: Sum) -> float:
        """How many times the typical views of ``others`` these videos get."""
        return self.typical / max(others.typical, 1.0)

    def errors_above(self, others: Sum) -> float:
        """By how many standard errors the mean logarithm of the views is above that of ``others``.

        Welch's test; views are spread evenly on a scale of logarithms. Both have two videos or
        more.
        """
        error = sqrt(self._variance / self.videos + others._variance / others.videos)
        return (self._mean - others._mean) / max(error, 1e-9)

    @property
    def _mean(self) -> float:
        return self.logs / LOG_UNIT / self.videos

    @property
    def _variance(self) -> float:
        squares = self.log_squares / LOG_UNIT**2 - self.videos * self._mean**2
        return max(squares, 0.0) / (self.videos - 1)


@dataclass(frozen=True, slots=True)
class PartSum:
    """The videos that are part ``number`` of their stories, and part 1 of the same stories."""

    number: int
    videos: Sum
    first: Sum

    @property
    def kept(self) -> float:
        """Its typical views as a share of those of part 1."""
        return self.videos.times(self.first)


def since(days: int) -> date:
    return now().astimezone(UTC).date() - timedelta(days=days)


def compared(by: str, days: int, account_id: int | None = None) -> Compared:
    """Totals of the period's videos, overall and by ``by`` (of ``COMPARED_BY``).

    Compared by hooks, they are the videos that open a story; by parts, those of stories in parts.
    """
    return _compared([COMPARED_BY[by]], days, account_id)[by]


def compared_each(days: int, account_id: int | None = None) -> dict[str, Compared]:
    """``compared`` by each of ``COMPARED_BY`` but accounts, in one statement."""
    return _compared([by for by in ComparedBy if by != ComparedBy.ACCOUNT], days, account_id)


def _compared(by: list[ComparedBy], days: int, account_id: int | None) -> dict[str, Compared]:
    keyed = ", ".join(KEYED[each] for each in by)
    sql = OF_ALL if account_id is None else OF_ACCOUNT.format(keyed=keyed)
    found: dict[str, list[Sum]] = {f"{each}s": [] for each in by}
    for name, *figures in ask(sql, by=by, since=since(days), account=account_id):
        found[f"{name}s"].append(Sum(*figures))
    for sums in found.values():
        sums.sort(key=lambda each: (-each.views, each.key))
    return {name: (total(sums), sums) for name, sums in found.items()}


def total(sums: Iterable[Sum]) -> Sum:
    return reduce(add, sums, Sum(None))


def parts(sums: list[Sum]) -> list[PartSum]:
    """Each part number compared with part 1 of the stories that have so many parts.

    Args:
        sums: the groups of ``compared("parts", …)``.
    """
    lengths: dict[int, dict[int, Sum]] = defaultdict(dict)
    for each in sums:
        of, number = divmod(each.key or 0, 100)
        lengths[of][number] = each
    numbers = sorted({number for by_number in lengths.values() for number in by_number})
    return [
        PartSum(
            number,
            replace(
                total(by_number[number] for by_number in lengths.values() if number in by_number),
                key=number,
            ),
            total(by_number[1] for by_number in lengths.values() if {1, number} <= set(by_number)),
        )
        for number in numbers
    ]


def ask(sql: str, **values: Any) -> list[Any]:
    return list(database.execute_sql(sql, values).fetchall())

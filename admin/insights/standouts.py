"""What does clearly better or worse than the rest, where enough videos say so."""

from __future__ import annotations

from dataclasses import dataclass

from admin.insights.sums import Sum

LEAST = 10
"""Videos that each side of a comparison needs."""
SURE = 3.0
"""Standard errors of a difference worth a sentence: among 24 hours, one of two is often chance."""
MORE, LESS = 1.25, 0.8
"""Smaller differences aren't worth the work."""


@dataclass(frozen=True, slots=True)
class Side:
    """A group of videos, and others to compare it with."""

    group: Sum
    others: Sum

    @property
    def clearly_better(self) -> bool:
        return self._enough and self.times >= MORE and self._errors >= SURE

    @property
    def clearly_worse(self) -> bool:
        return self._enough and self.times <= LESS and self._errors <= -SURE

    @property
    def _enough(self) -> bool:
        return min(self.group.videos, self.others.videos) >= LEAST

    @property
    def times(self) -> float:
        """How many times the typical views of the others the group gets."""
        return self.group.times(self.others)

    @property
    def _errors(self) -> float:
        return self.group.errors_above(self.others)


def extremes(together: Sum, groups: list[Sum]) -> tuple[Side | None, Side | None]:
    """The groups that do clearly best and worst, where enough videos say so.

    The worst is compared with the others without the best: one good hour doesn't make the rest bad.
    """
    best = max(
        (side for group in groups if (side := Side(group, together - group)).clearly_better),
        key=lambda side: side.group.typical,
        default=None,
    )
    rest = [group for group in groups if best is None or group is not best.group]
    usual = together if best is None else best.others
    worst = min(
        (side for group in rest if (side := Side(group, usual - group)).clearly_worse),
        key=lambda side: side.group.typical,
        default=None,
    )
    return best, worst

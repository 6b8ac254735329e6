"""Statements of the back office's pages that read a large table whole, or far more than they show.

The pages are those of ``scripts/bench admin``; each statement that they send is explained, with
statistics as at the full size.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import plans, statements
from benchmarks.admin import filled
from benchmarks.admin.filled import Sizes
from benchmarks.admin.office import Office
from benchmarks.admin.visits import all_visits, places
from benchmarks.statements import Ran
from core import db
from services import ServiceAddresses


def run(place: ServiceAddresses, *, scale: float) -> dict[str, list[str]]:
    """What is wrong, by address and statement; each statement is explained once.

    Args:
        place: an empty, migrated database, and Redis.
        scale: 1.0 for a million stories; 0.03 takes about a minute and a half.
    """
    with db.session():
        filled.fill(Sizes.scaled(scale))
        visits = all_visits(places())
    sent: list[tuple[str, Ran]] = []
    with TemporaryDirectory() as folder:
        office = Office(place, Path(folder))
        for visit in visits:
            office.prepare(visit.address)
            with statements.watched() as ran:
                office.get(visit.address)
            sent += [(visit.address, each) for each in ran]
    with db.session():
        plans.grow(1 / scale)
        return dict(_faults(sent))


def _faults(sent: list[tuple[str, Ran]]) -> Iterator[tuple[str, list[str]]]:
    seen = set[str]()
    for address, each in sent:
        known = f"{each.sql} {each.values}"
        if known in seen or not each.sql.lstrip().upper().startswith(("SELECT", "WITH")):
            continue
        seen.add(known)
        if wrong := plans.faults(each):
            yield f"{address}: {' '.join(each.sql.split())[:300]}", wrong

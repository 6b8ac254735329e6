"""No page of the back office reads a large table whole, or many times what it shows.

The pages are those of ``scripts/bench admin``, and the statements those that they send.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import statements
from benchmarks.admin import filled
from benchmarks.admin.filled import Sizes
from benchmarks.admin.office import Office
from benchmarks.admin.visits import all_visits, places
from core import db
from services import ServiceAddresses
from tests.admin import plans

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from benchmarks.statements import Ran

pytestmark = pytest.mark.slow

SCALE = 0.03
"""30,000 stories, 15,000 posts, 60,000 jobs."""


@pytest.fixture
def sent(database_url: str, redis_url: str, tmp_path: Path, record: None) -> dict[str, list[Ran]]:
    """The statements of every address, with years of work on record."""
    filled.fill(Sizes.scaled(SCALE))
    visits = all_visits(places())
    found: dict[str, list[Ran]] = {}
    with db.closed_for_long_work():
        office = Office(ServiceAddresses(database_url, redis_url), tmp_path / "office")
        for visit in visits:
            office.prepare(visit.address)
            with statements.watched() as ran:
                assert office.get(visit.address).status_code == 200, visit.address
            found[visit.address] = ran
    return found


def test_pages_read_little_more_than_they_show(sent: dict[str, list[Ran]]) -> None:
    plans.grow(1 / SCALE)

    assert faults_of(sent) == {}

    # And without an index that they need, it would be noticed
    db.database.execute_sql("DROP INDEX post_newest_of_account, story_title_words")
    slower = faults_of(sent)
    assert any("/posts/" in address for address in slower)
    assert any("search" in address for address in slower)


def faults_of(sent: dict[str, list[Ran]]) -> dict[str, list[str]]:
    """By address and statement, what is wrong; each statement is explained once."""
    found: dict[str, list[str]] = {}
    seen = set[str]()
    for address, ran in sent.items():
        for each in selects(ran):
            known = f"{each.sql} {each.values}"
            if known in seen:
                continue
            seen.add(known)
            if wrong := plans.faults(each):
                found[f"{address}: {' '.join(each.sql.split())[:300]}"] = wrong
    return found


def selects(ran: Iterable[Ran]) -> list[Ran]:
    return [each for each in ran if each.sql.lstrip().upper().startswith(("SELECT", "WITH"))]

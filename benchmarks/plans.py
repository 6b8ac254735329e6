"""How PostgreSQL answers a statement: which tables it reads, how, and how much for nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.db import database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.statements import Ran

LARGE = frozenset(
    {
        *("story", "script", "part", "narration", "caption", "video", "post", "attempt", "job"),
        *("insight", "intake", "safety_decision", "dead_letter", "audit_entry", "audit_seal"),
        *("webhook_event", "webhook_delivery", "latest_count", "video_number"),
    }
)
"""Tables that grow with the work; of sums, a page reads those of the days that it shows."""
MOST_READ = 2_500
"""Rows that a statement may read: those of a page with all that belongs to them, or a sample."""
COUNTED = 1_001
"""Rows that each count may read."""
ENTRIES = 20
"""Entries of a bitmap that cost as much as a row: they are read without their rows."""
MOST_DISCARDED = 20
"""Rows that may be read for each one that is used …"""
FEW_DISCARDED = 300
"""… and besides."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one step of a plan reads: rows of a table, or entries of an index."""

    table: str
    how: str
    kept: float
    discarded: float

    def __str__(self) -> str:
        return f"{self.how} of {self.table}: {self.kept:.0f} used, {self.discarded:.0f} not"


def grow(times: float) -> None:
    """Let PostgreSQL plan as if every large table had so many times as many rows."""
    names = ", ".join(f"'{name}'" for name in sorted(LARGE))
    database.execute_sql(
        "UPDATE pg_class SET reltuples = reltuples * %s WHERE relname IN "
        f"({names}) OR oid IN (SELECT indexrelid FROM pg_index JOIN pg_class AS of_table "
        f"ON of_table.oid = indrelid WHERE of_table.relname IN ({names}))",
        (times,),
    )


def faults(ran: Ran, *, most: int = MOST_READ, few: int = FEW_DISCARDED) -> list[str]:
    """What is wrong with the plan of a statement; it is run once more.

    Args:
        ran: the statement.
        most: rows that it may read, besides those that it counts.
        few: rows that each step may read for nothing.
    """
    cursor = database.execute_sql(
        f"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) {ran.sql}", ran.values
    )
    found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    reads = list(_reads(plan))
    reads = [each for each in reads if each.table in LARGE and each.kept + each.discarded]
    read = sum(each.kept + each.discarded for each in reads)
    may = most + COUNTED * ran.sql.upper().count("COUNT(")
    wrong = [str(each) for each in reads if each.how == "Seq Scan"]
    wrong += [str(each) for each in reads if each.discarded > MOST_DISCARDED * each.kept + few]
    if read > may:
        largest = max(reads, key=lambda each: each.kept + each.discarded)
        wrong.append(f"{read:.0f} rows read, {may} may be; most by the {largest}")
    return wrong


def _reads(node: dict[str, Any], table: str = "") -> Iterator[Read]:
    """The steps at the ends of a plan, each with all of its loops."""
    table, loops = node.get("Relation Name", table), node["Actual Loops"]
    below = node.get("Plans", [])
    discarded = loops * (
        node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    )
    if table and "Scan" in node["Node Type"]:
        cost = 1 / ENTRIES if node["Node Type"] == "Bitmap Index Scan" else 1
        yield Read(table, node["Node Type"], cost * loops * node["Actual Rows"], discarded)
    for each in below:
        yield from _reads(each, table if node["Node Type"].startswith("Bitmap") else "")

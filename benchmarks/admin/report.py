"""The table of the measured pages, and its JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from benchmarks.admin.pages import GOAL_MS, Both
from scripts import terminal


def show(found: Sequence[Both], *, title: str, file: Path | None) -> None:
    """Print a line for each address, the slowest last, and how many miss the goal."""
    table = Table(
        *("page", "address", "statements", "rows read", "busy", "p50", "p95"),
        *("p50 vacuumed", "p95 vacuumed", "goal", "ok"),
        title=f"{title}, times in ms",
    )
    for each in sorted(found, key=lambda both: max(both.before.p95, both.after.p95)):
        table.add_row(*map(str, _cells(each)))
    terminal.print_table(table)
    slow = sum(not each.ok for each in found)
    terminal.say(f"{len(found)} addresses, {slow} of them over the goal of {GOAL_MS:.0f} ms.")
    if file:
        rows = [dict(zip(_KEYS, _cells(each), strict=True)) for each in found]
        report = {"name": "admin", "title": title, "goal_ms": GOAL_MS, "rows": rows}
        file.write_text(json.dumps(report, indent=2) + "\n")


_KEYS = (
    *("page", "address", "statements", "rows", "busy_ms", "p50_ms", "p95_ms"),
    *("p50_vacuumed_ms", "p95_vacuumed_ms", "goal", "ok"),
)


def _cells(each: Both) -> tuple[object, ...]:
    before, after = each.before, each.after
    return (
        *(before.visit.page, before.visit.address, before.statements, before.rows),
        *(round(after.p50_busy, 1), round(before.p50, 1), round(before.p95, 1)),
        *(round(after.p50, 1), round(after.p95, 1)),
        *(f"p95 ≤ {GOAL_MS:.0f}", "yes" if each.ok else "no"),
    )

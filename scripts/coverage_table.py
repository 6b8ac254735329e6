"""``scripts/test``'s last table: how much of each package the tests ran.

    python -m scripts.coverage_table [--missing]

Ends with 1 where the whole is under ``ASKED``. ``--missing`` lists the lines that were not run.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

ASKED = 90.0
"""Percent of all lines that the tests must run."""
REPORT = Path("var/coverage/report.json")


@dataclass
class Share:
    """How many of the lines were run."""

    lines: int = 0
    run: int = 0

    def add(self, other: Share) -> None:
        self.lines += other.lines
        self.run += other.run

    @property
    def percent(self) -> float:
        return 100 * self.run / self.lines if self.lines else 100.0


def packages(report: dict[str, Any]) -> dict[str, Share]:
    """The share of each package of ours, out of what ``slipcover --json`` writes."""
    shares: defaultdict[str, Share] = defaultdict(Share)
    for file, found in report["files"].items():
        run, missed = len(found["executed_lines"]), len(found["missing_lines"])
        shares[Path(file).parts[0]].add(Share(run + missed, run))
    return dict(sorted(shares.items()))


def total(shares: dict[str, Share]) -> Share:
    whole = Share()
    for share in shares.values():
        whole.add(share)
    return whole


def table(shares: dict[str, Share]) -> str:
    lines = [f"{'package':<12}{'lines':>12}{'not run':>10}{'run':>9}"]
    for name, share in {**shares, "total": total(shares)}.items():
        missed = share.lines - share.run
        # Cut off, not rounded up: 89.96 is not the 90.0 that was asked for.
        percent = int(share.percent * 10) / 10
        lines.append(f"{name:<12}{share.lines:>12}{missed:>10}{percent:>7.1f} %")
    return "\n".join(lines)


def missing(report: dict[str, Any]) -> Iterator[str]:
    """The lines that were not run, such as ``core/log.py: 12-14, 31``."""
    for file, found in sorted(report["files"].items()):
        in_a_row = groupby(enumerate(found["missing_lines"]), lambda pair: pair[1] - pair[0])
        runs = [[line for _, line in run] for _, run in in_a_row]
        if runs:
            shown = (str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
            yield f"{file}: {', '.join(shown)}"


def main(report: dict[str, Any]) -> None:
    shares = packages(report)
    print(table(shares))
    if unseen := [name for name, share in shares.items() if share.lines and not share.run]:
        sys.exit(f"Nothing was measured of {', '.join(unseen)}: mend [tool.slipcover].")
    if total(shares).percent < ASKED:
        sys.exit(
            f"The tests run less than {ASKED:.0f} % of the code. The lines that they leave out: "
            "`var/venv/bin/python -m scripts.coverage_table --missing`."
        )


if __name__ == "__main__":
    measured = json.loads(REPORT.read_text())
    if sys.argv[1:] == ["--missing"]:
        print("\n".join(missing(measured)))
    else:
        main(measured)

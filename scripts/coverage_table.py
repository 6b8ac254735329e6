"""``scripts/test``'s last table: how much of each package the tests ran.

Ends with 1 where the whole is under ``fail_under`` of ``pyproject.toml``.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coverage import Coverage


@dataclass
class Share:
    """How many of the statements were run."""

    statements: int = 0
    run: int = 0

    def add(self, other: Share) -> None:
        self.statements += other.statements
        self.run += other.run

    @property
    def percent(self) -> float:
        return 100 * self.run / self.statements if self.statements else 100.0


def packages(report: dict[str, Any]) -> dict[str, Share]:
    """The share of each package of ours, out of what ``coverage json`` writes."""
    shares: defaultdict[str, Share] = defaultdict(Share)
    for file, found in report["files"].items():
        package = Path(file).parts[0].removesuffix(".py")
        summary = found["summary"]
        shares[package].add(Share(summary["num_statements"], summary["covered_lines"]))
    return dict(sorted(shares.items()))


def total(shares: dict[str, Share]) -> Share:
    whole = Share()
    for share in shares.values():
        whole.add(share)
    return whole


def table(shares: dict[str, Share]) -> str:
    lines = [f"{'package':<12}{'statements':>12}{'not run':>10}{'run':>9}"]
    for name, share in {**shares, "total": total(shares)}.items():
        missed = share.statements - share.run
        # Cut off, not rounded up: 89.96 is not the 90.0 that was asked for.
        percent = int(share.percent * 10) / 10
        lines.append(f"{name:<12}{share.statements:>12}{missed:>10}{percent:>7.1f} %")
    return "\n".join(lines)


def main(file: Path) -> None:
    coverage = Coverage()
    coverage.combine()
    coverage.save()
    coverage.json_report(outfile=str(file))
    shares = packages(json.loads(file.read_text()))
    print(table(shares))
    if missing := set(coverage.config.source or ()) - set(shares):
        sys.exit(f"Nothing was measured of {', '.join(sorted(missing))}: mend pyproject.toml.")
    asked = float(coverage.config.fail_under)
    if total(shares).percent < asked:
        sys.exit(
            f"The tests run less than {asked:.0f} % of the code. The lines that they leave out: "
            "`var/venv/bin/coverage report --show-missing --skip-covered`."
        )


if __name__ == "__main__":
    main(Path("var/coverage/report.json"))

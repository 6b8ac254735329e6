"""How long the pages of the back office take at the server, with years of work on record.

Each round opens every address once, so that a page meets the caches that the others have left.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import statements
from benchmarks.admin import filled
from benchmarks.admin.filled import Sizes
from benchmarks.admin.office import Office
from benchmarks.admin.visits import Visit, all_visits, places
from core import db
from services import ServiceAddresses

GOAL_MS = 150.0
"""95 of 100 requests are answered within this time, from their first byte to the answer's last."""


@dataclass(slots=True)
class Measured:
    """One address, before or after VACUUM. Times in milliseconds, of each round."""

    visit: Visit
    times: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    """Processor time of this process and of its PostgreSQL backend."""
    statements: int = 0
    rows: int = 0
    """Rows of tables and entries of indexes that were read."""

    @property
    def p50(self) -> float:
        return statistics.median(self.times)

    @property
    def p50_busy(self) -> float:
        return statistics.median(self.busy)

    @property
    def p95(self) -> float:
        if len(self.times) == 1:
            return self.times[0]
        return statistics.quantiles(self.times, n=20, method="inclusive")[-1]

    @property
    def ok(self) -> bool:
        return self.p95 <= GOAL_MS


@dataclass(frozen=True, slots=True)
class Both:
    """One address, before and after VACUUM."""

    before: Measured
    after: Measured

    @property
    def ok(self) -> bool:
        return self.before.ok and self.after.ok


def run(
    place: ServiceAddresses, *, scale: float, rounds: int, only: str, tell: Callable[[str], object]
) -> list[Both]:
    """Fill the database, then open every address.

    Args:
        place: an empty, migrated database, and Redis.
        scale: 1.0 for a million stories.
        rounds: how often each address is opened, before VACUUM and after it.
        only: measure the addresses that contain this.
        tell: takes a line about the progress.

    Raises:
        RuntimeError: an address was not answered with a page.
    """
    with TemporaryDirectory() as folder:
        with db.session():
            filled.fill(Sizes.scaled(scale), tell)
            visits = [visit for visit in all_visits(places()) if only in visit.address]
        office = Office(place, Path(folder))
        before = measured(office, visits, rounds)
        tell(f"{len(visits)} addresses opened {rounds + 1} times; VACUUM runs")
        with db.session():
            filled.vacuum()
        after = measured(office, visits, rounds)
    return [Both(*pair) for pair in zip(before, after, strict=True)]


def measured(office: Office, visits: Sequence[Visit], rounds: int) -> list[Measured]:
    found = [Measured(visit) for visit in visits]
    for each in found:  # templates are compiled, pages of the disk read
        _open(office, each, counted=True)
        each.times.clear()
        each.busy.clear()
    for _ in range(rounds):
        for each in found:
            _open(office, each)
    return found


def _open(office: Office, into: Measured, *, counted: bool = False) -> None:
    address = into.visit.address
    office.prepare(address)
    read = _rows_read() if counted else 0
    with db.session():
        backend = _backend()
    with statements.watched() as ran:
        busy, began = time.process_time() + _spent(backend), time.perf_counter()
        answer = office.get(address)
        size = len(answer.get_data())
        into.times.append((time.perf_counter() - began) * 1000)
        into.busy.append((time.process_time() + _spent(backend) - busy) * 1000)
    if answer.status_code != 200 or not size:  # noqa: PLR2004  # OK
        raise RuntimeError(f"{address} was answered with {answer.status_code}")
    if counted:
        into.statements, into.rows = len(ran), _rows_read() - read


def _rows_read() -> int:
    with db.session():
        return statements.rows_read()


def _backend() -> int:
    """Its number of the process that serves this process's connection."""
    number: int = db.database.execute_sql("SELECT pg_backend_pid()").fetchone()[0]
    return number


def _spent(process: int) -> float:
    """Seconds of processor time; 0 where it can't be read, as for a server on another machine."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0

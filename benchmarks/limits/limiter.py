"""Test the limiter with eight processes whose clocks are up to a minute wrong, on real Redis.

Grants are counted by their own stamps (``grants.py``), not by the limiter's state. The bench runs
its own Redis, so that it can stop and kill it during the test. The baseline is dramatiq's limiter
of the same kind, with the same clocks.

``tests/workers/test_rate_limit.py`` shows in a real worker that a waiting message uses no attempt
and no thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.limits.grants import count_grants
from benchmarks.limits.limit_clients import PROCESSES, Asked, Round, ask, ask_dramatiq
from benchmarks.rows import Row
from core.limiter import Limit
from services.home import Home
from services.redis import Redis

ONE = Limit("bench", 50, 1.0, "one")
TWO = (Limit("bench-short", 20, 0.5, "two"), Limit("bench-long", 70, 2.0, "two"))
FULL, ROOMY = Limit("bench", 1, 3600.0, "full"), Limit("bench", 10**9, 1.0, "roomy")
AWAY_SECONDS = 1.0


def run(*, seconds: float = 60.0) -> list[Row]:
    """Run three tests of ``seconds`` each, and short ones to measure the speed."""
    brief = max(1.0, seconds / 12)
    rows = [Row("machine load before", os.getloadavg()[0], "")]
    with _own_redis() as redis:
        url = redis.ensure_running()
        asked = ask(url, [ONE], Round(seconds))
        rows += _held("one limit", asked, [ONE], seconds)
        reads = sum(a.clock_reads for a in asked)
        rows.append(Row("one limit: reads of a client's clock", reads, "", "0", reads == 0))

        rows += _held("two limits at once", ask(url, TWO, Round(seconds)), TWO, seconds)

        # The window is longer than Redis is down: earlier grants must still count afterwards.
        limit = Limit("bench", 100, seconds / 4, "away")
        asked = ask(url, [limit], Round(seconds), meanwhile=lambda: _trouble(redis, url, seconds))
        rows += _held("Redis stopped, then killed", asked, [limit], None)
        unavailable = sum(a.unavailable for a in asked)
        through = sum(a.unstamped for a in asked)
        rows += [
            Row("Redis down: refused", unavailable, "", "> 0", unavailable > 0),
            Row("Redis down: granted", through, "", "0", through == 0),
        ]
        for what, limit in (("refused", FULL), ("granted", ROOMY)):
            asked = ask(url, [limit], Round(brief, pause=0.0, stamped=False))
            decisions = sum(a.granted + a.refused for a in asked) / brief
            rows.append(Row(f"{PROCESSES} at full speed, {what}", decisions, "decisions/s"))
        rows += _dramatiq(url, brief)
    return [*rows, Row("machine load after", os.getloadavg()[0], "")]


def _held(
    what: str, asked: Sequence[Asked], limits: Sequence[Limit], seconds: float | None
) -> list[Row]:
    grants = [grant for a in asked for grant in a.grants]
    rows = [
        Row(f"{what}: granted", len(grants), "", "> 0", bool(grants)),
        Row(f"{what}: told to wait", sum(a.refused for a in asked), ""),
    ]
    for limit in limits:
        found = count_grants(grants, count=limit.count, seconds=limit.seconds)
        most = f"{what}: most in any {limit.seconds:g} s"
        rows.append(Row(most, found.most, "", f"<= {limit.count}", found.most <= limit.count))
    if seconds:
        allowed = min(limit.count * (1 + seconds // limit.seconds) for limit in limits)
        rows.append(Row(f"{what}: granted / allowed", len(grants) / allowed, "x"))
    return rows


def _dramatiq(redis_url: str, seconds: float) -> list[Row]:
    asked = ask_dramatiq(redis_url, ONE, Round(seconds))
    grants = [grant for a in asked for grant in a.grants]
    found = count_grants(grants, count=ONE.count, seconds=ONE.seconds)
    what = f"dramatiq, same clocks: most in any {ONE.seconds:g} s, limit {ONE.count}"
    return [Row(what, found.most, "")]


def _trouble(redis: Redis, url: str, seconds: float) -> None:
    """Stop Redis after a third of the time and later kill it; it is restarted each time."""
    for end in (redis.stop, partial(_kill, redis)):
        time.sleep(seconds / 3)
        end()
        time.sleep(AWAY_SECONDS)
        if redis.ensure_running() != url:
            raise RuntimeError("Redis came back at another address: run this again.")


def _kill(redis: Redis) -> None:
    for process in redis.processes():
        process.kill()


@contextmanager
def _own_redis() -> Iterator[Redis]:
    with TemporaryDirectory(prefix="storymill-bench-") as name:
        root = Path(name)
        root.chmod(0o755)  # when started by root, it runs as another user
        redis = Redis(Home.of(root))
        try:
            yield redis
        finally:
            redis.stop()

"""The limiter asked by eight processes whose clocks are up to a minute wrong, on real Redis.

What was granted is counted from the grants' own stamps (``grants.py``), not from what the limiter
remembers. Redis is one of the bench's own, so that it can be stopped, and killed, while it is
asked. The yardstick is dramatiq's limiter of the same kind, under the same clocks.

That a waiting message spends no attempt and holds no thread is shown in a real worker, by
``tests/workers/test_rate_limit.py``.
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
    """Ask for ``seconds`` in each of three ways, and for a few more to see how quick it is."""
    brief = max(1.0, seconds / 12)
    rows = [Row("load of the machine before", os.getloadavg()[0], "")]
    with _own_redis() as redis:
        url = redis.ensure_running()
        asked = ask(url, [ONE], Round(seconds))
        rows += _held("one limit", asked, [ONE], seconds)
        reads = sum(a.clock_reads for a in asked)
        rows.append(Row("one limit: reads of a client's clock", reads, "", "0", reads == 0))

        rows += _held("two limits at once", ask(url, TWO, Round(seconds)), TWO, seconds)

        # A window that is longer than Redis is away: what was granted before counts afterwards.
        limit = Limit("bench", 100, seconds / 4, "away")
        asked = ask(url, [limit], Round(seconds), meanwhile=lambda: _trouble(redis, url, seconds))
        rows += _held("Redis stopped, then killed", asked, [limit], None)
        unavailable = sum(a.unavailable for a in asked)
        through = sum(a.unstamped for a in asked)
        rows += [
            Row("Redis away: refused", unavailable, "", "> 0", unavailable > 0),
            Row("Redis away: let through", through, "", "0", through == 0),
        ]
        for what, limit in (("refused", FULL), ("granted", ROOMY)):
            asked = ask(url, [limit], Round(brief, pause=0.0, stamped=False))
            decisions = sum(a.granted + a.refused for a in asked) / brief
            rows.append(Row(f"{PROCESSES} at full speed, {what}", decisions, "decisions/s"))
        rows += _dramatiq(url, brief)
    return [*rows, Row("load of the machine after", os.getloadavg()[0], "")]


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
        rows.append(Row(f"{what}: granted of what is allowed", len(grants) / allowed, "x"))
    return rows


def _dramatiq(redis_url: str, seconds: float) -> list[Row]:
    asked = ask_dramatiq(redis_url, ONE, Round(seconds))
    grants = [grant for a in asked for grant in a.grants]
    found = count_grants(grants, count=ONE.count, seconds=ONE.seconds)
    what = f"dramatiq's, the same clocks: most in any {ONE.seconds:g} s, of {ONE.count}"
    return [Row(what, found.most, "")]


def _trouble(redis: Redis, url: str, seconds: float) -> None:
    """Stop Redis after a third of the time, then kill it; each time it comes back."""
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
        root.chmod(0o755)  # started by root, it runs as somebody else
        redis = Redis(Home.of(root))
        try:
            yield redis
        finally:
            redis.stop()

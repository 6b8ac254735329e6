"""Count a limiter's grants independently, with time stamps from Redis.

When did a grant happen? A client's clock can't say: the test is about wrong clocks. Asking Redis
afterwards is too late if the process was suspended: late stamps of distant grants can be close
together (a false alarm), and a late first one hides an excess. So each request is sent in a
transaction between two TIME calls::

    MULTI  TIME  EVALSHA (the limiter's own call)  TIME  EXEC

No other client's command can come between them. The grant is between its two stamps, which are
microseconds apart, independent of the network. Both come from Redis, not from the limiter's
script. (Redis 7 and later may use one time for all commands of a transaction; then both stamps
are the same and exact.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any, NamedTuple, cast

from redis import Redis

MICROSECONDS = 1_000_000


class Grant(NamedTuple):
    """Redis's times just before and after the grant, in microseconds."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Count:
    """What a log of grants shows about one limit.

    Attributes:
        most: the most grants that are certainly within one window, wherever it starts.
        over: number of windows, each starting at a grant, with more grants than the limit.
    """

    most: int
    over: int


def count_grants(grants: Iterable[Grant], *, count: int, seconds: float) -> Count:
    """Start a window of ``seconds``, both ends included, at each grant of one limit.

    Grants with both stamps inside are certainly inside. A window that starts between two grants
    has no more grants than the window at the next grant.
    """
    log = sorted(grants)
    window = round(seconds * MICROSECONDS)
    most = over = 0
    for index, first in enumerate(log):
        ends = first.before + window
        begun = takewhile(lambda grant: grant.before <= ends, islice(log, index, None))  # noqa: B023 - consumed here
        inside = sum(grant.after <= ends for grant in begun)
        most = max(most, inside)
        over += inside > count
    return Count(most, over)


class StampedRedis(Redis):
    """Redis client that stamps script calls; ``stamps`` has those of the last answered call."""

    stamps: Grant | None = None

    def evalsha(self, sha: str, numkeys: int, *keys_and_args: Any) -> Any:
        self.stamps = None
        with self.pipeline(transaction=True) as transaction:
            transaction.time()
            transaction.evalsha(sha, numkeys, *keys_and_args)
            transaction.time()
            before, answer, after = transaction.execute()
        self.stamps = Grant(moment(before), moment(after))
        return answer


def moment(time: object) -> int:
    """A TIME answer in microseconds."""
    seconds, microseconds = cast("tuple[int, int]", time)
    return seconds * MICROSECONDS + microseconds

"""An independent count of what a limiter let through, and the stamps that it counts.

When did a grant happen? A client's clock can't tell: that it may be wrong is the point. Nor can
Redis, asked afterwards: the answer is late by however long the process was off the processor. Three
late stamps of grants that were far apart can lie close together (a false alarm), and a late first
one hides an excess. So each request travels in a transaction between two TIMEs::

    MULTI  TIME  EVALSHA (the limiter's own call)  TIME  EXEC

Nothing of anybody else's comes between them. The grant lies between its two stamps, which are
microseconds apart, whatever the network did before and after; and both are Redis's own reading, not
what the script says of itself. (With Redis 7 and later, all commands of a transaction may be told
one time; then both stamps are the same and exact.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any, NamedTuple, cast

from redis import Redis

MICROSECONDS = 1_000_000


class Grant(NamedTuple):
    """Redis's times just before and just after it, in microseconds."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Count:
    """What a log of grants shows of one limit.

    Attributes:
        most: grants that certainly lie within one window, at the most, wherever it begins.
        over: how many windows, each begun at a grant, hold more than the limit.
    """

    most: int
    over: int


def count_grants(grants: Iterable[Grant], *, count: int, seconds: float) -> Count:
    """Lay a window of ``seconds``, both ends included, at each grant of one limit.

    Those inside with both of their stamps are inside for certain; a window that begins between two
    grants holds no more than the one at the next grant.
    """
    log = sorted(grants)
    window = round(seconds * MICROSECONDS)
    most = over = 0
    for index, first in enumerate(log):
        ends = first.before + window
        begun = takewhile(lambda grant: grant.before <= ends, islice(log, index, None))  # noqa: B023 - used up here
        inside = sum(grant.after <= ends for grant in begun)
        most = max(most, inside)
        over += inside > count
    return Count(most, over)


class StampedRedis(Redis):
    """Redis whose script calls are stamped: ``stamps`` has those of the last one that answered."""

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
    """An answer of TIME in microseconds."""
    seconds, microseconds = cast("tuple[int, int]", time)
    return seconds * MICROSECONDS + microseconds

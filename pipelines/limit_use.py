"""How far each rate limit is used, by the account or host that uses it most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.limiter import Limit, Limiter, Usage
from core.text.addresses import host_of
from models import Account, AccountState, Source, SourceKind
from pipelines.rate_limits import Described


@dataclass(frozen=True, slots=True)
class LimitUse:
    """A limit and its use.

    Attributes:
        limit: as currently set.
        fullest: the use by whoever uses it most; None if nobody could.
        whose: the name of that account or host.
        waiting: jobs that wait for it.
        held: seconds of the longest pause that a service asked for.
    """

    limit: Described
    fullest: Usage | None = None
    whose: str = ""
    waiting: int = 0
    held: float = 0


def of_all(described: Sequence[Described], limiter: Limiter) -> list[LimitUse]:
    """The use of each limit, in the same order; a connection must be open.

    Raises:
        LimiterUnavailableError: Redis did not answer.
    """
    connected = Account.select(Account.id, Account.name, Account.open_id).where(
        Account.state == AccountState.CONNECTED
    )
    names = {str(row.id): row.name or row.open_id for row in connected}
    feeds = Source.select(Source.place).where(
        Source.kind == SourceKind.FEED, Source.archived_at.is_null()
    )
    hosts = sorted({host_of(feed.place) for feed in feeds})
    asked: list[Limit] = []
    for limit in described:
        keys = list(names) if limit.about.per_account else hosts if limit.about.per_host else [""]
        asked += [replace(limit.now, key=key) for key in keys]
    used: dict[str, list[tuple[Usage, str]]] = {}
    for one, usage in zip(asked, limiter.usage(asked), strict=True):
        used.setdefault(one.name, []).append((usage, names.get(one.key, one.key)))
    return [_fullest(limit, used.get(limit.now.name, [])) for limit in described]


def _fullest(limit: Described, used: list[tuple[Usage, str]]) -> LimitUse:
    if not used:
        return LimitUse(limit)
    fullest, whose = max(used, key=lambda pair: pair[0].used)
    waiting = sum(usage.waiting for usage, _ in used)
    return LimitUse(limit, fullest, whose, waiting, max(usage.held for usage, _ in used))

"""How often a password or a code may be tried, by name, by address and by known browser.

A try is counted before anything is checked, in one statement, so the limit is the same for
200 guesses at once as for 200 in a row. A browser in which the person has signed in before has its
own count (OWASP, "Device Cookies"): guesses of strangers, from however
many addresses, can't lock it out. Unknown names are counted like known ones, so the
count tells nothing about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address, ip_network

from core.db import database
from core.errors import StorymillError

V6_NETWORK = 64
"""Bits of an IPv6 address that one customer has for himself."""


class ThrottledError(StorymillError):
    """Too many tries.

    Attributes:
        seconds: how long to wait.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, round(seconds))
        super().__init__(f"Too many attempts. Wait {_spoken(self.seconds)}, then try again.")


@dataclass(frozen=True, slots=True)
class Limit:
    """How many tries are free, and how long each try after them blocks: twice the one before."""

    free: int
    first_seconds: float
    longest_seconds: float


NAME = Limit(free=4, first_seconds=15, longest_seconds=900)
ADDRESS = Limit(free=20, first_seconds=60, longest_seconds=3600)
"""More than a name: an office may share one address."""


def take(limit: Limit, kind: str, *parts: str) -> bool:
    """Count a try; whether it was the last one before a block.

    Raises:
        ThrottledError: it is not allowed now. It doesn't count.
    """
    key = _key(kind, *parts)
    row = database.execute_sql(
        """
        INSERT INTO sign_in_tries AS known (created_at, key, tries, last_at)
        VALUES (now(), %(key)s, 1, now())
        ON CONFLICT (key) DO UPDATE SET
            tries = known.tries + 1,
            last_at = now(),
            blocked_until = CASE WHEN known.tries >= %(free)s THEN clock_timestamp()
                + interval '1 second'
                * LEAST(%(longest)s, %(first)s * 2 ^ LEAST(20, known.tries - %(free)s)) END
        WHERE known.blocked_until IS NULL OR known.blocked_until <= clock_timestamp()
        RETURNING blocked_until IS NOT NULL
        """,
        {
            "key": key,
            "free": limit.free,
            "first": limit.first_seconds,
            "longest": limit.longest_seconds,
        },
    ).fetchone()
    if row is not None:
        return bool(row[0])
    left = database.execute_sql(
        "SELECT extract(epoch FROM blocked_until - clock_timestamp()) FROM sign_in_tries "
        "WHERE key = %s",
        (key,),
    ).fetchone()
    raise ThrottledError(float(left[0] or 0) if left else 0)


def forget(kind: str, *parts: str) -> None:
    """The right password or code: the count starts again."""
    database.execute_sql("DELETE FROM sign_in_tries WHERE key = %s", (_key(kind, *parts),))


def give_back(kind: str, *parts: str) -> None:
    """The try was right. The others from there still count: one may have a password of his own."""
    database.execute_sql(
        "UPDATE sign_in_tries SET tries = GREATEST(0, tries - 1), blocked_until = NULL "
        "WHERE key = %s",
        (_key(kind, *parts),),
    )


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, or a customer's IPv6 network."""
    try:
        known = ip_address(address)
    except ValueError:
        return address  # a socket without addresses
    mapped = getattr(known, "ipv4_mapped", None)
    if mapped is not None or known.version == 4:  # noqa: PLR2004  # IPv4
        return str(mapped or known)
    return str(ip_network((known, V6_NETWORK), strict=False))


def _key(kind: str, *parts: str) -> str:
    return sha256("\0".join((kind, *parts)).encode()).hexdigest()


def _spoken(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return f"{seconds} seconds" if seconds < 60 else f"{minutes} minute{'s'[: minutes > 1]}"  # noqa: PLR2004  # a minute

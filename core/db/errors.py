"""What an error of PostgreSQL means for the work that met it: a table by SQLSTATE.

Only the driver's own errors can mean that PostgreSQL is away. peewee raises the same classes for
our own mistakes (a query without a connection, for example): those have no driver's error behind
them, and repeating them would never end.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import psycopg2
from peewee import PeeweeException
from playhouse.pool import MaxConnectionsExceeded


class Meaning(StrEnum):
    AWAY = "away"
    """The server, or the way to it, is away or takes nobody: the same work may go on later."""
    FULL = "full"
    """The server's disk is full."""
    AGAIN = "again"
    """Another transaction was in the way: the same one may pass at once."""
    LATER = "later"
    """The server gave up on this statement: it may pass later, or never."""
    FAULT = "fault"
    """The statement, its values or our code are wrong."""


BY_SQLSTATE: Mapping[str, Meaning] = {
    "08": Meaning.AWAY,  # connection exception
    "25006": Meaning.AWAY,  # read-only: a standby after a failover, or made so by its operator
    "25P03": Meaning.LATER,  # idle in transaction for too long
    "25P04": Meaning.LATER,  # transaction took too long
    "28": Meaning.AWAY,  # the user or the password is refused
    "3D000": Meaning.AWAY,  # no such database
    "40": Meaning.LATER,  # transaction rollback
    "40001": Meaning.AGAIN,  # serialization failure
    "40P01": Meaning.AGAIN,  # deadlock
    "53": Meaning.LATER,  # insufficient resources: memory, temporary files
    "53100": Meaning.FULL,  # disk full
    "53300": Meaning.AWAY,  # too many connections
    "55006": Meaning.LATER,  # object in use
    "55P03": Meaning.LATER,  # lock not available in time
    "57": Meaning.LATER,  # operator intervention
    "57014": Meaning.LATER,  # query canceled: statement timeout, or by a person
    "57P01": Meaning.AWAY,  # the server is being stopped
    "57P02": Meaning.AWAY,  # the server crashed
    "57P03": Meaning.AWAY,  # the server is starting or stopping
    "57P04": Meaning.AWAY,  # the database was dropped
    "57P05": Meaning.AWAY,  # session was idle for too long
    "58": Meaning.LATER,  # system error, such as a failed read of the server's disk
    "72": Meaning.LATER,  # snapshot too old
    "XX": Meaning.LATER,  # internal error
}
"""By SQLSTATE or, for the states that are not listed, by its first two characters (its class).
What is in neither is a FAULT. Source: PostgreSQL 18, appendix A."""

MOST_WRAPPED = 4
"""peewee may wrap an error twice."""

HOLDS_UP = frozenset({Meaning.AWAY, Meaning.FULL})
"""Nothing is wrong with the work itself: it waits, without using up an attempt."""


def meaning(error: BaseException) -> Meaning | None:
    """What ``error`` means; None if it has nothing to do with the database."""
    if isinstance(error, MaxConnectionsExceeded):  # this process's other threads have them all
        return Meaning.AWAY
    driver = driver_error(error)
    if driver is None:
        return Meaning.FAULT if isinstance(error, PeeweeException) else None
    state = sqlstate(error)
    if state:
        return BY_SQLSTATE.get(state) or BY_SQLSTATE.get(state[:2]) or Meaning.FAULT
    lost = isinstance(driver, psycopg2.OperationalError | psycopg2.InterfaceError)
    return Meaning.AWAY if lost else Meaning.FAULT


def holds_up(error: BaseException) -> bool:
    """Whether PostgreSQL is away or full, as far as this error tells."""
    return meaning(error) in HOLDS_UP


def sqlstate(error: BaseException) -> str:
    """The five characters; empty if the server sent none, as when a connection can't be made."""
    return getattr(driver_error(error), "pgcode", None) or ""


def driver_error(error: BaseException) -> psycopg2.Error | None:
    """The driver's error that peewee has wrapped; None if it raised the error by itself."""
    found: object = error
    for _ in range(MOST_WRAPPED):
        if isinstance(found, psycopg2.Error):
            return found
        found = getattr(found, "orig", None) or getattr(found, "__cause__", None)
    return None

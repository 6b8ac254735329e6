"""What every table shares: an id, a creation time, and guarded moves between states.

A state only changes by a move that the table of moves allows. The move is a conditional UPDATE
whose row count is checked: if two processes try, one succeeds and the other gets an error.
``move()`` does that for one row. Statements that do more at once (claiming a job, freeing leases)
are written in SQL and take their states from ``transition()``, which reads the same table of moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from peewee import (
    SQL,
    AutoField,
    Model,
    ModelDelete,
    ModelSelect,
)
from playhouse.postgres_ext import DateTimeTZField

from core.db import database
from core.errors import StorymillError


class StaleStateError(StorymillError):
    """The row was no longer in a state that allows the move; somebody else was first."""


def now() -> datetime:
    return datetime.now(UTC)


def one_of(column: str, states: type[StrEnum]) -> SQL:
    return SQL(f"CHECK ({column} IN ({', '.join(repr(state.value) for state in states)}))")


SHOWN = {
    "fetched": "new",
    "scripted": "in production",
    "review": "in review",
    "planned": "scheduled",
    "claiming": "starting",
    "inbox": "in the creator's inbox",
    "manual": "needs manual posting",
    "dead": "failed",
    "parked": "needs attention",
    "taken": "added",
    "known": "seen before",
    "requeued": "retried",
}
"""States, outcomes and resolutions that people call by another word."""


def shown(state: str) -> str:
    """A state of any table in an operator's words, for pages, messages and commands."""
    return SHOWN.get(state, state.replace("_", " "))


def in_state(state: str) -> str:
    """A state as a sentence goes on with it: ``is scheduled``, ``needs attention``."""
    words = shown(state)
    return words if words.startswith("needs ") else f"is {words}"


class Transition(NamedTuple):
    """A move between states as two pieces of SQL, for ``SET`` and for ``WHERE``."""

    assignment: str
    condition: str


class Table(Model):
    """A table of our database; its own columns are its key."""

    class Meta:
        database = database
        legacy_table_names = False


class Row(Table):
    """A table with an id, a creation time, and guarded state moves."""

    id = AutoField()
    created_at = DateTimeTZField(default=now)

    moves: ClassVar[dict[str, frozenset[str]]] = {}
    """For each state, the states it may change to; empty for tables without states."""

    if TYPE_CHECKING:
        # whether mypy accepts the stubs' own depends on the order in which it reads the files
        @classmethod
        def delete(cls) -> ModelDelete: ...  # type: ignore[override, unused-ignore]

    @classmethod
    def sources(cls, to: str) -> tuple[str, ...]:
        """The states from which ``to`` is allowed."""
        return tuple(state for state, targets in cls.moves.items() if to in targets)

    @classmethod
    def transition(cls, to: str, *, of: Iterable[str] | None = None) -> Transition:
        """The SQL of a move, for statements that do more than ``move()`` can.

        Args:
            to: the new state.
            of: only from these states; without it, from every state that allows it.

        Raises:
            ValueError: the table of moves doesn't allow this move from one of these states.
        """
        allowed = cls.sources(to)
        states = allowed if of is None else tuple(of)
        if not states or not set(states) <= set(allowed):
            raise ValueError(f"{cls.__name__} may not become {to} from {', '.join(states)}")
        listed = ", ".join(f"'{state!s}'" for state in states)
        return Transition(f"state = '{to!s}'", f"{cls._meta.table_name}.state IN ({listed})")

    def move(self, to: str, **changes: Any) -> None:
        """Change to state ``to`` and set ``changes``, in one conditional UPDATE.

        Raises:
            StaleStateError: the row's state doesn't allow this move.
        """
        if not self.try_move(to, **changes):
            name = type(self).__name__.lower()
            state = type(self).get_by_id(self.id).state
            raise StaleStateError(f"This {name} {in_state(state)} and can't become {shown(to)}.")

    def try_move(self, to: str, **changes: Any) -> bool:
        """Like ``move``, but returns whether the row moved."""
        table: Any = type(self)
        changed = (
            table.update(state=to, **changes)
            .where(table.id == self.id, table.state.in_(self.sources(to)))
            .execute()
        )
        if changed:
            self.state = to
            for name, value in changes.items():
                setattr(self, name, value)
        return bool(changed)


R = TypeVar("R", bound=Row)


def locked(query: ModelSelect[R], *, skip_locked: bool = False) -> ModelSelect[R]:
    """``query`` with its rows locked until the end of the transaction.

    FOR NO KEY UPDATE blocks everybody else who locks or writes the row. It doesn't block new rows
    that refer to it: their foreign key only needs the row to exist.
    """
    return query.for_update("FOR NO KEY UPDATE", skip_locked=skip_locked)  # type: ignore[arg-type]  # the stubs only know the plain FOR UPDATE

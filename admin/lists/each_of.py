"""Filtered lists by id, found in an index however rare the rows are that match.

A list ordered by id can be read backwards until a page is full, but with a filter that few rows
match, nearly all rows are read. So the filters have an index that ends with the id, and where one
is not set, each of its values is looked up: a page costs a look-up for each combination.

The indexes order the id ``DESC NULLS LAST``, which its own index doesn't. PostgreSQL would take
that one otherwise, because it expects matching rows to lie evenly among all others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.db import database
from models import Row


@dataclass(frozen=True, slots=True)
class EachOf:
    """The rows that have in each of some columns one of some values.

    Attributes:
        table: their table, which has an index on the columns and ``key DESC NULLS LAST``.
        values: by column.
        key: the column that orders the list, each number once.
        only: a condition of the index.
    """

    table: type[Row]
    values: Mapping[str, Sequence[str | int]]
    key: str = "id"
    only: str = "true"

    def keys(self, most: int, *, before: int | None = None, after: int | None = None) -> list[int]:
        """The ``most`` newest keys, below ``before`` if given; with ``after``, the next above."""
        order = "DESC NULLS LAST" if after is None else "ASC NULLS FIRST"
        place = "" if before is None else f" AND {self.key} < {before:d}"
        place += "" if after is None else f" AND {self.key} > {after:d}"
        rows, values = self._rows(most, place, order)
        direction = "DESC" if after is None else "ASC"
        cursor = database.execute_sql(
            f"SELECT DISTINCT found.key {rows} ORDER BY found.key {direction} LIMIT %s",
            [*values, most],
        )
        return [key for (key,) in cursor.fetchall()]

    def capped(self, most: int) -> tuple[str, list[Any]]:
        """A query of at most ``most`` rows, to count them; and its values."""
        rows, values = self._rows(most, "", "DESC NULLS LAST")
        return f"SELECT 1 {rows} LIMIT %s", [*values, most]

    def _rows(self, most: int, place: str, order: str) -> tuple[str, list[Any]]:
        if not all(self.values.values()):
            return "FROM (SELECT 1 AS key WHERE false) AS found", []
        table = self.table._meta.table_name  # noqa: SLF001  # peewee's public name
        each = ", ".join(f"unnest(%s) AS of_{name} (value)" for name in self.values)
        same = " AND ".join(f"{name} = of_{name}.value" for name in self.values)
        rows = (
            f"FROM {each} CROSS JOIN LATERAL (SELECT {self.key} AS key FROM {table} "
            f"WHERE {same} AND {self.only}{place} ORDER BY {self.key} {order} LIMIT %s) AS found"
        )
        return rows, [*map(_plain, self.values.values()), most]


def _plain(values: Sequence[str | int]) -> list[str | int]:
    """Without enumerations, which the driver doesn't know."""
    return [value if isinstance(value, int) else str(value) for value in values]

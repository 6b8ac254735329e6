"""Filtered lists by id, found in an index however rare the rows are that match.

A list ordered by id can be read backwards until a page is full, but with a filter that few rows
match, nearly all rows are read. So the filters have an index that ends with the id, and where one
is not set, each of its values is looked up: a page costs a look-up for each combination.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from admin.http.inputs import LARGEST_ID
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
        if not all(self.values.values()):
            return []
        table = self.table._meta.table_name  # noqa: SLF001  # peewee's public name
        each = ", ".join(f"unnest(%({name})s) AS of_{name} (value)" for name in self.values)
        same = " AND ".join(f"{name} = of_{name}.value" for name in self.values)
        # The order of these indexes, which the ids' own index doesn't have: with that one,
        # PostgreSQL would read the table backwards until enough rows match.
        order = "DESC NULLS LAST" if after is None else "ASC NULLS FIRST"
        cursor = database.execute_sql(
            f"SELECT DISTINCT found.key FROM {each} CROSS JOIN LATERAL ("
            f"SELECT {self.key} AS key FROM {table} WHERE {same} AND {self.only} "
            f"AND {self.key} > %(after)s AND {self.key} < %(before)s "
            f"ORDER BY {self.key} {order} LIMIT %(most)s) AS found "
            f"ORDER BY found.key {order.split(maxsplit=1)[0]} LIMIT %(most)s",
            {
                **{name: _plain(values) for name, values in self.values.items()},
                "most": most,
                "after": after or 0,
                "before": LARGEST_ID if before is None else before,
            },
        )
        return [key for (key,) in cursor.fetchall()]


def _plain(values: Sequence[str | int]) -> list[str | int]:
    """Without enumerations, which the driver doesn't know."""
    return [value if isinstance(value, int) else str(value) for value in values]

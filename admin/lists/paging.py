"""Long lists, fast at any length.

A page is found by the id before it, and rows are counted only up to ``MOST_COUNTED``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from flask import request, url_for
from peewee import SQL, ModelSelect, Select, fn

from admin.lists.each_of import EachOf
from core.db import database

Counted: TypeAlias = "ModelSelect[Any] | EachOf"
PAGE = 50
MOST_COUNTED = 1000


class Keys(Protocol):
    """Finds the ids of a page's rows."""

    def keys(self, most: int, *, before: int | None = None, after: int | None = None) -> list[int]:
        """The ``most`` newest ids, below ``before`` if given; with ``after``, the next above."""
        ...


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a list, newest first, with the URLs of the pages before and after it."""

    rows: list[Any]
    newer: str | None
    older: str | None


def cut(
    query: ModelSelect[Any],
    key: Any,
    *,
    few: bool = False,
    each: Keys | None = None,
    endpoint: str = "",
) -> Slice:
    """The page of ``query`` that the request selects with ``?before=`` or ``?after=`` an id.

    Args:
        query: the rows of the whole list.
        key: the id that orders the list.
        few: only few rows match, so collect and sort them. PostgreSQL can't know that. It would
            scan all rows in id order until a page is full.
        each: finds the ids of the rows in an index, in place of the query's own conditions.
        endpoint: of the page with the list, if it is not the request's own.
    """
    order = key + 0 if few else key  # an order without an index
    endpoint = endpoint or request.endpoint or ""
    before, after = request.args.get("before", type=int), request.args.get("after", type=int)
    if each is not None:
        query = query.where(key.in_(each.keys(PAGE + 1, before=before, after=after)))
    if after is not None:
        rows = list(query.where(key > after).order_by(order).limit(PAGE + 1))
        more, rows = len(rows) > PAGE, rows[:PAGE][::-1]
        newer = _address(endpoint, after=rows[0].id) if more else None
        return Slice(rows, newer, _older(endpoint, rows, more=True))
    if before is not None:
        query = query.where(key < before)
    rows = list(query.order_by(order.desc()).limit(PAGE + 1))
    more, rows = len(rows) > PAGE, rows[:PAGE]
    newer = _address(endpoint, after=rows[0].id) if rows and before is not None else None
    return Slice(rows, newer, _older(endpoint, rows, more=more))


def _older(endpoint: str, rows: list[Any], *, more: bool) -> str | None:
    return _address(endpoint, before=rows[-1].id) if rows and more else None


def _address(endpoint: str, **place: int) -> str:
    """The list's URL at another place, with the request's filters."""
    kept = {name: value for name, value in request.args.items() if name not in {"before", "after"}}
    return url_for(endpoint, **{**(request.view_args or {}), **kept, **place})


def count(query: Counted) -> int:
    """Number of rows of ``query``, counted up to ``MOST_COUNTED`` + 1."""
    return counts([query])[0]


def counts(queries: Iterable[Counted]) -> tuple[int, ...]:
    """``count`` of each of ``queries``, in one statement."""
    row: tuple[int, ...] = database.execute(
        Select([], [_number(each) for each in queries])
    ).fetchone()
    return row


def _number(query: Counted) -> Any:
    if isinstance(query, EachOf):
        rows, values = query.capped(MOST_COUNTED + 1)
        return SQL(f"(SELECT COUNT(1) FROM ({rows}) AS capped)", values)
    capped = query.clone().select(SQL("1")).limit(MOST_COUNTED + 1)
    return Select([capped.alias("capped")], [fn.COUNT(SQL("1"))])


def counted(number: int) -> str:
    return f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number)

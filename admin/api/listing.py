"""Lists of the API, page by page, found by the id at which the page before ended."""

from __future__ import annotations

from typing import Any, TypeVar

from peewee import ModelSelect

from admin.api.caller import RefusedError
from admin.api.models import ListQuery
from admin.http.inputs import LARGEST_ID
from admin.lists.paging import Keys
from models import Row

Found = TypeVar("Found", bound=Row)


def rows(
    query: ModelSelect[Any],
    key: Any,
    asked: ListQuery,
    *,
    few: bool = False,
    each: Keys | None = None,
) -> tuple[list[Any], str | None]:
    """The rows of one page, and the cursor of the page after it.

    Args:
        query: the rows of the whole list.
        key: the id that orders the list, newest first.
        asked: which page.
        few: as in ``admin.lists.paging.cut``.
        each: as there.

    Raises:
        RefusedError: the cursor is none of ours.
    """
    order = key + 0 if few else key
    before = _place(asked.cursor) if asked.cursor else None
    if each is not None:
        query = query.where(key.in_(each.keys(asked.limit + 1, before=before)))
    if before is not None:
        query = query.where(key < before)
    found = list(query.order_by(order.desc()).limit(asked.limit + 1))
    kept = found[: asked.limit]
    return kept, f"b{kept[-1].id:x}" if len(found) > asked.limit else None


def get(table: type[Found], row_id: int) -> Found:
    """The row; raises DoesNotExist, which is answered with 404."""
    return table.get(table.id == row_id)


def check(table: type[Row], row_id: int) -> None:
    """Raises DoesNotExist when there is no such row. Reads no column that may be a secret."""
    table.select(table.id).where(table.id == row_id).get()


def _place(cursor: str) -> int:
    try:
        place = int(cursor.removeprefix("b"), 16)
    except ValueError:
        place = 0
    if not cursor.startswith("b") or not 0 < place <= LARGEST_ID:
        raise RefusedError(422, 'cursor: it must be "next" of the answer before.')
    return place

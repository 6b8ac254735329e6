"""The row lock of this package."""

from __future__ import annotations

from typing import TypeVar

from peewee import ModelSelect

from models import Row

R = TypeVar("R", bound=Row)


def locked(query: ModelSelect[R], *, skip_locked: bool = False) -> ModelSelect[R]:
    """``query`` with its rows locked until the transaction's end.

    FOR NO KEY UPDATE keeps out everybody who locks or writes the row, but not new rows that refer
    to it: their foreign key only needs it to stay.
    """
    return query.for_update("FOR NO KEY UPDATE", skip_locked=skip_locked)  # type: ignore[arg-type]  # the stubs only know the plain FOR UPDATE

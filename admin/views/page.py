"""The base of every page, and what pages share: rows, bulk actions, audit, redirects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar, cast

from flask import abort, flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose as _expose

from admin import guide
from admin.access import Access
from admin.auth import back, person
from admin.configured import settings
from core.errors import InputError
from models import AuditEntry, Row

Found = TypeVar("Found", bound=Row)
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

MOST_IN_BULK = 500
EXAMPLES = 5
"""Refused rows of many that are said."""


def expose(url: str, methods: Sequence[str] = ("GET",)) -> Callable[[View], View]:
    """Flask-Admin's ``expose``, typed."""
    return cast("Callable[[View], View]", _expose(url, methods))


class Offer(NamedTuple):
    """To undo what was done."""

    address: str
    seconds: int = 0
    """Until the work begins that was asked for."""


class Page(Access):
    """A page of the back office."""

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        # Flask-Admin's version calls a view a second time when it raises TypeError.
        return fn(self, *args, **kwargs)

    def render(self, template: str, **facts: Any) -> str:
        return cast("str", super().render(template, **facts))

    def pieces(self, folder: str, names: Sequence[str], **facts: Any) -> ResponseReturnValue:
        """The live parts of a page for ``static/live.js``: HTML by element id.

        The line about the next step of Getting started is one of them.
        """
        html = {name: self.render(f"{folder}/{name}.html", **facts) for name in names}
        return jsonify(html | {"first-next": self.render("first_next.html")})


def get(table: type[Found], row_id: int) -> Found:
    """The row, or a 404 page."""
    row = table.get_or_none(table.id == row_id)
    return row if row is not None else abort(404)


def chosen() -> list[int]:
    """The ids selected in a list's form."""
    ids = request.form.getlist("id", type=int)
    if not ids:
        raise InputError("Nothing is selected. Select some rows first.")
    if len(ids) > MOST_IN_BULK:
        raise InputError(f"Too many rows selected. Select at most {MOST_IN_BULK}.")
    return ids


def say_refused(sentences: list[str]) -> None:
    for sentence in _some(sentences):
        flash(sentence, "danger")


def first_of(sentences: list[str]) -> str:
    """Some of the sentences as one."""
    return " ".join(_some(sentences))


def _some(sentences: list[str]) -> list[str]:
    more = [f"… and {len(sentences) - EXAMPLES} more."] if sentences[EXAMPLES:] else []
    return sentences[:EXAMPLES] + more


@contextmanager
def fault_at(field: str) -> Iterator[None]:
    """A refusal in the block is the fault of this input, unless it names another."""
    try:
        yield
    except InputError as error:
        error.field = error.field or field
        raise


def audit(action: str, subject: str, reason: str = "") -> None:
    """Record what the signed-in person did. Call it in the same transaction as the change."""
    AuditEntry.create(actor=person().name, action=action, subject=subject, reason=reason)


def done(
    sentence: str, target: str | None = None, *, undo: Offer | None = None
) -> ResponseReturnValue:
    """Say what was done, offer to ``undo`` it, and return to the previous page or ``target``."""
    flash(sentence, "success")
    guide.forget()
    flash(request.path, "saved")  # the browser drops what it kept of the form
    if undo:
        flash(undo, "undo")  # type: ignore[arg-type]  # a tuple is stored as well as text
    return redirect(target or back(), 303)


__all__ = [
    "MOST_IN_BULK",
    "Offer",
    "Page",
    "audit",
    "chosen",
    "done",
    "expose",
    "get",
    "say_refused",
    "settings",
]

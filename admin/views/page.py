"""The base of every page: who may see it, who may change things on it, and the ways back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar, cast
from urllib.parse import urlsplit

from flask import abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_admin import expose as _expose
from flask_login import current_user

from admin.auth import is_local, person
from core.errors import InputError, StorymillError
from core.settings import Settings
from models import AuditEntry, Role, Row

Found = TypeVar("Found", bound=Row)
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

READING = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_IN_BULK = 500


def expose(url: str, methods: Sequence[str] = ("GET",)) -> Callable[[View], View]:
    """Flask-Admin's ``expose``, typed."""
    return cast("Callable[[View], View]", _expose(url, methods))


class Page(BaseView):  # type: ignore[misc]  # untyped base
    """A resource of the back office. Flask-Admin lets everybody in by default; this doesn't."""

    reads: ClassVar[Role] = Role.VIEWER
    """Least role that may look."""
    writes: ClassVar[Role] = Role.EDITOR
    """Least role that may change something, by any method but GET."""

    def is_accessible(self) -> bool:
        least = self.reads if request.method in READING else self.writes
        return bool(current_user.is_authenticated and person().may(least))

    def inaccessible_callback(self, name: str, **_: Any) -> ResponseReturnValue:
        if current_user.is_authenticated:
            abort(403)
        if request.method not in READING or name == "live":
            abort(401)
        return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        # Flask-Admin's own calls a view a second time when it raises TypeError.
        return fn(self, *args, **kwargs)

    def render(self, template: str, **facts: Any) -> str:
        return cast("str", super().render(template, **facts))

    @property
    def editable(self) -> bool:
        """Whether the signed-in person may change things here."""
        return person().may(self.writes)


def settings() -> Settings:
    held: Settings = current_app.extensions["settings"]
    return held


def get(table: type[Found], row_id: int) -> Found:
    """The row, or the page that says there is none."""
    row = table.get_or_none(table.id == row_id)
    return row if row is not None else abort(404)


def chosen() -> list[int]:
    """The ids that are ticked in a list's form."""
    ids = request.form.getlist("id", type=int)
    if not ids:
        raise InputError("Nothing was chosen: tick some rows first.")
    if len(ids) > MOST_IN_BULK:
        raise InputError(f"At most {MOST_IN_BULK} rows at once, please.")
    return ids


def each(ids: list[int], act: Callable[[int], object], verb: str) -> ResponseReturnValue:
    """Do ``act`` to each of ``ids``; one that can't be done stops none of the others."""
    refused: list[str] = []
    for row_id in ids:
        try:
            act(row_id)
        except StorymillError as error:
            refused.append(f"{row_id}: {error}")
    for sentence in refused[:5]:
        flash(sentence, "danger")
    if len(refused) > 5:  # noqa: PLR2004  # the first few tell enough
        flash(f"… and {len(refused) - 5} more.", "danger")
    return done(f"{verb} {len(ids) - len(refused)} of {len(ids)}.")


def audit(action: str, subject: str, reason: str = "") -> None:
    """Write down what the signed-in person did; within the transaction that does it."""
    AuditEntry.create(actor=person().name, action=action, subject=subject, reason=reason)


def back() -> str:
    """The page that a form was on, if it was one of ours; else the resource's list."""
    origin = urlsplit(request.referrer or "")
    target = origin.path + (f"?{origin.query}" if origin.query else "")
    if origin.netloc == request.host and is_local(target):
        return target
    return url_for("home.index")


def done(
    sentence: str, target: str | None = None, *, undo: str | None = None
) -> ResponseReturnValue:
    """Say what was done, offer to ``undo`` it, and return to where it was asked for."""
    flash(sentence, "success")
    if undo:
        flash(undo, "undo")
    return redirect(target or back(), 303)

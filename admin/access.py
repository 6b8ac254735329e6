"""Who may see a page of the back office, and who may change something on it."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_login import current_user

from admin.auth import person, proof, requirement
from models import Role

READING = frozenset({"GET", "HEAD", "OPTIONS"})
ASKED_BY_SCRIPTS = frozenset({"live", "decided", "heard"})
"""Views that a page's script asks: a sign-in page would be no answer."""


class Access(BaseView):  # type: ignore[misc]  # untyped base
    """A view with the least roles that it asks for; Flask-Admin's own lets everyone in."""

    reads: ClassVar[Role] = Role.VIEWER
    """Lowest role that can view the page."""
    writes: ClassVar[Role] = Role.EDITOR
    """Lowest role that can change something, with any method except GET."""

    def is_accessible(self) -> bool:
        least = self.reads if request.method in READING else self.writes
        return bool(current_user.is_authenticated and person().may(least))

    def inaccessible_callback(self, name: str, **_: Any) -> ResponseReturnValue:
        if current_user.is_authenticated:
            abort(403)
        if request.method not in READING or name in ASKED_BY_SCRIPTS:
            abort(401)
        return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))

    def _handle_view(self, name: str, **values: Any) -> ResponseReturnValue | None:
        """Flask-Admin calls it before each view, and sends what it returns instead."""
        refused: ResponseReturnValue | None = super()._handle_view(name, **values)
        return refused or requirement.ask() or (None if request.method in READING else proof.ask())

    @property
    def editable(self) -> bool:
        """Whether the signed-in person can change things here."""
        return person().may(self.writes)

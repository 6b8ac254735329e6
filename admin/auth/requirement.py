"""Sends a person who has to use a second factor to the page that sets it up."""

from __future__ import annotations

from flask import current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from admin.auth.sessions import Person, person
from core.settings import Settings
from models import Role


def ask() -> ResponseReturnValue | None:
    """The way to one's own page; None for those who use codes, or don't have to."""
    blueprint = (request.endpoint or "").partition(".")[0]
    if blueprint == "me" or not is_missing(person()):
        return None
    flash("Your role needs a code of an authenticator app. Set it up here first.", "danger")
    return redirect(url_for("me.index"), 303)


def is_missing(who: Person) -> bool:
    settings: Settings = current_app.extensions["settings"]
    needed = {"optional": (), "owners": (Role.OWNER,), "everyone": tuple(Role)}
    return not who.two_factor and who.role in needed[settings.two_factor]

"""What a person sees when a request can't be fulfilled: a sentence, never a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from peewee import DataError, DoesNotExist
from werkzeug.exceptions import HTTPException

from admin.api import problems
from admin.auth import back
from admin.auth.redirects import came_from
from admin.http import refused_forms
from admin.http.inputs import UnseenSignError
from core.db import errors as db_errors
from core.db.errors import Meaning
from core.errors import InputError, SavedMeanwhileError, StorymillError

log = structlog.get_logger(__name__)

SIGNED_OUT = 401
FORBIDDEN = 403
TOO_LARGE = 413
TITLES = {400: "This page can't be shown"}
"""Where the protocol's own name says little."""
SENTENCES = {
    SIGNED_OUT: "Sign in first.",
    FORBIDDEN: "Your role doesn't allow this. Ask an owner.",
    404: "There is nothing at this address. It may have been deleted.",
    405: "This address doesn't support this kind of request.",
    TOO_LARGE: "The upload is too large: split it, or put it into the server's intake folder.",
}


def install(app: Flask) -> None:
    answers: tuple[tuple[type[Exception], Callable[[Any], ResponseReturnValue]], ...] = (
        (StorymillError, _refused),
        (DoesNotExist, _not_there),
        (DataError, _unstorable),
        (CSRFError, _stale_form),
        (HTTPException, _http),
        (Exception, _broken),
    )
    for kind, answer in answers:
        app.register_error_handler(kind, answer)


def page(status: int, title: str, sentence: str) -> ResponseReturnValue:
    if problems.is_asked():  # at an address of the API that has no route
        return problems.problem(status, sentence)
    return render_template("error.html", status=status, title=title, sentence=sentence), status


def _refused(error: StorymillError) -> ResponseReturnValue:
    """The request can't be fulfilled: show the reason on the page it came from."""
    if request.method != "POST":
        return page(400, TITLES[400], str(error))
    if refused_forms.is_form():
        again = refused_forms.answer(
            str(error),
            field=error.field if isinstance(error, InputError) else "",
            saved_meanwhile=isinstance(error, SavedMeanwhileError),
        ) or refused_forms.typed_again(str(error))
        if again is not None:
            return again
    flash(str(error), "danger")
    return redirect(back(), 303)


def _kept(status: int, title: str, sentence: str, field: str = "") -> ResponseReturnValue:
    """The page with the form as it was sent, if that was one of ours; else an error page."""
    if refused_forms.is_form() and refused_forms.comes_from_us():
        in_place = refused_forms.answer(sentence, field=field, status=status)
        if in_place is not None:
            return in_place
    return _with_typed(status, title, sentence)


def _with_typed(status: int, title: str, sentence: str) -> ResponseReturnValue:
    """An error page, which keeps what was typed into a form of ours."""
    again = None
    if refused_forms.is_form() and refused_forms.comes_from_us():
        again = refused_forms.typed_again(sentence, status=status)
    return again or page(status, title, sentence)


def _not_there(_error: DoesNotExist) -> ResponseReturnValue:
    return page(404, "Not Found", SENTENCES[404])


def _unstorable(error: DataError) -> ResponseReturnValue:
    """A value that a page let through, and that its column can't hold."""
    log.warning("value_refused_by_database", path=request.path, error=type(error).__name__)
    sentence = "A value is too long, or of the wrong kind. Go back and correct it."
    return _kept(400, "This can't be saved", sentence)


def _stale_form(_error: Any) -> ResponseReturnValue:
    sentence = "The form was out of date, so nothing was changed. Check it, then send it again."
    return _kept(400, "This form is out of date", sentence)


def _http(error: HTTPException) -> ResponseReturnValue:
    if problems.is_asked():
        return problems.http(error)
    status = error.code or 500
    if status == FORBIDDEN:
        log.warning("access_refused", path=request.path, user=getattr(current_user, "id", None))
    title = TITLES.get(status, error.name)
    sentence = SENTENCES.get(status, error.description or "")
    if isinstance(error, UnseenSignError):
        return _kept(status, title, sentence, error.field)
    if status == SIGNED_OUT and request.method == "POST":
        return _signed_out()
    if status == TOO_LARGE and request.mimetype == "application/x-www-form-urlencoded":
        return _too_long()
    return page(status, title, sentence)


def _signed_out() -> ResponseReturnValue:
    """The session ended while somebody was typing: after signing in, the form is there again.

    The browser keeps what was typed (``static/typing.js``).
    """
    flash(
        "Not saved: your session has ended. Sign in, and what you typed is there again.", "danger"
    )
    target = url_for("auth.sign_in", next=back())
    return render_template("signed_out.html", target=target), SIGNED_OUT


def _too_long() -> ResponseReturnValue:
    """More was typed than a form may hold; nothing of it can be read here.

    The browser keeps what was typed (``static/typing.js``), and brings it back on its page.
    """
    most = current_app.config["MAX_CONTENT_LENGTH"] / 1_000_000
    sentence = (
        f"Not saved: all fields of a form together may have at most {most:g} MB. Your browser has "
        "kept the text that you typed: go back to the form, and shorten it."
    )
    return render_template("too_long.html", target=came_from(), sentence=sentence), TOO_LARGE


def _broken(error: Exception) -> ResponseReturnValue:
    match db_errors.meaning(error):
        case Meaning.AWAY | Meaning.FULL:
            log.warning("database_away", error=str(error).strip())
            return _with_typed(
                503,
                "The database is unavailable",
                "Nothing is lost. This page will work again when the database is back.",
            )
        case Meaning.AGAIN | Meaning.LATER:
            log.warning("database_busy", error=str(error).strip())
            return _with_typed(
                503,
                "The database was busy",
                "Other work was in the way, so nothing was changed. Try again.",
            )
    log.error("page_failed", path=request.path, exc_info=error)
    sentence = "The error was logged. Try again in a moment."
    return _with_typed(500, "Something went wrong", sentence)

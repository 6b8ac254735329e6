"""The back office as a WSGI application."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from adapters.ports import Authorizer, Music, Voices
from admin import auth, downloads, formatting, health, home_figures, response_headers, webhooks
from admin.views import VIEWS, Home, menu
from admin.views.page import back
from admin.views.sources import Sources
from core import db
from core.db import errors as db_errors
from core.db.errors import Meaning
from core.errors import StorymillError
from core.settings import Settings
from pipelines.stories.intake.uploads import LARGEST_UPLOAD

log = structlog.get_logger(__name__)

MOST_AROUND_UPLOAD = 1_000_000
"""Bytes of an upload's form without its files: names of files, and what divides them."""

WITHOUT_DATABASE = frozenset(
    {"static", "home.static", "health.alive", "health.ready", "webhook_receiver.tiktok"}
)


def create_app(
    settings: Settings,
    authorizer: Authorizer | None = None,
    voices: Voices | None = None,
    music: Music | None = None,
) -> Flask:
    """Create the application. The process must have configured ``core.db`` and ``core.crypto``.

    Args:
        settings: the checked configuration.
        authorizer: TikTok's consent and tokens. Without it accounts can't be connected.
        voices: the voices of this machine. Without them channels can't be saved.
        music: tunes to play on a channel's page. Without them there is no player.
    """
    app = Flask(__name__)
    secure = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SESSION_COOKIE_NAME="__Host-storymill" if secure else "storymill",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # "Strict" loses the session on the redirect from TikTok
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        MAX_CONTENT_LENGTH=2_000_000,
        MAX_FORM_MEMORY_SIZE=2_000_000,
    )
    app.extensions["settings"] = settings
    app.extensions["authorizer"] = authorizer
    app.extensions["voices"] = voices
    app.extensions["music"] = music
    _connect_for_each_request(app)
    _allow_uploads(app)
    response_headers.install(app, settings)
    auth.install(app)
    downloads.install(app)
    health.install(app)
    webhooks.install(app)
    formatting.install(app)
    _explain_errors(app)
    admin = Admin(
        app,
        name="Storymill",
        index_view=Home(name="Home", endpoint="home", url="/", static_folder="static"),
        theme=Bootstrap4Theme(base_template="base.html"),
        csp_nonce_generator=response_headers.nonce,
    )
    admin.add_views(*(view() for view in VIEWS))
    app.context_processor(lambda: {"needs": home_figures.needs, "asset": _asset, "menu": menu})
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    return app


def _asset(name: str) -> str:
    """URL of a static file. It changes with the file, so browsers can cache it."""
    changed = (Path(__file__).parent / "static" / name).stat().st_mtime
    return url_for("static", filename=name, v=int(changed))


def _connect_for_each_request(app: Flask) -> None:
    @app.before_request
    def connect() -> None:
        if request.endpoint not in WITHOUT_DATABASE:
            db.database.connect(reuse_if_open=True)

    @app.teardown_request
    def release(_error: BaseException | None) -> None:
        db.release()


def _allow_uploads(app: Flask) -> None:
    """Only who may upload can send a large request. It runs before the form is read."""

    @app.before_request
    def allow() -> None:
        if request.endpoint != "sources.upload" or not current_user.is_authenticated:
            return
        if auth.person().may(Sources.writes):
            request.max_content_length = LARGEST_UPLOAD + MOST_AROUND_UPLOAD


def _explain_errors(app: Flask) -> None:
    def page(status: int, title: str, sentence: str) -> ResponseReturnValue:
        return render_template("error.html", status=status, title=title, sentence=sentence), status

    @app.errorhandler(StorymillError)
    def refused(error: StorymillError) -> ResponseReturnValue:
        """The request can't be fulfilled: show the reason on the page it came from."""
        if request.method == "POST":
            flash(str(error), "danger")
            return redirect(back(), 303)
        return page(400, "This page can't be shown", str(error))

    @app.errorhandler(CSRFError)
    def stale_form(_error: Any) -> ResponseReturnValue:
        return page(
            400, "This form is out of date", "Go back, reload the page and submit the form again."
        )

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        sentences = {
            401: "Sign in first.",
            403: "Your role doesn't allow this. Ask an owner.",
            404: "There is nothing at this address. It may have been deleted.",
            413: "The upload is too large: split it, or put it into the server's intake folder.",
            405: "This address doesn't support this kind of request.",
        }
        status = error.code or 500
        return page(status, error.name, sentences.get(status, error.description or ""))

    @app.errorhandler(Exception)
    def broken(error: Exception) -> ResponseReturnValue:
        match db_errors.meaning(error):
            case Meaning.AWAY | Meaning.FULL:
                log.warning("database_away", error=str(error).strip())
                return page(
                    503,
                    "The database is unavailable",
                    "Nothing is lost. This page will work again when the database is back.",
                )
            case Meaning.AGAIN | Meaning.LATER:
                log.warning("database_busy", error=str(error).strip())
                return page(
                    503,
                    "The database was busy",
                    "Other work was in the way, so nothing was changed. Go back and try again.",
                )
        log.error("page_failed", path=request.path, exc_info=error)
        return page(500, "Something went wrong", "The error was logged. Try again in a moment.")

"""The back office as a WSGI application."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from flask import Flask, request, url_for
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix

from adapters.ports import Authorizer, Music, Services, Voices
from admin import auth, downloads, formatting, guide, health, needs, webhooks
from admin.api import routes as api
from admin.auth import reset, sign_in
from admin.http import error_pages, inputs, request_metrics, response_headers
from admin.viewer_zone import viewer_zone
from admin.views import VIEWS, Home, menu
from admin.views.sources import Sources
from core import db
from core.settings import Settings
from pipelines.stories.intake.uploads import LARGEST_UPLOAD

MOST_AROUND_UPLOAD = 1_000_000
"""Bytes of an upload's form without its files: names of files, and what divides them."""

NO_SERVICES = Services()
WITHOUT_DATABASE = frozenset(
    {"static", "home.static", "health.alive", "health.ready", "webhook_receiver.tiktok"}
)


def create_app(
    settings: Settings,
    authorizer: Authorizer | None = None,
    voices: Voices | None = None,
    music: Music | None = None,
    services: Services = NO_SERVICES,
) -> Flask:
    """Create the application. The process must have configured ``core.db`` and ``core.crypto``.

    Args:
        settings: the checked configuration.
        authorizer: TikTok's consent and tokens. Without it accounts can't be connected.
        voices: the voices of this machine. Without them channels can't be saved.
        music: tunes to play on a channel's page. Without them there is no player.
        services: what else the settings name, for the checks of the first steps.
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
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=0, x_host=0)  # type: ignore[method-assign]  # Flask's own way
    app.extensions["settings"] = settings
    app.extensions["authorizer"] = authorizer
    app.extensions["voices"] = voices
    app.extensions["music"] = music
    app.extensions["services"] = services
    request_metrics.install(app)
    _connect_for_each_request(app)
    _allow_uploads(app)
    inputs.install(app)
    response_headers.install(app, settings)
    sign_in.install(app)
    reset.install(app)
    downloads.install(app)
    health.install(app)
    webhooks.install(app)
    api.install(app)
    formatting.install(app)
    error_pages.install(app)
    admin = Admin(
        app,
        name="Storymill",
        index_view=Home(name="Home", endpoint="home", url="/", static_folder="static"),
        theme=Bootstrap4Theme(base_template="base.html"),
        csp_nonce_generator=response_headers.nonce,
    )
    admin.add_views(*(view() for view in VIEWS))
    app.context_processor(
        lambda: {
            "needs": needs.needs,
            "asset": _asset,
            "menu": menu,
            "first_steps": guide.pending,
            "next_step": guide.next_step,
            "viewer_zone": viewer_zone,
            "csp_nonce": response_headers.nonce,
        }
    )
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

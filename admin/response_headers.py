"""Security headers of every response: only our scripts, no frames, no content sniffing."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, g
from flask_wtf import CSRFProtect

from core.settings import Settings


def nonce() -> str:
    """The request's nonce for scripts."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    value: str = g.nonce
    return value


def install(app: Flask, settings: Settings) -> None:
    CSRFProtect(app)
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # as long as the session, so a form can stay open
    consent = urlsplit(settings.tiktok_authorize_url)
    # Browsers apply form-action to the redirect after a form too: "Connect account" is a form.
    forms = f"'self' {consent.scheme}://{consent.netloc}"

    @app.after_request
    def guard(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'nonce-{nonce()}'; style-src 'self'; "
            "img-src 'self' data:; media-src 'self'; font-src 'self'; connect-src 'self'; "
            f"form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
        )
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        return response

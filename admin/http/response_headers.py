"""Security headers of every response: only our scripts, no frames, no content sniffing."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, g
from flask_wtf import CSRFProtect

from core.settings import Settings

HSTS = f"max-age={2 * 365 * 86_400}; includeSubDomains"
"""Two years of HTTPS only (RFC 6797; ASVS 5.0, 3.4.1 asks for one year at least)."""
UNUSED = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "screen-wake-lock",
    "usb",
    "xr-spatial-tracking",
)
"""What a browser offers to pages and no page of ours asks for."""
HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # TikTok's consent page is a redirect of the same window, so no page needs another one's window.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in UNUSED),
}


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
    headers = HEADERS | (
        {"Strict-Transport-Security": HSTS} if settings.public_url.startswith("https://") else {}
    )

    @app.after_request
    def guard(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'nonce-{nonce()}'; style-src 'self'; "
            "img-src 'self' data:; media-src 'self'; font-src 'self'; connect-src 'self'; "
            f"form-action {forms}; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
        response.headers.update(headers)
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        return response

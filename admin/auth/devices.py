"""The browsers in which somebody has signed in before: a signed cookie that outlives sessions.

It opens nothing. It only lets this browser's tries be counted apart from those of strangers.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from admin.auth.throttle import network
from core.settings import Settings

SALT = "storymill.device"
LASTS_SECONDS = 365 * 86_400
MOST_NAMES = 5
"""People who share a browser and are still known there; the cookie stays short."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a try comes from.

    Attributes:
        address: its network address.
        device: number of the browser, if the person has signed in there before; else empty.
    """

    address: str
    device: str = ""


def visitor(name: str) -> Visitor:
    """The request's origin, as seen for tries of ``name``."""
    nonce, names = _known()
    return Visitor(network(request.remote_addr or ""), nonce if _short(name) in names else "")


def remember(response: Response, name: str) -> None:
    """Know this browser from now on as one of ``name``'s."""
    nonce, names = _known()
    mine = _short(name)
    kept = [mine, *(other for other in names if other != mine)][:MOST_NAMES]
    value = _signer().dumps([nonce or secrets.token_hex(8), kept])
    response.set_cookie(
        cookie_name(),
        value.decode() if isinstance(value, bytes) else value,
        max_age=LASTS_SECONDS,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Lax",
    )


def cookie_name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-device"


def _known() -> tuple[str, list[str]]:
    try:
        nonce, names = _signer().loads(
            request.cookies.get(cookie_name(), ""), max_age=LASTS_SECONDS
        )
    except BadSignature:  # none, or not ours
        return "", []
    return nonce, names


def _short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def _signer() -> URLSafeTimedSerializer:
    settings: Settings = current_app.extensions["settings"]
    return URLSafeTimedSerializer(
        settings.secret_key.get_secret_value(),
        salt=SALT,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )

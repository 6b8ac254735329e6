"""The webhook endpoint for TikTok: public, but events need TikTok's signature.

Nothing touches the database before the signature is checked.
"""

from __future__ import annotations

import structlog
from flask import Blueprint, Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, HTTPException

from core import db
from core.errors import InputError
from core.settings import Settings
from pipelines.publishing.webhooks import events
from pipelines.publishing.webhooks.signature import MOST_BYTES, RefusedError, verify

log = structlog.get_logger(__name__)

blueprint = Blueprint("webhook_receiver", __name__)
"""Not "webhooks": that is the page that lists the events."""

PATH = "/webhooks/tiktok"
STATUSES = {"garbled": 400, "forged": 401, "old": 401}


@blueprint.post(PATH)
def tiktok() -> ResponseReturnValue:
    """200 once the event is stored; TikTok sends it again after any other response."""
    settings: Settings = current_app.extensions["settings"]
    secret = settings.tiktok_client_secret.get_secret_value()
    if not secret:
        return _refused(
            "unset", 503, "TIKTOK_CLIENT_SECRET is not set, so no signature can be checked."
        )
    request.max_content_length = MOST_BYTES
    try:
        body = request.get_data()
        verify(request.headers.get("TikTok-Signature", ""), body, secret)
        with db.session():
            events.receive(body, client_key=settings.tiktok_client_key)
    except RefusedError as error:
        return _refused(error.code, STATUSES[error.code], str(error))
    except InputError as error:
        return _refused("unreadable", BadRequest.code, str(error))
    return _answer(200, "Thank you.")


@blueprint.errorhandler(HTTPException)
def unreadable(error: HTTPException) -> ResponseReturnValue:
    """The request is too large, or was cut off."""
    status = error.code or BadRequest.code
    return _refused("too_large" if status == 413 else "cut_off", status, error.name)  # noqa: PLR2004  # an HTTP status


def _refused(what: str, status: int, sentence: str) -> Response:
    events.EVENTS.labels(what).inc()
    log.warning("webhook_refused", what=what, bytes=request.content_length)
    return _answer(status, sentence)


def _answer(status: int, sentence: str) -> Response:
    return Response(sentence + "\n", status, mimetype="text/plain")


def install(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.extensions["csrf"].exempt(blueprint)  # TikTok has no session; its signature is the proof

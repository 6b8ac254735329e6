"""TikTok's protocol: envelopes, error codes, bearer tokens and rate limits."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any, ClassVar

from flask import Response, request

from sandbox.calls import Refusal, Wire
from sandbox.faults import Fault
from sandbox.records import Token, hashed
from sandbox.tiktok import webhooks
from sandbox.tiktok.creators import CREATORS, Creator

if TYPE_CHECKING:
    from sandbox.world import World

ERRORS: dict[str, tuple[int, str]] = {
    "access_token_invalid": (
        401,
        "The access token is invalid or not found in the request.",
    ),
    "scope_not_authorized": (401, "The user did not authorize the scope required for this call."),
    "rate_limit_exceeded": (429, "The API rate limit was exceeded. Please try again later."),
    "scope_permission_missed": (401, "The user did not grant the scope that this call needs."),
    "invalid_param": (400, "One or more fields in request is invalid."),
    "invalid_publish_id": (400, "The publish_id does not exist."),
    "token_not_authorized_for_specified_publish_id": (
        401,
        "The access token does not belong to the creator of this publish_id.",
    ),
    "invalid_params": (400, "One or more fields in request is invalid."),
    "invalid_file_upload": (400, "The uploaded file does not meet the specification."),
    "internal_error": (500, "Internal error. Please try again later."),
    "spam_risk_too_many_posts": (
        403,
        "The daily post cap from the API is reached for the current user.",
    ),
    "spam_risk_too_many_pending_share": (
        403,
        "The user has too many shares waiting in the inbox within 24 hours.",
    ),
    "spam_risk_user_banned_from_posting": (403, "The user is banned from making new posts."),
    "reached_active_user_cap": (
        403,
        "The daily quota for active publishing users from your client is reached.",
    ),
    "unaudited_client_can_only_post_to_private_accounts": (
        403,
        "Unaudited clients can only post with the privacy level SELF_ONLY.",
    ),
    "privacy_level_option_mismatch": (
        403,
        "privacy_level is not specified or not among the creator's privacy_level_options.",
    ),
    "url_ownership_unverified": (403, "The ownership of the video's address is not verified."),
}

FAIL_REASONS = (
    "file_format_check_failed",
    "duration_check_failed",
    "frame_rate_check_failed",
    "picture_size_check_failed",
    "internal",
    "video_pull_failed",
    "auth_removed",
    "publish_cancelled",
    "spam_risk",
    "spam_risk_text",
    "spam_risk_too_many_posts",
    "spam_risk_user_banned_from_posting",
)

SHORT_NAMES = {
    "429": "rate_limit_exceeded",
    "500": "internal_error",
    "spam_risk": "spam_risk_too_many_posts",
    "expired_token": "access_token_invalid",
    "revoked": "access_token_invalid",
}
"""Short names of error codes for the switches."""

OAUTH_CODES = {429: "rate_limit_exceeded", 500: "server_error"}
GATEWAY_ERRORS = ("502", "503", "504")
UPLOAD_ERRORS = ("400", "403", "404", "416")


def log_id() -> str:
    return time.strftime("%Y%m%d%H%M%S", time.gmtime()) + secrets.token_hex(9).upper()


def answer(
    data: dict[str, Any], code: str = "ok", message: str = "", status: int = 200
) -> Response:
    body = {"data": data, "error": {"code": code, "message": message, "log_id": log_id()}}
    return Response(json.dumps(body), status=status, mimetype="application/json")


def refuse(code: str, message: str = "") -> Refusal:
    """The documented error to raise; ``message`` adds detail."""
    status, usual = ERRORS[code]
    return Refusal(answer({}, code, message or usual, status))


def oauth_error(error: str, description: str, status: int = 400) -> Refusal:
    body = {"error": error, "error_description": description, "log_id": log_id()}
    response = Response(json.dumps(body), status=status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return Refusal(response)


def gateway_error(status: int) -> Response:
    """An answer from a gateway in front of the API, without an envelope."""
    return Response(f"<html><h1>{status}</h1></html>", status=status, mimetype="text/html")


class TikTok(Wire):
    """The protocol of the API, the token endpoint and the upload host."""

    name = "tiktok"
    calls = (
        "creator_info",
        "init",
        "inbox_init",
        "upload",
        "status",
        "token",
        "revoke",
        "user_info",
        "video_list",
        "video_query",
        "processing",
        "webhook",
    )
    """``processing`` is the work after the last byte, ``webhook`` the events that TikTok sends."""
    inner_faults = (
        "upload_reset_at_byte",
        "status_without_bytes",
        "status_with_old_bytes",
        "status_unnamed",
        "status_without_number",
    )
    """The status faults answer as if no byte had arrived: without their number, or with 0; with a
    status that no document names; or without the number of a public video, as before moderation.
    """
    own_faults = (
        *ERRORS,
        *SHORT_NAMES,
        *GATEWAY_ERRORS,
        *UPLOAD_ERRORS,
        "invalid_grant",
        *inner_faults,
    )
    faults_by_call: ClassVar[dict[str, tuple[str, ...]]] = {
        "processing": ("slow", *FAIL_REASONS),
        "webhook": webhooks.FAULTS,
    }

    def __init__(self, world: World) -> None:
        self._world = world

    def account(self) -> str:
        post = self._world.posts.get(request.args.get("upload_id", ""))
        if post:
            return post.creator
        token = bearer_token() or request.form.get("refresh_token") or request.form.get("token")
        if token:
            known = self._world.tokens.get(hashed(token))
            return known.creator if known else ""
        code = self._world.codes.get(hashed(request.form.get("code", "")))
        return code.creator if code else ""

    def refuse(self, fault: Fault, call: str) -> Response:
        """Answer as documented; expired and revoked tokens really become invalid."""
        if fault.fault in ("expired_token", "revoked"):
            self._take_tokens(self.account(), also_refresh=fault.fault == "revoked")
        code = SHORT_NAMES.get(fault.fault, fault.fault)
        if code in (*GATEWAY_ERRORS, *UPLOAD_ERRORS):
            response = gateway_error(int(code))
        elif call == "upload":
            response = gateway_error(ERRORS[code][0] if code in ERRORS else 500)
        elif call in ("token", "revoke"):
            status = ERRORS[code][0] if code in ERRORS else 400
            error = OAUTH_CODES.get(status, "invalid_grant")
            response = oauth_error(error, "Refused by a fault switch.", status).response
        else:
            response = refuse(code if code in ERRORS else "internal_error").response
        if fault.retry_after is not None:
            response.headers["Retry-After"] = f"{fault.retry_after:g}"
        return response

    def creator(self, *scopes: str) -> Creator:
        """The owner of the bearer token; one of ``scopes`` must have been granted.

        Raises:
            Refusal: with ``access_token_invalid`` or ``scope_not_authorized``.
        """
        token = self.token()
        if not any(scope in token.scopes for scope in scopes):
            raise refuse("scope_not_authorized")
        return CREATORS[token.creator]

    def token(self) -> Token:
        token = self._world.tokens.get(hashed(bearer_token()))
        if token is None or token.use != "access" or token.expires_at <= self._world.now():
            raise refuse("access_token_invalid")
        return token

    def limit(self, call: str, a_minute: int) -> None:
        """Count the call; raises Refusal ``rate_limit_exceeded`` above the documented limit."""
        key = (call, hashed(bearer_token()))
        if not self._world.windows.take(key, a_minute, self._world.now()):
            raise refuse("rate_limit_exceeded")

    def _take_tokens(self, creator: str, *, also_refresh: bool) -> None:
        if not creator:
            return
        if also_refresh:
            remove_grants(self._world, creator)
            return
        with self._world.lock:
            for token_hash, token in self._world.tokens.items():
                if token.creator == creator and token.use == "access":
                    self._world.tokens.take(token_hash)


def bearer_token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def remove_grants(world: World, creator: str) -> None:
    """Delete all tokens of a creator, and notify the client."""
    with world.lock:
        for token_hash, token in world.tokens.items():
            if token.creator == creator:
                world.tokens.take(token_hash)
    webhooks.send(world, "authorization.removed", CREATORS[creator], {"reason": 1})


def json_body() -> dict[str, Any]:
    """The request's JSON object; raises Refusal ``invalid_params`` for anything else."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise refuse("invalid_params", "The request's body must be a JSON object.")
    return body

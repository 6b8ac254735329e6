"""TikTok's login: the page that asks the creator, and the token endpoint."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request

from sandbox.calls import serving
from sandbox.records import Code, Token, hashed
from sandbox.tiktok.creators import CREATORS
from sandbox.tiktok.wire import TikTok, oauth_error, remove_grants

if TYPE_CHECKING:
    from sandbox.world import World

SCOPES = {
    "user.info.basic": "Read your profile (open id, avatar, display name)",
    "user.info.profile": "Read your profile's links and bio",
    "user.info.stats": "Read your statistics",
    "video.publish": "Post videos to your account",
    "video.upload": "Send drafts to your inbox",
    "video.list": "Read your public videos",
}
CODE_SECONDS = 600
FIELDS = (
    "client_key",
    "redirect_uri",
    "scope",
    "state",
    "response_type",
    "code_challenge",
    "code_challenge_method",
)


def oauth_pages(world: World) -> Blueprint:  # noqa: C901 - a list of small views
    pages = Blueprint("tiktok_oauth", __name__)
    wire = TikTok(world)

    @pages.get("/v2/auth/authorize/")
    def authorize() -> Response:
        wrong = _wrong_request(world)
        page = render_template(
            "authorize.html",
            wrong=wrong,
            creators=CREATORS.values(),
            scopes={
                name: SCOPES.get(name, name) for name in request.args.get("scope", "").split(",")
            },
            fields={name: request.args.get(name, "") for name in FIELDS},
        )
        return make_response(page, 400 if wrong else 200)

    @pages.post("/v2/auth/authorize/")
    def decide() -> Response:
        wrong = _wrong_request(world)
        if wrong:
            return make_response(wrong, 400)
        state = request.values["state"]
        if request.form.get("decision") != "allow":
            denied = {
                "error": "access_denied",
                "error_type": "access_denied",
                "error_description": "The creator did not allow it.",
                "state": state,
            }
            return _back(denied)
        asked = request.values["scope"].split(",")
        granted = [scope for scope in asked if scope in request.form.getlist("granted")]
        creator = request.form.get("creator", "")
        if creator not in CREATORS or not granted:
            return make_response("Choose a creator and at least one permission.", 400)
        code = secrets.token_urlsafe(48)
        world.codes.put(
            hashed(code),
            Code(
                creator,
                granted,
                request.values["redirect_uri"],
                request.values["code_challenge"],
                world.now() + CODE_SECONDS,
            ),
        )
        return _back({"code": code, "scopes": ",".join(granted), "state": state})

    @pages.post("/v2/oauth/token/")
    @serving(world, wire, "token")
    def token() -> Response:
        _check_client(world)
        grant_type = request.form.get("grant_type")
        if grant_type == "authorization_code":
            return _exchange_code(world)
        if grant_type == "refresh_token":
            return _refresh(world)
        if grant_type == "client_credentials":
            return _json(
                {"access_token": "clt.sandbox", "expires_in": 7200, "token_type": "Bearer"}
            )
        raise oauth_error("unsupported_grant_type", "The grant_type is not supported.")

    @pages.post("/v2/oauth/revoke/")
    @serving(world, wire, "revoke")
    def revoke() -> Response:
        _check_client(world)
        known = world.tokens.get(hashed(request.form.get("token", "")))
        if known is None:
            raise oauth_error("invalid_request", "The token is invalid.")
        remove_grants(world, known.creator)
        return Response("{}", mimetype="application/json")

    return pages


def _wrong_request(world: World) -> str:
    """What is wrong with the client's request for the authorize page."""
    asked = {name: request.values.get(name, "") for name in FIELDS}
    unknown = [scope for scope in asked["scope"].split(",") if scope not in SCOPES]
    checks = (
        (asked["client_key"] == world.settings.tiktok_client_key, "client_key: no such app."),
        (
            _registered(world, asked["redirect_uri"]),
            "redirect_uri: not registered for this app.",
        ),
        (asked["response_type"] == "code", "response_type: must be code."),
        (not unknown, f"scope: unknown: {', '.join(unknown) or 'none given'}."),
        (bool(asked["state"]), "state: missing."),
        (asked["code_challenge_method"] == "S256", "code_challenge_method: must be S256."),
        (
            re.fullmatch(r"[0-9a-f]{64}", asked["code_challenge"]),
            "code_challenge: must be the verifier's SHA-256 in hex.",
        ),
    )
    return next((sentence for right, sentence in checks if not right), "")


def _registered(world: World, uri: str) -> bool:
    if world.settings.redirect_uris:
        return uri in world.settings.redirect_uris
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.hostname in ("127.0.0.1", "localhost", "::1")


def _back(answer: dict[str, str]) -> Response:
    uri = request.values["redirect_uri"]
    return make_response(redirect(f"{uri}{'&' if '?' in uri else '?'}{urlencode(answer)}"))


def _check_client(world: World) -> None:
    key, secret = request.form.get("client_key", ""), request.form.get("client_secret", "")
    known = key == world.settings.tiktok_client_key
    if not known or not hmac.compare_digest(secret, world.settings.tiktok_client_secret):
        raise oauth_error("invalid_client", "Client key or secret is incorrect.", 401)


def _exchange_code(world: World) -> Response:
    code = world.codes.take(hashed(request.form.get("code", "")))  # only once, even if it fails
    if code is None or code.expires_at <= world.now():
        raise oauth_error("invalid_grant", "Authorization code is expired or was used.")
    if request.form.get("redirect_uri") != code.redirect_uri:
        raise oauth_error(
            "invalid_request", "Redirect_uri is not matched with the uri when requesting code."
        )
    verifier = request.form.get("code_verifier", "")
    if hashlib.sha256(verifier.encode()).hexdigest() != code.challenge:
        raise oauth_error("invalid_grant", "Code verifier or code challenge is invalid.")
    return _tokens(world, code.creator, code.scopes, secrets.token_hex(8))


def _refresh(world: World) -> Response:
    token_hash = hashed(request.form.get("refresh_token", ""))
    old = world.tokens.get(token_hash)
    if old is None or old.use != "refresh" or old.expires_at <= world.now():
        raise oauth_error("invalid_grant", "Refresh token is invalid or expired.")
    if world.tokens.take(token_hash) is None:  # another request was faster
        raise oauth_error("invalid_grant", "Refresh token is invalid or expired.")
    return _tokens(world, old.creator, old.scopes, old.grant)


def _tokens(world: World, creator: str, scopes: list[str], grant: str) -> Response:
    access, refresh = f"act.{secrets.token_urlsafe(36)}", f"rft.{secrets.token_urlsafe(36)}"
    now, settings = world.now(), world.settings
    for token, use, seconds in (
        (access, "access", settings.access_seconds),
        (refresh, "refresh", settings.refresh_seconds),
    ):
        world.tokens.put(hashed(token), Token(use, creator, scopes, grant, now + seconds))
    body = {
        "open_id": CREATORS[creator].open_id,
        "scope": ",".join(scopes),
        "access_token": access,
        "expires_in": settings.access_seconds,
        "refresh_token": refresh,
        "refresh_expires_in": settings.refresh_seconds,
        "token_type": "Bearer",
    }
    return _json(body)


def _json(body: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(json.dumps(body), mimetype="application/json", headers=headers)

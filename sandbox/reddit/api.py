"""Reddit as PRAW uses it: access tokens, listings, single posts; and public feeds.

PRAW appends the token's path to ``reddit_url``, but joins ``oauth_url`` with ``r/...`` as a browser
would: ``http://host/reddit`` loses its last word, ``http://host/reddit/`` keeps it. So the pages
are served both under ``/reddit`` and at the root.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, make_response, redirect, request

from sandbox.calls import Refusal, Wire, serving
from sandbox.faults import Fault
from sandbox.records import RedditToken, hashed
from sandbox.reddit import listing
from sandbox.reddit.comments import comment_listing
from sandbox.reddit.feed import atom
from sandbox.reddit.page import page

if TYPE_CHECKING:
    from sandbox.stories import Story
    from sandbox.world import World

TOKEN_SECONDS = 86_400
WINDOW_SECONDS = 600
PRIVATE, BANNED = "sandboxprivate", "sandboxbanned"
GENERIC_AGENTS = ("python-requests/", "python-urllib", "python-httpx/", "curl/", "wget/", "java/")
BLOCK_PAGE = (
    "<html><head><title>Blocked</title></head><body><h1>whoa there, pardner!</h1>"
    "<p>Your request has been blocked due to a network policy.</p></body></html>"
)
STATUS_WORDS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Reddit(Wire):
    name = "reddit"
    calls = ("token", "listing", "comments", "info", "feed")
    own_faults = ("expired_token", "blocked", *(str(status) for status in STATUS_WORDS))

    def __init__(self, world: World) -> None:
        self._world = world

    def refuse(self, fault: Fault, call: str) -> Response:
        if fault.fault == "expired_token":
            self._world.reddit_tokens.take(hashed(_bearer()))
            return self._invalid_token().response
        if fault.fault == "blocked":
            return Response(BLOCK_PAGE, 403, mimetype="text/html")
        status = int(fault.fault)
        if call == "feed":
            response = Response(f"<h1>{STATUS_WORDS[status]}</h1>", status, mimetype="text/html")
        else:
            response = _error(status).response
        if fault.retry_after is not None:
            response.headers["Retry-After"] = f"{fault.retry_after:g}"
        return response

    def check_agent(self) -> None:
        """Refuse requests without a User-Agent of their own, as Reddit does."""
        agent = request.headers.get("User-Agent", "").strip().lower()
        if not agent or agent.startswith(GENERIC_AGENTS):
            raise _error(429)

    def check_token(self) -> None:
        token = self._world.reddit_tokens.get(hashed(_bearer()))
        if token is None or token.expires_at <= self._world.now():
            raise self._invalid_token()

    def count(self) -> dict[str, str]:
        """Count the call in its fixed window of ten minutes; returns the three headers."""
        now, limit = self._world.now(), self._world.settings.reddit_window_requests
        reset = WINDOW_SECONDS - int(now) % WINDOW_SECONDS
        window = int(now) // WINDOW_SECONDS
        used = self._world.reddit_used.get(window, 0) + 1
        self._world.reddit_used = {window: used}
        headers = {
            "x-ratelimit-used": str(min(used, limit)),
            "x-ratelimit-remaining": f"{max(0, limit - used):.1f}",
            "x-ratelimit-reset": str(reset),
        }
        if used > limit:
            raise _error(429, headers=headers)
        return headers

    def _invalid_token(self) -> Refusal:
        challenge = {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'}
        return _error(401, headers=challenge)


def reddit(world: World, name: str) -> Blueprint:
    """Build the pages; ``name`` distinguishes the two places where they are served."""
    api = Blueprint(name, __name__)
    wire = Reddit(world)

    @api.post("/api/v1/access_token")
    @serving(world, wire, "token")
    def access_token() -> Response:
        wire.check_agent()
        _check_client(world)
        if request.form.get("grant_type") != "client_credentials":
            return _json({"error": "unsupported_grant_type"}, 400)
        token = f"sandbox.{secrets.token_urlsafe(32)}"
        world.reddit_tokens.put(hashed(token), RedditToken(world.now() + TOKEN_SECONDS))
        return _json(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": TOKEN_SECONDS,
                "scope": "*",
            }
        )

    @api.get("/r/<subreddit>/<any(hot, new, top, rising):order>")
    @serving(world, wire, "listing")
    def posts_of(subreddit: str, order: str) -> Response:
        wire.check_agent()
        wire.check_token()
        headers = wire.count()
        posts = _posts_of(world, subreddit)
        ordered = listing.ordered(world, posts, order, request.args.get("t", "all"))
        raw = request.args.get("raw_json") == "1"
        found = listing.paged(world, ordered, request.args, raw=raw)
        return _json(found, headers=headers)

    @api.get("/comments/<post_id>/")
    @serving(world, wire, "comments")
    def comments(post_id: str) -> Response:
        wire.check_agent()
        wire.check_token()
        headers = wire.count()
        posts = [story for story in world.stories() if story.id == post_id]
        if not posts:
            raise _error(404, headers=headers)
        raw = request.args.get("raw_json") == "1"
        post = listing.listing(world, posts, raw=raw)
        tree = comment_listing(world, posts[0], request.args, raw=raw)
        return _json([post, tree], headers=headers)

    @api.get("/api/info/")
    @serving(world, wire, "info")
    def info() -> Response:
        wire.check_agent()
        wire.check_token()
        headers = wire.count()
        wanted = request.args.get("id", "").split(",")
        posts = [story for story in world.stories() if story.fullname in wanted]
        raw = request.args.get("raw_json") == "1"
        return _json(listing.listing(world, posts, raw=raw), headers=headers)

    @api.get("/r/<subreddit>/.rss", defaults={"order": "hot"})
    @api.get("/r/<subreddit>/<any(hot, new, top, rising):order>/.rss")
    @api.get("/r/<subreddit>/<any(hot, new, top, rising):order>.rss")
    @serving(world, wire, "feed")
    def feed(subreddit: str, order: str) -> Response:
        wire.check_agent()
        posts = _posts_of(world, subreddit)
        ordered = listing.ordered(world, posts, order, request.args.get("t", "all"))
        shown = ordered[: listing.page_size(request.args)]
        return Response(atom(world, subreddit, shown), mimetype="application/atom+xml")

    @api.get("/r/<subreddit>/comments/<post_id>/")
    @api.get("/r/<subreddit>/comments/<post_id>/<slug>/")
    def human(subreddit: str, post_id: str, slug: str = "") -> Response:  # noqa: ARG001 - in the address
        posts = [story for story in _posts_of(world, subreddit) if story.id == post_id]
        return page(posts[0]) if posts else Response("No such post.", 404)

    return api


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    text = json.dumps(body)
    return Response(text, status=status, headers=headers, mimetype="application/json")


def _error(status: int, reason: str = "", headers: dict[str, str] | None = None) -> Refusal:
    body: dict[str, Any] = {"message": STATUS_WORDS[status], "error": status}
    if reason:
        body["reason"] = reason
    return Refusal(_json(body, status, headers))


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _check_client(world: World) -> None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded if scheme.lower() == "basic" else "", validate=True)
    except binascii.Error:
        given = b""
    settings = world.settings
    known = f"{settings.reddit_client_id}:{settings.reddit_client_secret}".encode()
    if not hmac.compare_digest(given, known):
        raise _error(401)


def _posts_of(world: World, subreddit: str) -> list[Story]:
    """A subreddit's posts; refuses unreadable subreddits as Reddit does."""
    name = subreddit.lower()
    if name == PRIVATE:
        raise _error(403, "private")
    if name == BANNED:
        raise _error(404, "banned")
    posts = [story for story in world.stories() if story.subreddit.lower() == name]
    if not posts:
        raise Refusal(make_response(redirect(f"/subreddits/search?q={subreddit}")))
    return posts

"""Who calls: a token, its scopes, and how many requests it has left.

Cookies are never read here, so a page of another site can't use a person's session.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import structlog
from flask import Response, g, request
from prometheus_client import Counter

from admin.auth.throttle import network
from admin.configured import limiter
from core.limiter import Limit, LimiterUnavailableError
from models import ApiToken, User
from pipelines.people import api_tokens
from pipelines.people.api_tokens import Scope

log = structlog.get_logger(__name__)

REQUESTS = Limit("api_requests", 600, 60.0)
"""Of one token."""
STRANGERS = Limit("api_strangers", 60, 60.0)
"""Requests from one address without a token that is known."""
BEARER = re.compile(r"Bearer ([A-Za-z0-9._~+/-]{1,200}=*)", re.IGNORECASE)
UNCOUNTED = Counter(
    "storymill_api_uncounted_requests_total", "Requests let through while Redis was away"
)


class RefusedError(Exception):
    """The request is refused before it is looked at.

    Attributes:
        status: of the answer.
        headers: of the answer.
    """

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class Caller:
    """The token of a request, and in whose name it acts."""

    token: ApiToken
    user: User
    name: str
    """Of the user: what decisions and the audit log say."""
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether the token has the scope, and the user's present role still allows it."""
        return scope in self.scopes and api_tokens.allows(self.user.role, scope)


def caller() -> Caller:
    """The caller of this request, behind ``identify``."""
    found: Caller = g.caller
    return found


def identify() -> None:
    """Recognize the token and count the request.

    Raises:
        RefusedError: no token, or none that is known; too many requests.
    """
    token = bearer()
    row = api_tokens.find(token) if token else None
    if row is None:
        _count(replace(STRANGERS, key=network(request.remote_addr or "")))
        problem = 'error="invalid_token"' if token else ""
        raise RefusedError(
            401,
            "This token is unknown, revoked or over. Make a new one on the page API tokens."
            if token
            else "Send a token: Authorization: Bearer sm_… (made on the page API tokens).",
            WWW_Authenticate=f'Bearer realm="Storymill"{", " if problem else ""}{problem}',
        )
    g.caller = Caller(row, row.user, row.user.name, frozenset(map(Scope, row.scopes)))
    _count(replace(REQUESTS, key=str(row.id)))


def bearer() -> str:
    """The token that the request brings; empty without one."""
    found = BEARER.fullmatch(request.headers.get("Authorization", ""))
    return found[1] if found else ""


def _count(limit: Limit) -> None:
    """Raises RefusedError when the limit is used up; g has what the headers say."""
    try:
        grant = limiter().acquire([limit], who=limit.key)
        used = limiter().usage([limit])[0].used
    except LimiterUnavailableError as error:  # the limit only protects this server
        UNCOUNTED.inc()
        log.warning("api_request_not_counted", error=str(error))
        return
    wait = max(1, round(grant.seconds + 0.5)) if not grant.granted else 0
    g.limit = (limit, max(0, limit.count - used), wait)
    if wait:
        raise RefusedError(
            429,
            f"Too many requests: {limit.count} in {limit.seconds:g} seconds are allowed. "
            f"Try again in {wait} seconds.",
            Retry_After=str(wait),
        )


def say_limit(response: Response) -> Response:
    """Say in the headers how many requests are left, as most services do."""
    if "limit" in g:
        limit, left, wait = g.limit
        response.headers["RateLimit-Limit"] = str(limit.count)
        response.headers["RateLimit-Remaining"] = str(left)
        response.headers["RateLimit-Reset"] = str(wait or int(limit.seconds))
        response.headers["RateLimit-Policy"] = f"{limit.count};w={limit.seconds:g}"
    return response


__all__ = ["Caller", "RefusedError", "bearer", "caller", "identify", "say_limit"]

"""Rate limits of outside services."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from werkzeug.exceptions import NotFound

from admin.api.caller import caller
from admin.api.models import Answer, Body
from admin.api.operation import operation
from pipelines import rate_limits
from pipelines.people.api_tokens import Scope


class LimitItem(Answer):
    """A rate limit."""

    name: str
    purpose: str
    origin: Annotated[str, Field(description="Where its default comes from.")]
    count: Annotated[int, Field(description="At most so many in any `seconds`; 0 stops all.")]
    seconds: float
    default_count: int
    default_seconds: float
    changed: bool


class LimitList(Answer):
    """All rate limits."""

    items: list[LimitItem]


class LimitFigures(Body):
    count: Annotated[int, Field(ge=0, le=rate_limits.MOST_COUNT)]
    seconds: Annotated[float, Field(ge=rate_limits.LEAST_SECONDS, le=rate_limits.MOST_SECONDS)]


@operation("GET", "/limits", Scope.READ)
def listed() -> LimitList:
    """List all rate limits."""
    return LimitList(items=[_item(limit) for limit in rate_limits.describe()])


@operation(
    "PUT",
    "/limits/<name>",
    Scope.ADMIN,
    examples={"fewer feeds": {"count": 1, "seconds": 30.0}},
)
def change(name: str, body: LimitFigures) -> LimitItem:
    """Change a rate limit. Every worker uses it within 5 seconds."""
    _known(name)
    rate_limits.set_limit(name, body.count, body.seconds, caller().name)
    return _show(name)


@operation("DELETE", "/limits/<name>", Scope.ADMIN)
def reset(name: str) -> LimitItem:
    """Give a rate limit its default again."""
    _known(name)
    rate_limits.reset_limit(name, caller().name)
    return _show(name)


def _known(name: str) -> None:
    if name not in rate_limits.LIMITS:
        raise NotFound


def _show(name: str) -> LimitItem:
    return next(_item(limit) for limit in rate_limits.describe() if limit.now.name == name)


def _item(limit: rate_limits.Described) -> LimitItem:
    return LimitItem(
        name=limit.now.name,
        purpose=limit.about.purpose,
        origin=limit.about.origin,
        count=limit.now.count,
        seconds=limit.now.seconds,
        default_count=limit.default.count,
        default_seconds=limit.default.seconds,
        changed=limit.changed,
    )

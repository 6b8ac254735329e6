"""What a TikTok webhook says: the event in a verified delivery.

Source: TikTok's "Webhooks" documents (events) of November 2026.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.errors import InputError
from models import Post


@dataclass(frozen=True, slots=True)
class Event:
    """What TikTok says has happened, to whom and when."""

    name: str
    open_id: str
    at: datetime
    publish_id: str = ""
    video_id: str = ""
    reason: str = ""
    client_key: str = ""


def read(body: bytes) -> Event:
    """The event of a verified delivery; raises InputError if it isn't one."""
    event = _json_object(body)
    name, open_id, at = (event.get(key) for key in ("event", "user_openid", "create_time"))
    if not isinstance(name, str) or not name or not isinstance(open_id, str):
        raise InputError("The event has no name or no user.")
    content = event.get("content")
    facts = _json_object(content) if isinstance(content, str) and content else content or {}
    if not isinstance(facts, dict):
        raise InputError("The event's content is not an object.")
    return Event(
        name=_clean(name),
        open_id=_clean(open_id),
        at=_moment(at),
        client_key=_text(event.get("client_key")),
        publish_id=_text(facts.get("publish_id")),
        video_id=_text(facts.get("post_id")),
        reason=_text(facts.get("reason")),
    )


def _json_object(text: str | bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InputError("The body is not a JSON object.")
    return value


def _moment(seconds: object) -> datetime:
    if type(seconds) is int and 0 < seconds < 2**33:
        return datetime.fromtimestamp(seconds, UTC)
    raise InputError("The event has no time.")


def _text(value: object) -> str:
    """A short text, or a number as text; anything else gives an empty text."""
    text = _clean(str(value)) if type(value) in {str, int} else ""
    return text if len(text) <= Post.platform_id.max_length else ""


def _clean(text: str) -> str:
    """JSON may contain NUL and lone surrogates, which PostgreSQL can't even search for."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()

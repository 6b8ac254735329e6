"""TikTok's webhooks on the wire: whether a delivery comes from TikTok, and what it says.

Source: TikTok's "Webhooks" documents (signature verification, events) of November 2026.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.errors import InputError, StorymillError
from models import Post, now

TOLERANCE_SECONDS = 300
"""How far ``t`` may differ from our clock, in either direction.

TikTok lets the receiver choose. Five minutes tolerate clocks that are slightly wrong, and leave
little time to replay a copied delivery; a replay changes nothing anyway.
"""
MOST_BYTES = 64_000
"""TikTok's events have a few hundred bytes."""
MOST_SIGNATURES = 8


class RefusedError(StorymillError):
    """A delivery that is not proven to come from TikTok.

    Attributes:
        code: ``garbled``, ``forged`` or ``old``.
    """

    def __init__(self, sentence: str, *, code: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Event:
    """What TikTok says has happened, to whom and when."""

    name: str
    open_id: str
    at: datetime
    publish_id: str = ""
    video_id: str = ""
    reason: str = ""


def verify(header: str, body: bytes, secret: str) -> None:
    """Check the signature and its age.

    Args:
        header: ``TikTok-Signature``: ``t=<seconds>,s=<hex>``; if several ``s``, one must match.
        body: the raw bytes; the signature is HMAC-SHA256 over ``t.body``.
        secret: the app's client secret.

    Raises:
        RefusedError: it is missing, garbled, wrong or too far from now.
    """
    pairs = [part.strip().partition("=")[::2] for part in header.split(",")]
    times = [value for name, value in pairs if name == "t"]
    signatures = [value for name, value in pairs if name == "s"]
    is_time = len(times) == 1 and re.fullmatch(r"[0-9]{1,12}", times[0]) is not None
    if not is_time or not 1 <= len(signatures) <= MOST_SIGNATURES:
        raise RefusedError("TikTok-Signature must be t=<seconds>,s=<signature>.", code="garbled")
    signed = hmac.new(secret.encode(), times[0].encode() + b"." + body, hashlib.sha256).hexdigest()
    fits = [hmac.compare_digest(signed.encode(), given.encode()) for given in signatures]
    if not any(fits):
        raise RefusedError("The signature does not match this body and app.", code="forged")
    if abs(now().timestamp() - int(times[0])) > TOLERANCE_SECONDS:
        raise RefusedError("The signature is too old, or a clock is wrong.", code="old")


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

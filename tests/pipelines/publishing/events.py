"""Webhooks as TikTok would send them."""

from __future__ import annotations

import json
import time
from typing import Any

from sandbox.tiktok.webhooks import signature

SECRET = "the-app's-secret"


def body(event: str, open_id: str = "open-1", at: float | None = None, **content: Any) -> bytes:
    """An event's JSON; ``content`` is a JSON text within it, as on TikTok's wire."""
    told = {
        "client_key": "key",
        "event": event,
        "create_time": int(time.time() if at is None else at),
        "user_openid": open_id,
        "content": json.dumps(content),
    }
    return json.dumps(told, separators=(",", ":")).encode()


def signed(text: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    return signature(text.decode(), secret, int(time.time() if at is None else at))

"""Webhooks as TikTok sends them."""

from __future__ import annotations

import json
import time
from typing import Any

from models import Post
from pipelines.publishing.webhooks import events
from sandbox.tiktok.webhooks import signature

SECRET = "the-app's-secret"
CLIENT_KEY = "key"


def body(event: str, open_id: str = "open-1", at: float | None = None, **content: Any) -> bytes:
    """An event's JSON; ``content`` is JSON text within it, as TikTok sends it."""
    event_json = {
        "client_key": CLIENT_KEY,
        "event": event,
        "create_time": int(time.time() if at is None else at),
        "user_openid": open_id,
        "content": json.dumps(content),
    }
    return json.dumps(event_json, separators=(",", ":")).encode()


def about(post: Post, event: str, *, at: float | None = None, **content: Any) -> bytes:
    """An event about a post, as its creator's."""
    return body(event, post.account.open_id, at, publish_id=post.publish_id, **content)


def receive(event: bytes) -> str:
    return events.receive(event, client_key=CLIENT_KEY)


def signed(text: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    return signature(text.decode(), secret, int(time.time() if at is None else at))

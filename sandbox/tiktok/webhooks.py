"""TikTok's webhooks: signed, and repeated until they are accepted (at least once)."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import TYPE_CHECKING, Any

import requests

from sandbox.records import Delivery

if TYPE_CHECKING:
    from sandbox.tiktok.creators import Creator
    from sandbox.world import World

KEPT_TRYING_SECONDS = 72 * 3_600
FAULTS = ("duplicate", "bad_signature", "lost")


def send(world: World, event: str, creator: Creator, content: dict[str, Any]) -> None:
    """Queue an event for the configured address, if there is one."""
    if not world.settings.webhook_url:
        return
    now = world.now()
    _, fault = world.faults.take("tiktok", "webhook", creator.username, only=FAULTS)
    name = fault.fault if fault else ""
    if name == "lost":
        return
    body = json.dumps(
        {
            "client_key": world.settings.tiktok_client_key,
            "event": event,
            "create_time": int(now),
            "user_openid": creator.open_id,
            "content": json.dumps(content),
        },
        separators=(",", ":"),
    )
    for _ in range(2 if name == "duplicate" else 1):
        delivery = Delivery(secrets.token_hex(8), event, body, now, now + KEPT_TRYING_SECONDS)
        delivery.spoiled = name == "bad_signature"
        world.deliveries.put(delivery.id, delivery)
    world.wake.set()


def signature(body: str, secret: str, at: int) -> str:
    """The value of ``TikTok-Signature``: HMAC-SHA256 over ``t.body``."""
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},s={digest}"


def deliver_due(world: World) -> None:
    """Try each delivery that is due; failed ones are tried again later."""
    for delivery in world.deliveries.all():
        now = world.now()
        if delivery.delivered or delivery.next_at > now or delivery.give_up_at < now:
            continue
        secret = "not-the-secret" if delivery.spoiled else world.settings.tiktok_client_secret
        delivery.attempts += 1
        delivery.delivered = _post(
            world.settings.webhook_url, delivery.body, signature(delivery.body, secret, int(now))
        )
        delivery.next_at = now + world.settings.webhook_retry_seconds * 2 ** min(
            delivery.attempts - 1, 8
        )
        world.deliveries.put(delivery.id, delivery)


def _post(url: str, body: str, signed: str) -> bool:
    headers = {"Content-Type": "application/json", "TikTok-Signature": signed}
    try:
        response = requests.post(url, data=body.encode(), headers=headers, timeout=5)
    except requests.RequestException:
        return False
    return response.ok

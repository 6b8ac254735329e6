"""Stage "webhook": sends one delivery, signed as GitHub signs.

A receiver may get a delivery twice, if its answer was lost; the delivery's number is then the same.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

import structlog
from prometheus_client import Counter

from adapters.ports import Webhook, WebhookSender
from core import db
from core.db import transaction
from core.errors import Retryable, StageError, Wait
from models import (
    AuditEntry,
    DeadLetter,
    DeliveryState,
    Job,
    WebhookDelivery,
    WebhookSubscription,
    now,
)
from pipelines.ledger import Claim
from pipelines.stages import STAGES

log = structlog.get_logger(__name__)

KEPT = timedelta(days=30)
AT_ONCE = 5000
"""Old deliveries that one run deletes."""
FAILED_IN_A_ROW = 20
"""Deliveries that fail one after the other, each after all its tries, until a webhook is off."""
STORYMILL = "storymill"
"""Who switches a webhook off by itself, in the audit log."""
DELIVERIES = Counter("storymill_webhook_deliveries_total", "Tries of outgoing webhooks", ["result"])
for _result in ("delivered", "again", "failed"):
    DELIVERIES.labels(_result)


def sign(secret: str, body: bytes) -> str:
    """The value of ``X-Hub-Signature-256``: HMAC with SHA-256, as GitHub makes it."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def deliver(delivery_id: int, claim: Claim, sender: WebhookSender) -> None:
    """Send the delivery; its row says how each try ended.

    Raises:
        Retryable: the receiver is away, or answers with another status than success.
        Permanent: its address is none on the public internet, or it asked to stop (HTTP 410).
    """
    delivery = WebhookDelivery.get_by_id(delivery_id)
    subscription = delivery.subscription
    if not subscription.enabled:
        with claim.finish():
            _ended(delivery, DeliveryState.FAILED, error="The webhook is off.")
        return
    body = delivery.payload.encode()
    webhook = Webhook(
        address=subscription.address,
        body=body,
        headers={
            "Content-Type": "application/json",
            "X-Hub-Signature-256": sign(subscription.secret, body),
            "X-Storymill-Event": delivery.event,
            "X-Storymill-Delivery": delivery.uuid,
        },
    )
    try:
        with db.closed_for_long_work():
            status = sender.send(webhook)
    except StageError as error:
        _note(delivery, claim, error)
        raise
    with claim.finish():
        _ended(
            delivery,
            DeliveryState.DELIVERED,
            attempts=delivery.attempts + 1,
            status=status,
            error="",
            delivered_at=now(),
        )
    DELIVERIES.labels("delivered").inc()


def _note(delivery: WebhookDelivery, claim: Claim, error: StageError) -> None:
    """Store how the try ended; after the last one, the delivery has failed."""
    last = claim.attempt >= STAGES[claim.stage].attempts or not isinstance(error, Retryable)
    code = error.code.removeprefix("http_")
    facts = {
        "attempts": delivery.attempts + 1,
        "status": int(code) if code.isdecimal() else None,
        "error": str(error),
    }
    with claim.step():
        if last and not isinstance(error, Wait):
            _ended(delivery, DeliveryState.FAILED, **facts)
            _switch_off_if_dead(delivery.subscription)
        else:
            WebhookDelivery.update(**facts).where(WebhookDelivery.id == delivery.id).execute()
    DELIVERIES.labels("failed" if last else "again").inc()


def _ended(delivery: WebhookDelivery, state: DeliveryState, **facts: object) -> None:
    """The delivery is in ``state`` now; after a repeat it may be so already."""
    if delivery.state == state:
        WebhookDelivery.update(**facts).where(WebhookDelivery.id == delivery.id).execute()
    else:
        delivery.move(state, **facts)


def _switch_off_if_dead(subscription: WebhookSubscription) -> None:
    newest = (
        WebhookDelivery.select(WebhookDelivery.state)
        .where(
            WebhookDelivery.subscription == subscription,
            WebhookDelivery.state != DeliveryState.WAITING,
        )
        .order_by(WebhookDelivery.id.desc())
        .limit(FAILED_IN_A_ROW)
    )
    states = [row.state for row in newest]
    if len(states) < FAILED_IN_A_ROW or set(states) != {DeliveryState.FAILED}:
        return
    WebhookSubscription.update(enabled=False).where(
        WebhookSubscription.id == subscription.id
    ).execute()
    AuditEntry.create(
        actor=STORYMILL,
        action="webhook.switch_off",
        subject=f"webhook {subscription.id}",
        reason=f"{FAILED_IN_A_ROW} deliveries failed in a row.",
    )
    log.warning("webhook_switched_off", webhook=subscription.id)


def forget_old() -> int:
    """Delete deliveries after ``KEPT``, with their jobs; how many."""
    old = WebhookDelivery.select(WebhookDelivery.id).where(
        WebhookDelivery.created_at < now() - KEPT,
        WebhookDelivery.state != DeliveryState.WAITING,
    )
    ids = [row.id for row in old.order_by(WebhookDelivery.created_at).limit(AT_ONCE)]
    with transaction():
        mine = Job.select(Job.id).where(Job.stage == "webhook", Job.subject_id.in_(ids))
        open_still = DeadLetter.job.in_(mine) & DeadLetter.resolved_at.is_null()
        DeadLetter.update(resolved_at=now(), resolution="cancelled").where(open_still).execute()
        Job.delete().where(Job.stage == "webhook", Job.subject_id.in_(ids)).execute()
        return int(WebhookDelivery.delete().where(WebhookDelivery.id.in_(ids)).execute())

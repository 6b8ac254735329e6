"""Adds, changes and removes subscriptions; the audit log records who did."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from urllib.parse import urlsplit

from core.db import transaction
from core.errors import InputError
from core.text.addresses import is_masked, shown
from models import (
    AuditEntry,
    DeliveryState,
    Job,
    JobState,
    WebhookDelivery,
    WebhookSubscription,
    locked,
)
from pipelines import ledger
from pipelines.subscriptions import events
from pipelines.subscriptions.events import WORDS

SECRET_PREFIX = "whs_"  # noqa: S105  # so that scanners for leaked secrets recognize one
MOST = 20
"""Subscriptions."""
LONGEST_ADDRESS = 500


def add(
    address: str, wanted: Collection[str], by: str, *, allowed: Collection[str] = ()
) -> tuple[WebhookSubscription, str]:
    """Add a subscription; returns it, and the secret, which is not shown again.

    Args:
        address: where events are sent.
        wanted: of ``WORDS``.
        by: who adds it.
        allowed: hosts that may be asked without TLS, as ``name`` or ``name:port``.

    Raises:
        InputError: the address or an event can't be used, or there are too many subscriptions.
    """
    address = address.strip()
    _check_address(address, allowed)
    chosen = _chosen(wanted)
    secret = SECRET_PREFIX + secrets.token_urlsafe(32)
    with transaction():
        if WebhookSubscription.select().count() >= MOST:
            raise InputError(f"There are {MOST} webhooks. Remove some first.")
        row = WebhookSubscription.create(
            place=shown(address)[:LONGEST_ADDRESS], address=address, secret=secret, events=chosen
        )
        _audit(by, "webhook.add", row.id, f"{row.place}: {', '.join(chosen)}")
    return row, secret


def change(
    subscription_id: int,
    by: str,
    *,
    wanted: Collection[str] | None = None,
    enabled: bool | None = None,
) -> WebhookSubscription:
    """Change which events are told, or switch it on or off; None leaves it.

    Raises:
        InputError: there is no such webhook, or an event is unknown.
    """
    with transaction():
        row = _locked(subscription_id)
        if wanted is not None:
            row.events = _chosen(wanted)
        if enabled is not None:
            row.enabled = enabled
        row.save(only=[WebhookSubscription.events, WebhookSubscription.enabled])
        words = f"{'on' if row.enabled else 'off'}: {', '.join(row.events)}"
        _audit(by, "webhook.change", row.id, words)
    return row


def remove(subscription_id: int, by: str) -> None:
    """Remove a webhook with its deliveries. Raises InputError when there is none."""
    with transaction():
        of_it = WebhookDelivery.select(WebhookDelivery.id).where(
            WebhookDelivery.subscription == subscription_id
        )
        mine = (Job.stage == "webhook") & Job.subject_id.in_(of_it)
        ids = [job.subject_id for job in Job.select(Job.subject_id).where(mine)]
        for job in ledger.lock_jobs((("webhook",), ids)):
            ledger.resolve_dead_letters(job.id, "cancelled")
            job.delete_instance()
        row = _locked(subscription_id)
        row.delete_instance()
        _audit(by, "webhook.remove", row.id, row.place)


def ping(subscription_id: int, by: str) -> None:
    """Send an event that only tries the way. Raises InputError."""
    with transaction():
        row = _locked(subscription_id)
        if not row.enabled:
            raise InputError("This webhook is off. Switch it on first.")
        events.ping(row)
        _audit(by, "webhook.ping", row.id, "")


def redeliver(delivery_id: int, by: str) -> None:
    """Send a delivery again, with the same number and body.

    Raises:
        InputError: there is no such delivery, or its webhook is off.
        StaleStateError: it is being sent.
    """
    with transaction():
        jobs = ledger.lock_jobs((("webhook",), (delivery_id,)))
        delivery: WebhookDelivery | None = WebhookDelivery.get_or_none(
            WebhookDelivery.id == delivery_id
        )
        if delivery is None:
            raise InputError(f"There is no delivery {delivery_id}.")
        if not delivery.subscription.enabled:
            raise InputError("This webhook is off. Switch it on first.")
        if delivery.state != DeliveryState.WAITING:
            delivery.move(DeliveryState.WAITING, error="")
        if any(job.state in {JobState.WAITING, JobState.RUNNING} for job in jobs):
            ledger.wake("webhook", delivery_id)
        else:
            ledger.enqueue("webhook", delivery_id)
        subject = delivery.subscription.id
        _audit(by, "webhook.redeliver", subject, f"delivery {delivery_id}")


def _check_address(address: str, allowed: Collection[str]) -> None:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
        parts = urlsplit("")
    known = not {host, f"{host}:{port}"}.isdisjoint(allowed)
    if not host or parts.scheme not in ({"https", "http"} if known else {"https"}):
        raise InputError("The address must be a whole one that starts with https://.")
    if parts.username or parts.password:
        raise InputError("Leave out user and password: each delivery is signed instead.")
    if is_masked(address) or not address.isprintable() or len(address) > LONGEST_ADDRESS:
        raise InputError(f"The address must be whole, with at most {LONGEST_ADDRESS} characters.")


def _chosen(wanted: Collection[str]) -> list[str]:
    if unknown := set(wanted) - set(WORDS):
        raise InputError(f"There is no event {min(unknown)}: choose from {', '.join(WORDS)}.")
    if not wanted:
        raise InputError(f"Choose at least one event: {', '.join(WORDS)}.")
    return [event for event in WORDS if event in wanted]


def _locked(subscription_id: int) -> WebhookSubscription:
    query = WebhookSubscription.select().where(WebhookSubscription.id == subscription_id)
    row: WebhookSubscription | None = locked(query).first()
    if row is None:
        raise InputError(f"There is no webhook {subscription_id}.")
    return row


def _audit(by: str, action: str, subscription_id: int, reason: str) -> None:
    subject = f"webhook {subscription_id}"
    AuditEntry.create(actor=by, action=action, subject=subject, reason=reason)

"""Outgoing webhooks: who is told about which events, and each delivery."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from peewee import (
    BooleanField,
    CharField,
    ForeignKeyField,
    IntegerField,
    TextField,
)
from playhouse.postgres_ext import BinaryJSONField, DateTimeTZField

from core.crypto import EncryptedTextField
from tables.base import Row, one_of


class WebhookSubscription(Row):
    """An address that is told about events."""

    place = CharField(max_length=500)
    """The address as it may be shown: what may be secret in it is hidden."""
    address = EncryptedTextField()
    secret = EncryptedTextField()
    """Signs every delivery."""
    events = BinaryJSONField(index=False)
    enabled = BooleanField(default=True)


class DeliveryState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class WebhookDelivery(Row):
    """One event for one subscription."""

    subscription = ForeignKeyField(WebhookSubscription, on_delete="CASCADE", index=False)
    event = CharField(max_length=40)
    uuid = CharField(max_length=36, unique=True)
    """Sent as ``X-Storymill-Delivery``; the same each time that it is repeated."""
    payload = TextField()
    """The body that is sent."""
    state = CharField(
        max_length=10,
        default=DeliveryState.WAITING,
        constraints=[one_of("state", DeliveryState)],
    )
    attempts = IntegerField(default=0)
    status = IntegerField(null=True)
    """The HTTP status of the newest answer; None if there was none."""
    error = TextField(default="")
    """Why the newest try failed, in a sentence."""
    delivered_at = DateTimeTZField(null=True)

    moves: ClassVar = {
        DeliveryState.WAITING: frozenset({DeliveryState.DELIVERED, DeliveryState.FAILED}),
        # A person sends it again.
        DeliveryState.DELIVERED: frozenset({DeliveryState.WAITING}),
        DeliveryState.FAILED: frozenset({DeliveryState.WAITING, DeliveryState.DELIVERED}),
    }

    class Meta:
        indexes = ((("subscription", "id"), False), (("created_at",), False))

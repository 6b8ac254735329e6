"""Outgoing webhooks and their deliveries."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from admin.api.caller import caller
from admin.api.listing import check, get, rows
from admin.api.models import Answer, Body, Done, Id, Line, ListQuery, Moment, Page
from admin.api.operation import operation
from admin.configured import settings
from models import DeliveryState, WebhookDelivery, WebhookSubscription
from pipelines.people.api_tokens import Scope
from pipelines.subscriptions import subscriptions

Event = Literal["story.waiting", "video.ready", "post.published", "post.failed", "account.paused"]
"""A test compares them with ``subscriptions.events.WORDS``."""


class WebhookItem(Answer):
    """A webhook."""

    id: Id
    place: Annotated[str, Field(description="Its address; what may be secret in it is hidden.")]
    events: list[str]
    enabled: bool
    created_at: Moment


class NewWebhookItem(WebhookItem):
    """A webhook that was just added."""

    secret: Annotated[str, Field(description="Signs each delivery. It is not shown again.")]


class WebhookPage(Page[WebhookItem]):
    """One page of webhooks, newest first."""


class DeliveryItem(Answer):
    """One event for one webhook."""

    id: Id
    event: str
    uuid: Annotated[str, Field(description="Sent as X-Storymill-Delivery.")]
    state: DeliveryState
    attempts: int
    status: Annotated[int | None, Field(description="HTTP status of the newest answer.")]
    error: str
    payload: Annotated[dict[str, Any], Field(description="The body that is sent.")]
    delivered_at: Moment | None
    created_at: Moment


class DeliveryPage(Page[DeliveryItem]):
    """One page of deliveries, newest first."""


class NewWebhook(Body):
    address: Annotated[Line, Field(min_length=1, description="Starts with https://.")]
    events: Annotated[list[Event], Field(min_length=1)]


class WebhookEdit(Body):
    events: Annotated[list[Event] | None, Field(min_length=1)] = None
    enabled: bool | None = None


@operation("GET", "/webhooks", Scope.ADMIN)
def listed(query: ListQuery) -> WebhookPage:
    """List webhooks."""
    columns = (getattr(WebhookSubscription, name) for name in WebhookItem.model_fields)
    found = WebhookSubscription.select(*columns)
    page, following = rows(found, WebhookSubscription.id, query)
    return WebhookPage(items=[WebhookItem.model_validate(row) for row in page], next=following)


@operation(
    "POST",
    "/webhooks",
    Scope.ADMIN,
    status=201,
    examples={
        "two events": {
            "address": "https://example.com/storymill",
            "events": ["story.waiting", "post.failed"],
        }
    },
)
def add(body: NewWebhook) -> NewWebhookItem:
    """Add a webhook. The answer has its secret, once."""
    row, secret = subscriptions.add(
        body.address, body.events, caller().name, allowed=settings().allowed_hosts
    )
    return NewWebhookItem(**_item(row.id).model_dump(), secret=secret)


@operation(
    "PATCH",
    "/webhooks/<int:webhook_id>",
    Scope.ADMIN,
    examples={"off": {"enabled": False}, "other events": {"events": ["post.published"]}},
)
def edit(webhook_id: int, body: WebhookEdit) -> WebhookItem:
    """Change a webhook's events, or switch it on or off."""
    check(WebhookSubscription, webhook_id)
    subscriptions.change(webhook_id, caller().name, wanted=body.events, enabled=body.enabled)
    return _item(webhook_id)


@operation("DELETE", "/webhooks/<int:webhook_id>", Scope.ADMIN)
def remove(webhook_id: int) -> Done:
    """Remove a webhook with its deliveries."""
    check(WebhookSubscription, webhook_id)
    subscriptions.remove(webhook_id, caller().name)
    return Done(done="Webhook removed.")


@operation("POST", "/webhooks/<int:webhook_id>/ping", Scope.ADMIN)
def ping(webhook_id: int) -> Done:
    """Send a test to a webhook."""
    check(WebhookSubscription, webhook_id)
    subscriptions.ping(webhook_id, caller().name)
    return Done(done="A test is being sent.")


@operation("GET", "/webhooks/<int:webhook_id>/deliveries", Scope.ADMIN)
def deliveries(webhook_id: int, query: ListQuery) -> DeliveryPage:
    """List a webhook's deliveries of the last 30 days."""
    check(WebhookSubscription, webhook_id)
    found = WebhookDelivery.select().where(WebhookDelivery.subscription == webhook_id)
    page, following = rows(found, WebhookDelivery.id, query)
    return DeliveryPage(items=[_delivery(row) for row in page], next=following)


@operation("POST", "/deliveries/<int:delivery_id>/redeliver", Scope.ADMIN)
def redeliver(delivery_id: int) -> DeliveryItem:
    """Send a delivery again, with the same number and body."""
    check(WebhookDelivery, delivery_id)
    subscriptions.redeliver(delivery_id, caller().name)
    return _delivery(get(WebhookDelivery, delivery_id))


def _item(webhook_id: int) -> WebhookItem:
    return WebhookItem.model_validate(get(WebhookSubscription, webhook_id))


def _delivery(row: Any) -> DeliveryItem:
    names = DeliveryItem.model_fields.keys() - {"payload"}
    return DeliveryItem(
        **{name: getattr(row, name) for name in names}, payload=json.loads(row.payload)
    )

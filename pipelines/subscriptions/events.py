"""The events that others can be told about.

``announce`` stores a delivery for each subscription, and its job, in the transaction of what
happened. So an event is told if and only if it happened, whatever crashes afterwards.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any
from uuid import uuid4

from models import (
    Account,
    Part,
    Post,
    Script,
    Story,
    Video,
    WebhookDelivery,
    WebhookSubscription,
    now,
)
from pipelines import ledger


class EventName(StrEnum):
    """What happened."""

    STORY_WAITING = "story.waiting"
    VIDEO_READY = "video.ready"
    POST_PUBLISHED = "post.published"
    POST_FAILED = "post.failed"
    ACCOUNT_PAUSED = "account.paused"
    PING = "ping"


WORDS = {
    EventName.STORY_WAITING: "a new story waits for approval, or is flagged",
    EventName.VIDEO_READY: "a video is finished and approved: its posts are scheduled",
    EventName.POST_PUBLISHED: "a post is out",
    EventName.POST_FAILED: "a post failed or needs attention",
    EventName.ACCOUNT_PAUSED: "an account was paused, by a person or by itself",
}
"""The events that can be subscribed to. A ping only tries the way."""


def story_waiting(story: Story) -> None:
    """The story has just begun to wait for a decision; in that transaction."""
    _announce(
        EventName.STORY_WAITING,
        "stories",
        story.id,
        {"title": story.title, "state": str(story.state), "reason": story.reason},
    )


def video_ready(video: Video) -> None:
    """The video is ready, and approved if that is asked; in that transaction."""
    if _told(EventName.VIDEO_READY):
        part: Any = Part.select(Part.number, Part.of, Script.title, Script.story)
        row = part.join(Script).where(Part.id == video.part).namedtuples().get()
        about = {"story_id": row.story, "title": row.title, "number": row.number, "of": row.of}
        _announce(EventName.VIDEO_READY, "videos", video.id, about | {"seconds": video.seconds})


def post_published(post_id: int) -> None:
    """The post has just become published; in that transaction."""
    _of_post(EventName.POST_PUBLISHED, post_id)


def post_failed(post_id: int, reason: str) -> None:
    """The post has just failed, or needs attention; in that transaction."""
    _of_post(EventName.POST_FAILED, post_id, reason=reason)


def account_paused(account_id: int, reason: str) -> None:
    """The account was just paused; in that transaction."""
    if _told(EventName.ACCOUNT_PAUSED):
        name = Account.select(Account.name).where(Account.id == account_id).scalar()
        _announce(
            EventName.ACCOUNT_PAUSED, "accounts", account_id, {"name": name, "reason": reason}
        )


def ping(subscription: WebhookSubscription) -> None:
    """Try the way to one subscription; in a transaction."""
    _store(subscription, EventName.PING, {"events": subscription.events})


def _of_post(event: EventName, post_id: int, **more: str) -> None:
    if not _told(event):
        return
    columns: Any = Post.select(
        Post.account, Post.state, Post.address, Post.title, Account.name.alias("account_name")
    )
    row = columns.join(Account).where(Post.id == post_id).namedtuples().get()
    about = {
        "title": row.title,
        "state": row.state,
        "account_id": row.account,
        "account": row.account_name,
        "address": row.address,
    }
    _announce(event, "posts", post_id, about | more)


def _told(event: EventName) -> list[WebhookSubscription]:
    """The subscriptions to the event. There are few of them."""
    columns = (WebhookSubscription.id, WebhookSubscription.events)
    enabled = WebhookSubscription.select(*columns).where(WebhookSubscription.enabled)
    return [row for row in enabled.order_by(WebhookSubscription.id) if event in row.events]


def _announce(event: EventName, kind: str, row_id: int, about: dict[str, Any]) -> None:
    for subscription in _told(event):
        _store(subscription, event, {"id": row_id, "api": f"/api/v1/{kind}/{row_id}", **about})


def _store(subscription: WebhookSubscription, event: EventName, about: dict[str, Any]) -> None:
    number = str(uuid4())
    body = {"event": event, "delivery": number, "at": now().isoformat(), "data": about}
    delivery = WebhookDelivery.create(
        subscription=subscription,
        event=event,
        uuid=number,
        payload=json.dumps(body, ensure_ascii=False),
    )
    ledger.enqueue("webhook", delivery.id)

"""What outgoing webhooks send, as types, for the OpenAPI document.

``pipelines/subscriptions/events.py`` writes these bodies; a test compares the two.
"""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from admin.api.models import Id, Moment
from models import PostState, StoryState
from pipelines.subscriptions.events import WORDS, EventName


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RowSent(_Sent):
    """What an event is about."""

    id: Id
    api: Annotated[str, Field(description="Where the API has it.")]


class StorySent(RowSent):
    title: str
    state: StoryState
    reason: Annotated[str, Field(description="Why it is flagged; else empty.")]


class VideoSent(RowSent):
    story_id: Id
    title: str
    number: Annotated[int, Field(description="Which part of the story.")]
    of: int
    seconds: float


class PostSent(RowSent):
    title: str
    state: PostState
    account_id: Id
    account: str
    address: Annotated[str, Field(description="Its public address; empty if unknown.")]


class FailedPostSent(PostSent):
    reason: str


class AccountSent(RowSent):
    name: str
    reason: str


class PingSent(_Sent):
    events: Annotated[list[str], Field(description="What the webhook is told about.")]


Data = TypeVar("Data", bound=BaseModel)
Event = TypeVar("Event", bound=str)


class Delivery(_Sent, Generic[Event, Data]):
    """The body of a webhook."""

    event: Event
    delivery: Annotated[str, Field(description="The same when the delivery is repeated.")]
    at: Moment
    data: Data


BODIES: dict[EventName, type[BaseModel]] = {
    EventName.STORY_WAITING: Delivery[Literal["story.waiting"], StorySent],
    EventName.VIDEO_READY: Delivery[Literal["video.ready"], VideoSent],
    EventName.POST_PUBLISHED: Delivery[Literal["post.published"], PostSent],
    EventName.POST_FAILED: Delivery[Literal["post.failed"], FailedPostSent],
    EventName.ACCOUNT_PAUSED: Delivery[Literal["account.paused"], AccountSent],
    EventName.PING: Delivery[Literal["ping"], PingSent],
}
SUMMARIES = {**WORDS, EventName.PING: "somebody asked for a trial delivery"}
HEADERS = {
    "X-Hub-Signature-256": "`sha256=` and the HMAC of the body with SHA-256, under the webhook's "
    "secret.",
    "X-Storymill-Event": "The event, as in the body.",
    "X-Storymill-Delivery": "The delivery's number, as in the body.",
}
ANSWERS = {
    "2XX": "Received. Answer within 10 seconds, and do the work afterwards.",
    "410": "Not wanted any longer: it is not tried again.",
    "default": "Tried again, 14 times within about nine hours.",
}

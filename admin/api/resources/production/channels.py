"""Channels: how stories look and sound."""

from __future__ import annotations

from typing import Annotated, Any

from flask import current_app
from pydantic import Field

from adapters.ports import Voices
from admin.api.caller import caller
from admin.api.listing import get, rows
from admin.api.models import Answer, Body, Done, Id, Line, ListQuery, Moment, Page
from admin.api.operation import operation
from admin.configured import settings
from core.errors import ConfigurationError
from models import Channel, SplitBy, Tone
from pipelines.people.api_tokens import Scope
from pipelines.production import channels


class ChannelItem(Answer):
    """A channel. An empty field falls back to the settings."""

    id: Id
    name: str
    tone: Tone
    voice: str
    quote_voice: Annotated[str, Field(description="Speaks quotations; empty: the narrator does.")]
    pronunciations: Annotated[
        list[list[str]], Field(description="Pairs: a word, and how it is said.")
    ]
    words_per_minute: int | None
    split_by: SplitBy
    part_seconds_min: int | None
    part_seconds_max: int | None
    caption_style: dict[str, str | int | bool | None]
    background: str
    music: str
    created_at: Moment


class ChannelPage(Page[ChannelItem]):
    """One page of channels, newest first."""


class ChannelEdit(Body):
    """What is left out stays, or has its default."""

    name: Line | None = None
    tone: Annotated[Tone | None, Field(strict=False)] = None
    voice: Line | None = None
    quote_voice: Line | None = None
    pronunciations: Annotated[
        list[Annotated[list[Line], Field(min_length=2, max_length=2)]] | None,
        Field(max_length=500),
    ] = None
    words_per_minute: int | None = None
    split_by: Annotated[SplitBy | None, Field(strict=False)] = None
    part_seconds_min: int | None = None
    part_seconds_max: int | None = None
    caption_style: dict[str, str | int | bool | None] | None = None
    background: Line | None = None
    music: Line | None = None


class NewChannel(ChannelEdit):
    """A new channel."""

    name: Annotated[Line, Field(min_length=1)]


@operation("GET", "/channels", Scope.READ)
def listed(query: ListQuery) -> ChannelPage:
    """List channels."""
    page, following = rows(Channel.select(), Channel.id, query)
    return ChannelPage(items=[ChannelItem.model_validate(row) for row in page], next=following)


@operation("GET", "/channels/<int:channel_id>", Scope.READ)
def show(channel_id: int) -> ChannelItem:
    """Read a channel."""
    return _item(channel_id)


@operation(
    "POST",
    "/channels",
    Scope.SOURCES,
    status=201,
    examples={"a calm one": {"name": "Evening", "tone": "warm", "words_per_minute": 160}},
)
def add(body: NewChannel) -> ChannelItem:
    """Add a channel."""
    return _saved(None, Channel(), body)


@operation(
    "PATCH",
    "/channels/<int:channel_id>",
    Scope.SOURCES,
    examples={"slower": {"words_per_minute": 150}},
)
def edit(channel_id: int, body: ChannelEdit) -> ChannelItem:
    """Change a channel. It applies to what is produced from now on."""
    return _saved(channel_id, get(Channel, channel_id), body)


@operation("DELETE", "/channels/<int:channel_id>", Scope.SOURCES)
def remove(channel_id: int) -> Done:
    """Remove a channel that no source uses."""
    get(Channel, channel_id)
    return Done(done=f"{channels.remove(channel_id, caller().name)} removed.")


def _saved(channel_id: int | None, before: Any, body: ChannelEdit) -> ChannelItem:
    names = ChannelEdit.model_fields.keys()
    chosen = {name: getattr(before, name) for name in names}
    chosen |= {name: getattr(body, name) for name in body.model_fields_set}
    kept = {"tone", "split_by", "pronunciations", "caption_style"}
    for name in names:  # null gives back the default
        if chosen[name] is None:
            chosen[name] = getattr(Channel(), name) if name in kept else ""
    return _item(channels.save(channel_id, chosen, caller().name, _offer()).id)


def _offer() -> channels.Offer:
    voices: Voices | None = current_app.extensions["voices"]
    if voices is None:
        raise ConfigurationError("This back office was started without voices.")
    config = settings()
    return channels.Offer(voices, config.background_dir, config.music_dir)


def _item(channel_id: int) -> ChannelItem:
    return ChannelItem.model_validate(get(Channel, channel_id))

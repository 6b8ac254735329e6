"""Rows that stages start from, and the claim of a worker."""

from __future__ import annotations

from typing import Any

from adapters.ports import FetchedStory
from core.db import transaction
from models import Part, Script, Source, SourceKind, Story, StoryState
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.production.production_settings import ProductionSettings

TALE = (
    (
        "My grandmother left me a piano that nobody could tune. Every tuner in town had tried it, "
        "and every one had gone home shaking his head."
    ),
    (
        "Then a boy of ten sat down and played it as it was. He said that the piano was not out of "
        "tune at all; it only knew other songs. We kept him for dinner."
    ),
)
"""Two paragraphs of English that are already narratable."""

STUDIO = ProductionSettings(voice="espeak:en-us", words_per_minute=170, target_seconds=(60, 90))


def a_source(**fields: Any) -> Source:
    row = {"name": f"source {Source.select().count() + 1}", "kind": SourceKind.SUBREDDIT}
    return Source.create(**row | {"place": "sandboxstories", "min_words": 5} | fields)


def a_post(external_id: str = "reddit:t3_1", **fields: Any) -> FetchedStory:
    row: dict[str, Any] = {
        "title": "The piano that knew other songs",
        "body": "\n\n".join(TALE),
        "score": 50,
    }
    return FetchedStory(external_id=external_id, **row | {"place": "sandboxstories"} | fields)


def a_story(state: StoryState = StoryState.WAITING, **fields: Any) -> Story:
    number = Story.select().count() + 1
    row = {
        "external_id": f"reddit:t3_{number}",
        "place": "sandboxstories",
        "title": f"The piano that knew other songs {number}",
        "body": "\n\n".join(TALE),
        "narratable_title": f"The piano that knew other songs {number}",
        "narratable_text": "\n\n".join(TALE).replace(". ", ".\n"),
        "language": "en",
        "words": len(" ".join(TALE).split()),
    }
    source = fields.pop("source", None) or Source.get_or_none() or a_source()
    return Story.create(source=source, state=state, **row | fields)


def a_part(text: str = "The lamp went out. I lit it again.", **fields: Any) -> Part:
    story = a_story(StoryState.SCRIPTED)
    script = Script.create(
        story=story,
        title="The lamp",
        hook="Listen to this.",
        call_to_action="What do you think?",
        hashtags=["storytime"],
        written_by="rules",
    )
    row = {"number": 1, "of": 1, "hook": script.hook, "call_to_action": script.call_to_action}
    return Part.create(script=script, text=text, **row | fields)


def claimed(stage: str, subject_id: int, *, request_id: str = "request") -> Claim:
    """A claim on the stage's job, which is created if there is none."""
    with transaction():
        ledger.enqueue(stage, subject_id, request_id=request_id)
    claim = ledger.claim(stage, subject_id, "worker")
    assert claim is not None
    return claim

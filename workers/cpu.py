"""Stages that use the processor: text, sound, captions."""

from __future__ import annotations

from core import settings
from pipelines.production.captions.caption import caption as caption_part
from pipelines.production.narration.narrate import narrate as narrate_part
from pipelines.stories.prepare import prepare as prepare_story
from workers import wiring
from workers.stage_actor import claim, stage_actor


@stage_actor
def prepare(story_id: int) -> None:
    prepare_story(story_id, claim(), second_judge=bool(settings.current().safety_model))


@stage_actor
def narrate(part_id: int) -> None:
    narrate_part(part_id, claim(), wiring.synthesizer, wiring.media(), wiring.production_settings())


@stage_actor
def caption(part_id: int) -> None:
    caption_part(part_id, claim(), wiring.media(), wiring.production_settings())

"""Stages that wait for other machines."""

from __future__ import annotations

from core import settings
from pipelines.production.fetch import fetch as fetch_stories
from pipelines.production.script import BATCH, write_scripts
from pipelines.publishing.publish import confirm as confirm_post
from pipelines.publishing.publish import publish as publish_post
from workers import wiring
from workers.stage_actor import claim, lease, stage_actor

SPOKEN_SHARE = 0.95
"""Pauses between sentences slow the set pace down: espeak-ng says 164 words a minute of 170."""


@stage_actor
def fetch(source_id: int) -> None:
    fetch_stories(source_id, claim(), wiring.story_source)


@stage_actor
def script(_story_id: int) -> None:
    config = settings.current()
    fresh = claim().attempt == 1
    write_scripts(
        lease().claim_more(BATCH - 1) if fresh else lease().claims(),
        wiring.writer(),
        words_per_minute=round(config.words_per_minute * SPOKEN_SHARE),
        target_seconds=(config.part_seconds_min, config.part_seconds_max),
    )


@stage_actor
def publish(post_id: int) -> None:
    publish_post(post_id, claim(), wiring.outside())


@stage_actor
def confirm(post_id: int) -> None:
    confirm_post(post_id, claim(), wiring.outside())

"""The stage that renders videos."""

from __future__ import annotations

from core import settings
from pipelines import handover
from pipelines.production.render.render import render as render_part
from workers import wiring
from workers.stage_actor import claim, stage_actor


@stage_actor
def render(part_id: int) -> None:
    config = settings.current()
    render_part(
        part_id,
        claim(),
        wiring.renderer(),
        wiring.backgrounds(),
        wiring.media(),
        music=wiring.music(),
        defaults=wiring.production_settings(),
        review=config.review_videos,
        when_ready=handover.video_is_ready,
    )

"""A captioned part becomes a video; what the same inputs made before is taken again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from adapters.ports import Backgrounds, RenderedVideo, Renderer, RenderPlan
from core import db
from core.errors import DiskFull
from core.storage import LEAST_FREE_BYTES, MediaStore, content_key
from models import Caption, Narration, Part, Video, VideoState
from pipelines.ledger import Claim
from pipelines.publishing import schedule

COVER_AT = 0.7
"""The cover shows the title card: by then it has faded in."""


def render(
    part_id: int,
    claim: Claim,
    renderer: Renderer,
    backgrounds: Backgrounds,
    media: MediaStore,
    *,
    review: bool,
) -> None:
    """Make the part's video; ready for posting, or for a person's look when ``review`` is on."""
    part = Part.get_by_id(part_id)
    narration = Narration.get(Narration.part == part)
    captions = Caption.get(Caption.part == part)
    seed = int(content_key(part.script.story.external_id, part.number)[:8], 16)
    with db.closed_for_long_work():
        if media.free_bytes() < LEAST_FREE_BYTES:
            raise DiskFull(str(media.folder))
        background = backgrounds.choose(seed, narration.seconds)
        key = content_key("video/1", narration.key, captions.key, background.path.name, seed)
        plan = RenderPlan(
            narration=Path(narration.path),
            seconds=narration.seconds,
            subtitles=Path(captions.ass_path),
            output=media.path("video", key, ".mp4"),
            cover=media.path("video", key, ".jpg"),
            cover_at=COVER_AT,
            background=background.path,
            background_start=background.start,
        )
        made = _known(plan) or _render(plan, renderer, claim, media)
    with claim.finish():
        Video.insert(
            part=part,
            key=key,
            path=str(made.path),
            cover_path=str(made.cover),
            seconds=made.seconds,
            size_bytes=made.size_bytes,
            loudness=made.loudness,
            true_peak=made.true_peak,
            state=VideoState.REVIEW if review else VideoState.READY,
        ).on_conflict(
            conflict_target=[Video.part],
            preserve=[
                Video.key,
                Video.path,
                Video.cover_path,
                Video.seconds,
                Video.size_bytes,
                Video.loudness,
                Video.true_peak,
            ],
        ).execute()
        video = Video.get(Video.part == part)
        if video.state == VideoState.READY:
            schedule.plan(video, request_id=claim.request_id)


def _known(plan: RenderPlan) -> RenderedVideo | None:
    """The video that a crashed run finished; its sheet is written last."""
    sheet = plan.output.with_suffix(".json")
    if not (sheet.is_file() and plan.output.is_file() and plan.cover.is_file()):
        return None
    made = json.loads(sheet.read_text())
    return RenderedVideo(path=plan.output, cover=plan.cover, **made)


def _render(plan: RenderPlan, renderer: Renderer, claim: Claim, media: MediaStore) -> RenderedVideo:
    made = renderer.render(plan, claim.progress)
    measured = {k: v for k, v in asdict(made).items() if k not in {"path", "cover"}}
    media.write(plan.output.with_suffix(".json"), json.dumps(measured))
    return made

"""A captioned part becomes a video; what the same inputs made before is taken again."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
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
    music: tuple[Path, ...],
    review: bool,
) -> None:
    """Make the part's video; ready for posting, or for a person's look when ``review`` is on.

    Background and ``music`` are chosen by a seed of the story's, so that a repeat is the same.
    """
    part = Part.get_by_id(part_id)
    narration = Narration.get(Narration.part == part)
    captions = Caption.get(Caption.part == part)
    seed = int(content_key(part.script.story.external_id, part.number)[:8], 16)
    with db.closed_for_long_work():
        if media.free_bytes() < LEAST_FREE_BYTES:
            raise DiskFull(str(media.folder))
        background = backgrounds.choose(seed, narration.seconds)
        tune = music[seed % len(music)] if music else None
        made_of = (narration.key, captions.key, background.path.name, tune and tune.name, seed)
        key = content_key("video/1", *made_of)
        made = _known(media, key)
        if made is None:
            with media.workshop() as folder:
                plan = RenderPlan(
                    narration=Path(narration.path),
                    seconds=narration.seconds,
                    subtitles=Path(captions.ass_path),
                    output=folder / "video.mp4",
                    cover=folder / "cover.jpg",
                    cover_at=COVER_AT,
                    background=background.path,
                    background_start=background.start,
                    music=tune,
                )
                made = _keep(media, key, renderer.render(plan, claim.progress))
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


def _known(media: MediaStore, key: str) -> RenderedVideo | None:
    """The video with this key, if it is whole: its sheet is written last."""
    video, cover, sheet = _places(media, key)
    if not (video.is_file() and cover.is_file() and sheet.is_file()):
        return None
    return RenderedVideo(path=video, cover=cover, **json.loads(sheet.read_text()))


def _keep(media: MediaStore, key: str, made: RenderedVideo) -> RenderedVideo:
    if known := _known(media, key):
        return known
    video, cover, sheet = _places(media, key)
    made.cover.replace(cover)
    made.path.replace(video)
    measured = {k: v for k, v in asdict(made).items() if k not in {"path", "cover"}}
    media.write(sheet, json.dumps(measured))
    return replace(made, path=video, cover=cover)


def _places(media: MediaStore, key: str) -> tuple[Path, Path, Path]:
    video, cover, sheet = (media.path("video", key, end) for end in (".mp4", ".jpg", ".json"))
    return video, cover, sheet

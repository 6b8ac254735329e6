"""Stage "render": makes a video from a captioned part, or reuses one with the same inputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path

import structlog

from adapters.ports import Backgrounds, Encoding, Music, RenderedVideo, Renderer, RenderPlan
from core import db
from core.errors import DiskFull, Permanent, Retryable, StageError, Wait
from core.files.storage import LEAST_FREE_BYTES, MediaStore, content_key
from models import (
    Caption,
    Job,
    JobState,
    Narration,
    Part,
    Script,
    Video,
    VideoState,
    locked,
)
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.production.narration import narration_cache
from pipelines.production.production_settings import ProductionSettings
from pipelines.production.render import stored_video, video_numbers
from pipelines.stages import PART_STAGES, STAGES

log = structlog.get_logger(__name__)

COVER_AT = 0.7
"""Second of the cover frame: it shows the title card."""
LOST_SECONDS = 15.0
"""Pause while an earlier stage makes its lost file again."""


def render(
    part_id: int,
    claim: Claim,
    renderer: Renderer,
    backgrounds: Backgrounds,
    media: MediaStore,
    *,
    music: Music,
    defaults: ProductionSettings,
    review: bool,
    when_ready: Callable[[Video, str], None],
) -> None:
    """Make the part's video; it is then ready to post, or in review if ``review`` is on.

    ``when_ready`` is called inside the stage's last transaction, with a video that is ready and
    its request id.

    Background and music are chosen by the video's number, so a repeat gives the same video. If the
    narration or the captions were lost on disk, or are of other words than the part has now, their
    stage runs again, and then this one.

    Raises:
        Retryable: an earlier stage runs again.
        Permanent: what earlier stages made is lost again and again.
    """
    part = Part.get_by_id(part_id)
    narration = Narration.get(Narration.part == part)
    captions = Caption.get(Caption.part == part)
    outdated = _outdated(part, narration, captions)
    with db.closed_for_long_work():
        lost = None if outdated else _lost(narration, captions, media)
    if outdated:
        raise _made_again(outdated, "is of other words than the part has now", part, claim)
    if lost:
        raise _made_again(lost, "is missing or damaged", part, claim)
    production = defaults.of(part.script.story)
    scene = video_numbers.number_of(part, "background", production.background)
    tune_number = video_numbers.number_of(part, "music", production.music)
    with db.closed_for_long_work():
        background = backgrounds.choose(production.background, scene, narration.seconds)
        tune = music.choose(production.music, tune_number)
        key = content_key(
            "video/3",
            narration.key,
            captions.key,
            background.name,
            tune.name if tune else None,
            renderer.identity,
        )
        made = _known(media, key)
        if made is None:
            with (
                media.workshop() as folder,
                background.ready(claim.progress) as footage,
                tune.ready(claim.progress) if tune else nullcontext() as music_path,
            ):
                if media.free_bytes() < LEAST_FREE_BYTES:
                    raise DiskFull(str(media.folder))
                plan = RenderPlan(
                    narration=media.at(narration.path),
                    seconds=narration.seconds,
                    subtitles=media.at(captions.ass_path),
                    output=folder / "video.mp4",
                    cover=folder / "cover.jpg",
                    cover_at=COVER_AT,
                    background=footage.path,
                    background_start=footage.start,
                    music=music_path,
                    music_loops=tune is not None and tune.loops,
                )
                made = _keep(media, key, renderer.render(plan, claim.progress))
    with claim.finish():
        locked(Script.select(Script.id).where(Script.id == part.script.id)).get()
        if not _is_current(narration, captions):
            ledger.enqueue(claim.stage, part.id, request_id=claim.request_id)
            return
        video = stored_video.store(part, key, made, media, review=review)
        if video.state == VideoState.READY:
            when_ready(video, claim.request_id)


def _made_again(stage: str, fault: str, part: Part, claim: Claim) -> StageError:
    """Have the earlier stage run again; returns what to raise.

    Each time uses up an attempt: a disk may lose or damage each new file, too.
    """
    busy = Job.select().where(
        Job.stage.in_(PART_STAGES),
        Job.stage != claim.stage,
        Job.subject_id == part.id,
        Job.state.in_((JobState.WAITING, JobState.RUNNING)),
    )
    if busy.exists():
        return Wait(f"The stage {stage} runs again, because its file {fault}.", after=LOST_SECONDS)
    why = f"The file of the stage {stage} {fault}"
    if claim.attempt >= STAGES[claim.stage].attempts:
        return Permanent(
            f"{why}, although it ran again {claim.attempt - 1} times: check the disk with "
            "MEDIA_DIR, then retry it.",
            code="input_lost",
        )
    log.warning("render.input_unusable", begins_again=stage)
    with claim.step():
        ledger.enqueue(stage, part.id, request_id=claim.request_id)
    return Retryable(f"{why}: that stage runs again.", code="input_lost", after=LOST_SECONDS)


def _outdated(part: Part, narration: Narration, captions: Caption) -> str | None:
    """The stage whose result is not of the part's present words, after another hook was chosen."""
    if [word for word, *_ in narration.words] != part.spoken.split():
        return "narrate"
    return None if captions.narration_key == narration.key else "caption"


def _is_current(narration: Narration, captions: Caption) -> bool:
    """Whether neither was made again while the video was rendered."""
    sound = Narration.select().where(Narration.id == narration.id, Narration.key == narration.key)
    shown = Caption.select().where(Caption.id == captions.id, Caption.key == captions.key)
    return bool(sound.exists() and shown.exists())


def _lost(narration: Narration, captions: Caption, media: MediaStore) -> str | None:
    """The stage whose file is missing or damaged and must be made again; None if all is intact."""
    if not narration_cache.is_whole(narration, media):
        return "narrate"
    return None if media.at(captions.ass_path).is_file() else "caption"


def _known(media: MediaStore, key: str) -> RenderedVideo | None:
    """The video with this key, if complete: its JSON file is written last."""
    video, cover, sheet = _places(media, key)
    if not (video.is_file() and cover.is_file() and sheet.is_file()):
        return None
    measured = json.loads(sheet.read_text())
    encoding = Encoding(**measured.pop("encoding"))
    return RenderedVideo(path=video, cover=cover, encoding=encoding, **measured)


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

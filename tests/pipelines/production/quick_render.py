"""Renders in which only the encoder is replaced: by one that writes a few bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from adapters.ports import (
    Background,
    Backgrounds,
    Encoding,
    Footage,
    Progress,
    RenderedVideo,
    RenderPlan,
    Tune,
)
from core.files.storage import MediaStore
from models import (
    Caption,
    Narration,
    Part,
)
from pipelines import handover
from pipelines.ledger import Claim
from pipelines.production.production_settings import ProductionSettings
from pipelines.production.render.render import render
from tests.pipelines.production.making import STUDIO, claimed


@dataclass
class QuickRenderer:
    """Writes a few bytes where a video would be, and remembers the plans."""

    plans: list[RenderPlan] = field(default_factory=list)
    identity: str = "quick"

    def render(self, plan: RenderPlan, progress: Progress | None = None) -> RenderedVideo:  # noqa: ARG002  # the Protocol's
        self.plans.append(plan)
        plan.output.write_bytes(b"video")
        plan.cover.write_bytes(b"cover")
        encoding = Encoding(self.identity, "It is quick.", vmaf=91.5)
        return RenderedVideo(
            plan.output, plan.cover, plan.seconds, 1080, 1920, 5, -14.0, -1.5, encoding
        )


@dataclass
class NumberedBackgrounds:
    """Returns the requested mood and number."""

    asked: list[str] = field(default_factory=list)

    def choose(self, mood: str, number: int, seconds: float) -> Background:  # noqa: ARG002  # the Protocol's
        self.asked.append(f"{mood}/{number}")
        return Sea(f"{mood}/{number}")


@dataclass
class Sea:
    name: str

    @contextmanager
    def ready(self, _progress: Progress) -> Iterator[Footage]:
        yield Footage(Path("/clips/sea.mp4"), start=2.0)


@dataclass
class Calm:
    name: str
    loops: bool = False

    @contextmanager
    def ready(self, _progress: Progress) -> Iterator[Path]:
        yield Path("/music/calm.mp3")


@dataclass
class OneTune:
    tune: Tune | None = None
    asked: list[str] = field(default_factory=list)

    def choose(self, mood: str, number: int) -> Tune | None:
        self.asked.append(f"{mood}/{number}")
        return self.tune


def captioned(part: Part, media: MediaStore) -> None:
    """Store a narration and captions without words, on disk and in the database."""
    sound = media.path("narration", "n", ".wav")
    sound.write_bytes(b"sound")
    sheet = {"seconds": 3, "timed_by": "synthesizer", "words": []}
    sheet["sha256"] = sha256(b"sound").hexdigest()
    media.path("narration", "n", ".json").write_text(json.dumps(sheet))
    captions = media.path("captions", "c", ".ass")
    captions.write_text("")
    Narration.create(
        part=part, key="n", path=media.name(sound), seconds=3, voice="", timed_by="synthesizer",
        words=[[word, 0, 0] for word in part.spoken.split()],
    )  # fmt: skip
    Caption.create(
        part=part, key="c", narration_key="n", ass_path=media.name(captions), srt_path="",
        vtt_path="", style="pop", captioned_words=0,
    )  # fmt: skip


def quickly(
    part: Part,
    media: MediaStore,
    renderer: QuickRenderer,
    *,
    claim: Claim | None = None,
    backgrounds: Backgrounds | None = None,
    music: OneTune | None = None,
    defaults: ProductionSettings = STUDIO,
    review: bool = False,
) -> None:
    render(
        part.id,
        claim or claimed("render", part.id),
        renderer,
        backgrounds or NumberedBackgrounds(),
        media,
        music=music or OneTune(),
        defaults=defaults,
        review=review,
        when_ready=handover.video_is_ready,
    )

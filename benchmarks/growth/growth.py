"""Renders with few and with many parts on record: what their statements cost in PostgreSQL.

No encoder runs and no file is made: only the database's work is measured, as a worker does it,
from the claim of the job to the planned posts.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.ports import (
    Background,
    Encoding,
    Footage,
    Progress,
    RenderedVideo,
    RenderPlan,
    Tune,
)
from benchmarks import statements
from benchmarks.growth import filled
from benchmarks.rows import Row
from core import db
from core.db import transaction
from core.files.storage import MediaStore
from models import Part
from pipelines import handover, ledger
from pipelines.production.production_settings import ProductionSettings
from pipelines.production.render.render import render

GOAL = 1.5
"""How many times as long a render's statements may take, and as many rows they may read, with many
parts on record."""
SETTINGS = ProductionSettings(voice="espeak:en-us", words_per_minute=170, target_seconds=(60, 90))


def run(*, parts: int = 100_000, few: int = 10, renders: int = 300) -> list[Row]:
    """Measure ``renders`` renders with ``few`` parts on record, and as many with ``parts``."""
    with TemporaryDirectory() as folder, db.session():
        media = MediaStore(Path(folder))
        made_of = _made_of(media)
        filled.prepare_empty()
        filled.fill(few, made_of)
        short = _measured(renders, media, made_of)
        filled.fill(parts - few - renders, made_of)
        long = _measured(renders, media, made_of)
    times, rows = long.ms / short.ms, long.rows / short.rows
    return [
        Row(f"statements of a render, {few:,} parts on record", short.ms, "ms"),
        Row(f"statements of a render, {parts:,} parts on record", long.ms, "ms"),
        Row("times as long", times, "", f"below {GOAL}", times < GOAL),
        Row(f"rows read by a render, {few:,} parts on record", short.rows, "rows"),
        Row(f"rows read by a render, {parts:,} parts on record", long.rows, "rows"),
        Row("times as many rows", rows, "", f"below {GOAL}", rows < GOAL),
    ]


@dataclass(frozen=True, slots=True)
class Cost:
    """What the statements of one render cost: medians of the milliseconds and of the rows read."""

    ms: float
    rows: float


def _measured(renders: int, media: MediaStore, made_of: dict[str, str]) -> Cost:
    """The cost of a render, from renders of that many new parts."""
    seconds, rows = [], []
    for part_id in filled.fill(renders, made_of, rendered=False):
        before = statements.rows_read()
        with statements.watched() as ran:
            _render(part_id, media)
        seconds.append(sum(each.seconds for each in ran))
        rows.append(statements.rows_read() - before)
        filled.publish_planned()
    return Cost(statistics.median(seconds) * 1000, statistics.median(rows))


def _render(part_id: int, media: MediaStore) -> None:
    with transaction():
        ledger.enqueue("render", part_id)
    claim = ledger.claim("render", part_id, "bench")
    if claim is None:
        raise RuntimeError(f"part {part_id} has no render job")
    render(
        part_id, claim, NoEncoder(), Clips(), media, music=NoMusic(), defaults=SETTINGS,
        review=False, when_ready=handover.video_is_ready,
    )  # fmt: skip


def _made_of(media: MediaStore) -> dict[str, str]:
    """The narration and captions that all parts share, on disk."""
    words = [["It", 0, 1], ["went", 1, 2], ["out.", 2, 3]]
    sheet = {"seconds": 3, "timed_by": "synthesizer", "words": words}
    sheet["sha256"] = sha256(b"sound").hexdigest()
    media.path("narration", "n", ".wav").write_bytes(b"sound")
    media.path("narration", "n", ".json").write_text(json.dumps(sheet))
    captions = media.path("captions", "c", ".ass")
    captions.write_text("")
    spoken = Part(hook="", text="It went out.", call_to_action="").spoken_key
    return {"narration": "n", "captions": "c", "ass": media.name(captions), "spoken": spoken}


class NoEncoder:
    identity = "none"

    def render(self, plan: RenderPlan, progress: Progress | None = None) -> RenderedVideo:  # noqa: ARG002  # the Protocol's
        plan.output.write_bytes(b"video")
        plan.cover.write_bytes(b"cover")
        encoding = Encoding(self.identity, "Nothing is encoded.")
        return RenderedVideo(
            plan.output, plan.cover, plan.seconds, 1080, 1920, 5, -14.0, -1.5, encoding
        )


class Clips:
    """A background of its own for each number."""

    def choose(self, mood: str, number: int, seconds: float) -> Background:  # noqa: ARG002  # the Protocol's
        return Clip(f"{mood}/{number}")


@dataclass(frozen=True, slots=True)
class Clip:
    name: str

    @contextmanager
    def ready(self, _progress: Progress, /) -> Iterator[Footage]:
        yield Footage(Path("clip.mp4"), start=0)


class NoMusic:
    def choose(self, mood: str, number: int) -> Tune | None:  # noqa: ARG002  # the Protocol's
        return None

"""Compare our render with a plain encode of the same background with the same encoder settings.

Our render adds captions, title card, part badge, progress bar, music under the voice, the target
loudness and a cover, and checks the finished file; the baseline only encodes. Each style alternates
with its own plain encode, so that a busy machine slows both equally. Each render runs in a fresh
process with the contents of a gpu worker, so that its memory can be measured.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import get_args

import ffmpeg
import numpy as np

from adapters.backgrounds.drawn import draw
from adapters.ffmpeg import encoder_process
from adapters.ffmpeg.encoder_process import Patience
from adapters.ffmpeg.video_encoder import usual_options
from adapters.music import composed
from adapters.ports import RenderPlan, WordTiming
from benchmarks.media import render_job
from benchmarks.media.render_job import Cost, cost_of
from benchmarks.rows import Row
from core import log
from pipelines.production.captions import subtitle_writer
from pipelines.production.captions.caption_style import Style

_MOST_RATIO = 1.05
_MOST_DOUBLE = 2.05
_MOST_STORY = 1.10
_MOST_MEMORY = 450  # MiB
_PARTS = 3
_TEXT = (
    "I asked my neighbour about the old fence between our gardens. He laughed, and said that it "
    "had always stood there. So I went to the land office, found the plan, and measured it twice."
)
_RATE = 22_050


def run(seconds: int = 60, repeats: int = 5, at_once: int | None = None) -> list[Row]:
    """Render ``seconds`` of video in each style, a video twice as long, and a three-part story.

    Results are medians of ``repeats`` rounds. Goals apply to elapsed time; processor time is also
    shown, because a busy machine affects it less.

    Args:
        seconds: length of a video, and of each part of the story.
        repeats: number of rounds; each runs everything.
        at_once: story parts rendered at the same time; None means as in the gpu worker.
    """
    log.configure("bench", "WARNING")
    at_once = at_once or encoder_process.runs_at_once()
    styles: tuple[Style, ...] = get_args(Style)
    ours: dict[str, list[Cost]] = {style: [] for style in styles}
    bare: dict[str, list[Cost]] = {style: [] for style in styles}
    double, story = [], []
    with TemporaryDirectory() as name:
        folder = Path(name)
        background = folder / "background.mp4"
        draw(background, "bokeh", 0)
        music = folder / "music.flac"
        composed.compose(music, "calm", 0)
        plans = {
            style: _prepare(folder / style, background, music, seconds, style=style)
            for style in styles
        }
        long = _prepare(folder / "double", background, music, 2 * seconds)
        parts = [
            _prepare(folder / f"part-{part}", background, music, seconds, part=part)
            for part in range(1, _PARTS + 1)
        ]
        for _ in range(repeats):
            for style, plan in plans.items():
                bare[style].append(cost_of(partial(bare_encode, plan)))
                ours[style].append(_in_own_process([plan], 1))
            double.append(_in_own_process([long], 1))
            story.append(_in_own_process(parts, at_once))
        size = plans["karaoke"].output.stat().st_size / 1e6
    rows = [row for style in styles for row in _style_rows(style, ours[style], bare[style])]
    one_by_one = [
        Cost(sum(cost.wall for cost in turn), sum(cost.cpu for cost in turn))
        for turn in zip(*bare.values(), strict=True)
    ]
    return [
        Row(f"plain encode of {seconds} s", median(c.wall for b in bare.values() for c in b), "s"),
        *rows,
        *_ratio_rows(f"{2 * seconds} s / {seconds} s", double, ours["karaoke"], _MOST_DOUBLE),
        Row("parts rendered at once", at_once, ""),
        Row(f"story of {_PARTS} parts", median(cost.wall for cost in story), "s"),
        *_ratio_rows("story / plain encodes one by one", story, one_by_one, _MOST_STORY),
        Row("size of our file", size, "MB"),
    ]


def _style_rows(style: str, ours: Sequence[Cost], bare: Sequence[Cost]) -> list[Row]:
    memory = max(cost.memory for cost in ours)
    return [
        Row(f"{style}: ours", median(cost.wall for cost in ours), "s"),
        *_ratio_rows(f"{style}: ours / plain", ours, bare, _MOST_RATIO),
        Row(f"{style}: peak memory", memory, "MiB", f"<= {_MOST_MEMORY}", memory <= _MOST_MEMORY),
    ]


def _ratio_rows(what: str, ours: Sequence[Cost], bare: Sequence[Cost], most: float) -> list[Row]:
    ratios = [a.wall / b.wall for a, b in zip(ours, bare, strict=True)]
    ratio = median(ratios)
    cpu = median(a.cpu / b.cpu for a, b in zip(ours, bare, strict=True))
    return [
        Row(what, ratio, "x", f"<= {most:.2f}", ratio <= most),
        Row(f"{what}, max - min", max(ratios) - min(ratios), "x"),
        Row(f"{what}, processor time", cpu, "x"),
    ]


def _in_own_process(plans: Sequence[RenderPlan], at_once: int) -> Cost:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(render_job.render, plans, at_once).result()


def bare_encode(plan: RenderPlan) -> None:
    """The baseline: the same background and length with the usual x264 setting, nothing else."""
    encode = ffmpeg.input(str(plan.background), stream_loop=-1).output(
        str(plan.output.with_name("bare.mp4")),
        t=plan.seconds,
        an=None,
        y=None,
        **usual_options(plan),
    )
    encoder_process.run(encode.get_args(), seconds=plan.seconds, patience=Patience())


def _prepare(
    folder: Path,
    background: Path,
    music: Path,
    seconds: int,
    *,
    style: Style = "karaoke",
    part: int = 1,
) -> RenderPlan:
    folder.mkdir()
    plan = RenderPlan(
        narration=folder / "narration.wav",
        seconds=float(seconds),
        subtitles=folder / "captions.ass",
        output=folder / "video.mp4",
        cover=folder / "cover.jpg",
        cover_at=1.0,
        background=background,
        music=music,
        music_loops=True,
    )
    with wave.open(str(plan.narration), "wb") as sound:
        sound.setparams((1, 2, _RATE, 0, "NONE", "not compressed"))
        sound.writeframes(_syllables(seconds))
    subtitles = subtitle_writer.build(
        _words(seconds),
        caption_style=subtitle_writer.CaptionStyle(style=style),
        shown=[subtitle_writer.Card("r/Gardens", "The fence that moved", 12_400)],
        part=(part, _PARTS),
        seconds=plan.seconds,
    )
    plan.subtitles.write_text(subtitles.ass, encoding="utf-8")
    return plan


def _syllables(seconds: int) -> bytes:
    """A tone that swells four times a second, with the loudness and rhythm of speech."""
    at = np.arange(seconds * _RATE, dtype=np.float32) / _RATE
    swell = np.maximum(0, np.sin(8 * np.pi * at)) ** 2
    tone = np.sin(2 * np.pi * 160 * at) + np.sin(2 * np.pi * 900 * at)
    samples: bytes = (9_000 * swell * tone).astype("<i2").tobytes()
    return samples


def _words(seconds: int) -> list[WordTiming]:
    """The text, repeated, at 2.5 words a second, a usual narrator's speed."""
    texts = _TEXT.split()
    return [
        WordTiming(texts[index % len(texts)], index * 0.4, index * 0.4 + 0.36)
        for index in range(int(seconds / 0.4))
    ]

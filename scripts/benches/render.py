"""Our render against a bare encode of the same background with the same encoder settings.

Ours makes captions, title card, part badge, progress bar, sound at its loudness and a cover, and
checks the finished file; the yardstick does nothing but encode. Both take turns, so that a busy
machine slows them alike.
"""

from __future__ import annotations

import os
import resource
import sys
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import ffmpeg
import numpy as np

from adapters import ffmpeg_process
from adapters.drawn import draw
from adapters.ffmpeg import FfmpegRenderer
from adapters.ffmpeg_process import Patience
from adapters.ports import RenderPlan, WordTiming
from pipelines.production import captions, fonts
from scripts.benches.rows import Row

_MOST_RATIO = 1.10
_MOST_MEMORY = 500  # MiB
_TEXT = (
    "I asked my neighbour about the old fence between our gardens. He laughed, and said that it "
    "had always stood there. So I went to the land office, found the plan, and measured it twice."
)
_RATE = 22_050


@dataclass(frozen=True, slots=True)
class _Cost:
    wall: float
    cpu: float


def run(seconds: int = 60, repeats: int = 3) -> list[Row]:
    """Render ``seconds`` of video ``repeats`` times each way; figures are medians.

    The goal is on the clock; the processor's time is shown beside it, as a busy machine moves
    that less.
    """
    with TemporaryDirectory() as folder:
        plan = _prepare(Path(folder), seconds)
        renderer = FfmpegRenderer(fonts=fonts.FOLDER)
        bare_options = renderer.video_options(plan)  # finds the encoder before the clock runs
        ours, bare = [], []
        for _ in range(repeats):
            bare.append(_cost_of(lambda: bare_encode(plan, bare_options)))
            ours.append(_cost_of(lambda: _our_render(renderer, plan, seconds)))
        size = plan.output.stat().st_size / 1e6
    ratios = [a.wall / b.wall for a, b in zip(ours, bare, strict=True)]
    ratio = median(cost.wall for cost in ours) / median(cost.wall for cost in bare)
    cpu_ratio = median(cost.cpu for cost in ours) / median(cost.cpu for cost in bare)
    memory = _peak_memory()
    return [
        Row(f"our render of {seconds} s", median(cost.wall for cost in ours), "s"),
        Row(f"bare encode of {seconds} s", median(cost.wall for cost in bare), "s"),
        Row("ours / bare", ratio, "x", f"<= {_MOST_RATIO:.2f}", ratio <= _MOST_RATIO),
        Row("ours / bare, least of the pairs", min(ratios), "x"),
        Row("ours / bare, most of the pairs", max(ratios), "x"),
        Row("ours / bare, processor time", cpu_ratio, "x"),
        Row("peak memory", memory, "MiB", f"<= {_MOST_MEMORY}", memory <= _MOST_MEMORY),
        Row("size of our file", size, "MB"),
    ]


def _our_render(renderer: FfmpegRenderer, plan: RenderPlan, seconds: int) -> None:
    subtitles = captions.build(
        _words(seconds),
        look=captions.Look(),
        title_card=captions.TitleCard("r/Gardens", "The fence that moved", 12_400, 873),
        part=(1, 3),
        seconds=plan.seconds,
    )
    plan.subtitles.write_text(subtitles.ass, encoding="utf-8")
    renderer.render(plan)


def bare_encode(plan: RenderPlan, options: dict[str, object]) -> None:
    """The yardstick: the same background, length and encoder settings, and nothing else."""
    encode = ffmpeg.input(str(plan.background), stream_loop=-1).output(
        str(plan.output.with_name("bare.mp4")), t=plan.seconds, an=None, y=None, **options
    )
    ffmpeg_process.run(encode.get_args(), seconds=plan.seconds, patience=Patience())


def _prepare(folder: Path, seconds: int) -> RenderPlan:
    plan = RenderPlan(
        narration=folder / "narration.wav",
        seconds=float(seconds),
        subtitles=folder / "captions.ass",
        output=folder / "video.mp4",
        cover=folder / "cover.jpg",
        cover_at=1.0,
        background=folder / "background.mp4",
    )
    draw(plan.background, "bokeh", 0)
    with wave.open(str(plan.narration), "wb") as sound:
        sound.setparams((1, 2, _RATE, 0, "NONE", "not compressed"))
        sound.writeframes(_syllables(seconds))
    return plan


def _syllables(seconds: int) -> bytes:
    """A tone that swells four times a second, as loud and as uneven as speech."""
    at = np.arange(seconds * _RATE, dtype=np.float32) / _RATE
    swell = np.maximum(0, np.sin(8 * np.pi * at)) ** 2
    tone = np.sin(2 * np.pi * 160 * at) + np.sin(2 * np.pi * 900 * at)
    samples: bytes = (9_000 * swell * tone).astype("<i2").tobytes()
    return samples


def _words(seconds: int) -> list[WordTiming]:
    """The text over and over at 2.5 words a second, a usual narrator's pace."""
    texts = _TEXT.split()
    return [
        WordTiming(texts[index % len(texts)], index * 0.4, index * 0.4 + 0.36)
        for index in range(int(seconds / 0.4))
    ]


def _cost_of(work: Callable[[], None]) -> _Cost:
    wall, cpu = time.perf_counter(), _processor_time()
    work()
    return _Cost(time.perf_counter() - wall, _processor_time() - cpu)


def _processor_time() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _peak_memory() -> float:
    """Most of this process and most of any child together, in MiB: an upper bound of the tree."""
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes on macOS, KiB on Linux
    most = sum(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return most * unit / 2**20

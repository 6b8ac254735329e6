"""Compare our render with a plain encode of the same background by the usual x264 setting.

Our render chooses its encoder setting, adds captions, title card, part badge, progress bar, music
under the voice, the target loudness and a cover, and checks the finished file; the baseline only
encodes, with veryfast and rate factor 23. Each render alternates with its own plain encode, so that
a busy machine slows both equally. Each render runs in a fresh process with the contents of a gpu
worker, so that its memory can be measured.

The picture is compared with the same composition by the usual setting, over the whole video.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import get_args

import ffmpeg

from adapters.backgrounds.drawn import draw
from adapters.ffmpeg import encoder_process
from adapters.ffmpeg.encoder_process import Patience
from adapters.ffmpeg.video_encoder import usual_options
from adapters.music import composed
from adapters.ports import RenderPlan
from benchmarks.media import clips, picture_quality, render_job
from benchmarks.media.picture_quality import Compared
from benchmarks.media.plans import PARTS, prepare
from benchmarks.media.render_job import Cost, Run, cost_of
from benchmarks.rows import Row
from core import log
from pipelines.production.captions.caption_style import Style

_MOST_DOUBLE = 2.05
_MOST_STORY = 1.10
_MOST_MEMORY = 450  # MiB
_MOST_GROWTH = 2.7
_MORE_BANDING = 0.3  # CAMBI


@dataclass(frozen=True, slots=True)
class _Goals:
    wall: float
    cpu: float | None
    vmaf_less: float
    """How much less VMAF than the usual setting's is allowed."""


_CALM = _Goals(wall=0.60, cpu=0.60, vmaf_less=0.0)
_ANY = _Goals(wall=1.05, cpu=None, vmaf_less=0.5)


@dataclass(slots=True)
class _Case:
    """One video, rendered some times by us and encoded as often plainly."""

    name: str
    plan: RenderPlan
    goals: _Goals
    ours: list[Run] = field(default_factory=list)
    plain: list[Cost] = field(default_factory=list)

    def measure(self, tell: Callable[[str], None]) -> None:
        self.plain.append(plain := cost_of(partial(bare_encode, self.plan)))
        self.ours.append(made := _in_own_process([self.plan], 1))
        ours = made.cost
        tell(
            f"{self.name}: plain {plain.wall:.1f} s, ours {ours.wall:.1f} s "
            f"({ours.wall / plain.wall:.3f} x, processor time {ours.cpu / plain.cpu:.3f} x), "
            f"{ours.memory:.0f} MiB, {made.encodings[0].setting}"
        )


def run(
    seconds: int = 60,
    repeats: int = 5,
    clip_repeats: int = 1,
    at_once: int | None = None,
    *,
    tell: Callable[[str], None],
) -> list[Row]:
    """Render each caption style, clips of six kinds, a longer video and a three-part story.

    Results are medians of the rounds. Goals apply to elapsed time, and for drawn backgrounds to
    processor time too, which a busy machine affects less.

    Args:
        seconds: length of a video, and of each part of the story.
        repeats: rounds of each style, of the video twice as long, and of the story.
        clip_repeats: rounds of each clip.
        at_once: story parts rendered at the same time; None means as in the gpu worker.
        tell: called with one line after each measurement.
    """
    log.configure("bench", "WARNING")
    at_once = at_once or encoder_process.runs_at_once()
    double: list[Cost] = []
    story: list[Cost] = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        background = folder / "background.mp4"
        draw(background, "bokeh", 0)
        music = folder / "music.flac"
        composed.compose(music, "calm", 0)
        styles = [
            _Case(style, prepare(folder / style, background, music, seconds, style=style), _CALM)
            for style in get_args(Style)
        ]
        long = prepare(folder / "double", background, music, 2 * seconds)
        parts = [
            prepare(folder / f"part-{part}", background, music, seconds, part=part)
            for part in range(1, PARTS + 1)
        ]
        for _ in range(repeats):
            for case in styles:
                case.measure(tell)
            double.append(_in_own_process([long], 1).cost)
            tell(f"{2 * seconds} s: {double[-1].wall:.1f} s")
            story.append(_in_own_process(parts, at_once).cost)
            tell(f"story of {PARTS} parts: {story[-1].wall:.1f} s")
        kinds = (
            [_clip(folder, kind, music, seconds) for kind in clips.KINDS] if clip_repeats else []
        )
        for _ in range(clip_repeats):
            for case in kinds:
                case.measure(tell)
        rows = []
        for case in (*styles, *kinds):
            tell(f"{case.name}: comparing the pictures")
            rows += _rows(case, tell)
    one_by_one = [
        Cost(sum(cost.wall for cost in turn), sum(cost.cpu for cost in turn))
        for turn in zip(*(case.plain for case in styles), strict=True)
    ]
    once = [made.cost for made in styles[0].ours]
    return [
        *rows,
        *_time_rows(f"{2 * seconds} s / {seconds} s", double, once, wall=_MOST_DOUBLE),
        Row("parts rendered at once", at_once, ""),
        Row(f"story of {PARTS} parts", median(cost.wall for cost in story), "s"),
        *_time_rows("story / plain encodes one by one", story, one_by_one, wall=_MOST_STORY),
    ]


def _clip(folder: Path, kind: str, music: Path, seconds: int) -> _Case:
    clip = folder / f"{kind}.mp4"
    clips.KINDS[kind](clip)
    goals = _CALM if kind == "drawn" else _ANY
    return _Case(kind, prepare(folder / f"over {kind}", clip, music, seconds), goals)


def _rows(case: _Case, tell: Callable[[str], None]) -> list[Row]:
    name, goals = case.name, case.goals
    ours = [made.cost for made in case.ours]
    memory = max(cost.memory for cost in ours)
    compared = picture_quality.compare(case.plan, case.plan.output)
    tell(f"{name}: {compared}")
    return [
        Row(f"{name}: plain encode", median(cost.wall for cost in case.plain), "s"),
        Row(f"{name}: ours", median(cost.wall for cost in ours), "s"),
        *_time_rows(f"{name}: ours / plain", ours, case.plain, wall=goals.wall, cpu=goals.cpu),
        *_picture_rows(case, compared),
        Row(f"{name}: peak memory", memory, "MiB", f"<= {_MOST_MEMORY}", memory <= _MOST_MEMORY),
    ]


def _picture_rows(case: _Case, found: Compared) -> list[Row]:
    name, setting = case.name, case.ours[-1].encodings[0].setting
    usual, ours = found.usual, found.ours
    least, most = usual.vmaf - case.goals.vmaf_less, usual.cambi + _MORE_BANDING
    growth = found.our_bytes / found.usual_bytes
    return [
        Row(f"{name}: VMAF, usual setting", usual.vmaf, ""),
        Row(f"{name}: VMAF, {setting}", ours.vmaf, "", f">= {least:.2f}", ours.vmaf >= least),
        Row(f"{name}: CAMBI, usual setting", usual.cambi, ""),
        Row(f"{name}: CAMBI, ours", ours.cambi, "", f"<= {most:.2f}", ours.cambi <= most),
        Row(f"{name}: picture, ours", found.our_bytes / 1e6, "MB"),
        Row(f"{name}: ours / usual", growth, "x", f"<= {_MOST_GROWTH}", growth <= _MOST_GROWTH),
    ]


def _time_rows(
    what: str, ours: Sequence[Cost], plain: Sequence[Cost], *, wall: float, cpu: float | None = None
) -> list[Row]:
    ratios = [a.wall / b.wall for a, b in zip(ours, plain, strict=True)]
    ratio = median(ratios)
    work = median(a.cpu / b.cpu for a, b in zip(ours, plain, strict=True))
    work_row = Row(f"{what}, processor time", work, "x")
    if cpu is not None:
        work_row = replace(work_row, goal=f"<= {cpu:.2f}", ok=work <= cpu)
    return [
        Row(what, ratio, "x", f"<= {wall:.2f}", ratio <= wall),
        Row(f"{what}, max - min", max(ratios) - min(ratios), "x"),
        work_row,
    ]


def _in_own_process(plans: Sequence[RenderPlan], at_once: int) -> Run:
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

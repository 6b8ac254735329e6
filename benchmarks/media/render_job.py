"""The measured render, in a process that loads what a gpu worker loads and nothing more.

What only the bench needs (drawing captions) is not imported here, because a worker lacks it too.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from adapters.ffmpeg.renderer import FfmpegRenderer
from adapters.ports import Encoding, RenderedVideo, RenderPlan
from core import log
from pipelines.production.captions import fonts

_SAMPLE_EVERY = 0.2  # seconds; an encoder's memory hardly changes while it runs


@dataclass(frozen=True, slots=True)
class Cost:
    """Elapsed seconds, seconds of all processors, and peak MiB."""

    wall: float
    cpu: float
    memory: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    cost: Cost
    encodings: list[Encoding]
    """Of each plan."""


def render(plans: Sequence[RenderPlan], at_once: int) -> Run:
    """Render ``plans``, ``at_once`` of them in parallel."""
    import workers.gpu  # noqa: F401 - the worker's own memory counts

    log.configure("bench", "WARNING")
    _prepare_backgrounds_and_music()
    renderer = FfmpegRenderer(fonts=fonts.FOLDER)
    _ = renderer.identity  # a worker looks for a graphics card once, before its first video

    made: list[RenderedVideo] = []

    def work() -> None:
        with ThreadPoolExecutor(at_once) as threads:
            made.extend(threads.map(renderer.render, plans))

    watch = _Watch()
    watch.start()
    cost = cost_of(work)
    watch.end()
    cost = replace(cost, cpu=cost.cpu - watch.cpu, memory=watch.peak / 2**20)
    return Run(cost, [video.encoding for video in made])


def _prepare_backgrounds_and_music() -> None:
    """Do what a worker does before its first video; the memory that this keeps counts."""
    from adapters.backgrounds import drawn
    from adapters.media.media_cache import MediaCache
    from adapters.music import composed

    def film(into: Path) -> None:
        drawn.draw(into, "bokeh", 0, seconds=1)

    def tune(into: Path) -> None:
        composed.compose(into, "calm", 0)

    with TemporaryDirectory() as folder:
        for suffix, make in ((".flac", tune), (".mp4", film)):
            kept = MediaCache(Path(folder), suffix=suffix, most_bytes=10**9)
            with kept.take("made", make, lambda: None):
                pass


def cost_of(work: Callable[[], None]) -> Cost:
    wall, cpu = time.perf_counter(), _processor_time()
    work()
    return Cost(time.perf_counter() - wall, _processor_time() - cpu)


def _processor_time() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


class _Watch(threading.Thread):
    """Samples the memory of this process and its encoders.

    Shared pages (libraries) count for each process.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        """Bytes."""
        self.cpu = 0.0
        """Processor seconds of the samples themselves."""
        self._ended = threading.Event()

    def run(self) -> None:
        own = psutil.Process()
        while not self._ended.wait(_SAMPLE_EVERY):
            used = 0
            for process in (own, *own.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):  # it has ended
                    used += process.memory_info().rss
            self.peak = max(self.peak, used)
        self.cpu = time.thread_time()

    def end(self) -> None:
        self._ended.set()
        self.join()

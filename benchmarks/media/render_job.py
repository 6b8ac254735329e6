"""The render that is measured, in a process that holds what a gpu worker holds and nothing more.

What the bench itself needs (the drawing of captions) stays out of here: a worker has none of it.
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
from adapters.ports import RenderPlan
from core import log
from pipelines.production.captions import fonts

_LOOKS_EVERY = 0.2  # seconds; an encoder holds what it holds for most of its time


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock and of all processors, and MiB at the peak."""

    wall: float
    cpu: float
    memory: float = 0.0


def render(plans: Sequence[RenderPlan], at_once: int) -> Cost:
    """Render ``plans``, ``at_once`` of them side by side, and say what that cost."""
    import workers.gpu  # noqa: F401 - what the worker holds in memory counts

    log.configure("bench", "WARNING")
    _prepare_backgrounds_and_music()
    renderer = FfmpegRenderer(fonts=fonts.FOLDER)
    _ = renderer.encoder  # a worker finds it once, before its first video

    def work() -> None:
        with ThreadPoolExecutor(at_once) as threads:
            list(threads.map(renderer.render, plans))

    watch = _Watch()
    watch.start()
    cost = cost_of(work)
    return replace(cost, memory=watch.end())


def _prepare_backgrounds_and_music() -> None:
    """Make what a worker makes before its first video; what stays of that in memory counts."""
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
    """Looks at the memory of this process and its encoders together, now and again.

    Pages that they share (libraries) count for each.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._ended = threading.Event()

    def run(self) -> None:
        own = psutil.Process()
        while not self._ended.wait(_LOOKS_EVERY):
            held = 0
            for process in (own, *own.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):  # it ended meanwhile
                    held += process.memory_info().rss
            self.peak = max(self.peak, held)

    def end(self) -> float:
        """Give the most that was seen, in MiB."""
        self._ended.set()
        self.join()
        return self.peak / 2**20

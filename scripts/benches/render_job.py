"""The render that is measured, in a process that holds what a gpu worker holds and nothing more.

What the bench itself needs (the drawing of captions) stays out of here: a worker has none of it.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.ffmpeg import FfmpegRenderer
from adapters.ports import RenderPlan
from core import log
from pipelines.production import fonts

_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss: bytes on macOS, KiB on Linux

_STATUS = Path("/proc/self/status")


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

    _forget_peak()
    cost = cost_of(work)
    return replace(cost, memory=_peak_memory(at_once))


def _prepare_backgrounds_and_music() -> None:
    """Make what a worker makes before its first video; what stays of that in memory counts."""
    from adapters import composed, drawn
    from adapters.kept_files import KeptFiles

    def film(into: Path) -> None:
        drawn.draw(into, "bokeh", 0, seconds=1)

    def tune(into: Path) -> None:
        composed.compose(into, "calm", 0)

    with TemporaryDirectory() as folder:
        for suffix, make in ((".flac", tune), (".mp4", film)):
            kept = KeptFiles(Path(folder), suffix=suffix, most_bytes=10**9)
            with kept.take("made", make, lambda: None):
                pass


def cost_of(work: Callable[[], None]) -> Cost:
    wall, cpu = time.perf_counter(), _processor_time()
    work()
    return Cost(time.perf_counter() - wall, _processor_time() - cpu)


def _processor_time() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _peak_memory(at_once: int) -> float:
    """Most of this process and of ``at_once`` encoders, each like its largest child, in MiB.

    An upper bound: the peaks need not coincide, and pages that processes share count for each.
    """
    encoder = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _UNIT / 2**20
    return _own_peak() + at_once * encoder


def _own_peak() -> float:
    """In MiB, since ``_forget_peak``.

    Linux keeps ru_maxrss over execve(2), so it would also count the bench's own memory, of which
    this process was a copy before it began its program; VmHWM of proc(5) begins anew.
    """
    if not _STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / 2**20
    (line,) = (line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _forget_peak() -> None:
    if _STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")  # proc(5): resets the peak

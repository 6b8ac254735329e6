"""Encode short pieces of a video and measure what each x264 setting makes of them.

The pieces come from all over the video and have captions, like the video itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import mean
from typing import Any

import av
import av.error
import ffmpeg

from adapters.ffmpeg import encoder_process, picture, vmaf
from adapters.ffmpeg.encoder_process import Patience
from adapters.ffmpeg.frame_filters import COLOUR
from adapters.ffmpeg.vmaf import Quality, UnmeasuredError
from adapters.ffmpeg.x264_settings import X264
from adapters.media.media_probe import UnreadableMediaError, probe
from adapters.ports import RenderPlan
from core.errors import Retryable

_PLACES = (0.22, 0.55, 0.87)
"""Where the pieces are in the video. Uneven, so that a short background that repeats is seen at
different places."""
_FRAMES = 12
"""Frames of a piece. The first is a key frame; a finished video has one every two seconds."""
_KEY_FRAME_SECONDS = 2
_MEASURED = (9,)
"""Frames of a piece whose quality is measured, because each takes as long as encoding four. None is
near the key frame, where few bands have formed yet.

The next frame is read too, and not measured: VMAF depends on how much the picture moves.
"""

_FAILURES = frozenset({"encoder_died", "encoder_failed", "encoder_hung"})

_ENCODER_THREADS = 2
"""The same everywhere, so that the choice doesn't depend on the machine's cores. Each holds about
25 MiB of frames."""
_LEAN = {"threads": 1, "thread_queue_size": 1}
"""Few frames in memory."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces, encoded with one setting."""

    setting: X264
    file: Path
    rates: tuple[float, ...]
    """For each piece: bytes per second of a video that looks like it."""

    @property
    def rate(self) -> float:
        return mean(self.rates)


class QualityProbe:
    """Pieces of one video, encoded and measured on demand.

    Args:
        plan: the video.
        fonts: folder with the subtitles' fonts.
        folder: where to write; everything in it may be removed afterwards.
        patience: when to give up on a run of ffmpeg.
        alive: called about twice a second; may raise to cancel.
        encoder_options: options that all settings share, as in the finished video.
    """

    def __init__(
        self,
        plan: RenderPlan,
        *,
        fonts: Path,
        folder: Path,
        patience: Patience,
        alive: Callable[[], None],
        encoder_options: dict[str, Any],
    ) -> None:
        self._plan = plan
        self._times = [share * plan.seconds for share in _PLACES]
        self._fonts = fonts
        self._folder = folder
        self._patience = patience
        self._alive = alive
        self._options = encoder_options
        self._reference = folder / "reference.nut"
        self._files: list[Path] = []

    def encode(self, setting: X264) -> Pieces:
        """Encode the pieces.

        Raises:
            UnmeasuredError: ffmpeg failed, or encoded another number of frames.
            Retryable: code ``disk_full``.
            Permanent: code ``encoder_missing``.
        """
        shown = self._composed()
        outputs = []
        if not self._files:
            shown, kept = (shown.filter_multi_output("split")[i] for i in range(2))
            outputs = [_sampled(kept).output(str(self._reference), vcodec="rawvideo")]
        file = self._folder / f"pieces-{len(self._files)}.mp4"
        self._files.append(file)
        options = self._options | setting.options() | {"threads": _ENCODER_THREADS}
        keys = f"expr:not(mod(n,{_FRAMES}))"
        outputs.insert(0, shown.output(str(file), force_key_frames=keys, **options))
        self._run(ffmpeg.merge_outputs(*outputs))
        return Pieces(setting, file, tuple(_rates(file, self._plan.fps)))

    def measure(self, pieces: Pieces) -> Quality:
        """Compare encoded pieces with the unencoded ones.

        Raises:
            UnmeasuredError: ffmpeg failed, or wrote no usable figures.
            Retryable: code ``disk_full``.
            Permanent: code ``encoder_missing``.
        """
        report = pieces.file.with_suffix(".json")
        # raw video has no colour tags, and ffmpeg would convert pictures whose tags differ
        unencoded = ffmpeg.input(str(self._reference), **_LEAN).filter("setparams", **COLOUR)
        encoded = _sampled(ffmpeg.input(str(pieces.file), **_LEAN).video)
        self._run(vmaf.comparison(encoded, unencoded, report, every=2))
        return vmaf.read(report)

    def _composed(self) -> Any:
        """The pieces one after another, each with the captions of its time."""
        plan = self._plan
        length = _FRAMES / plan.fps
        clips = [
            picture.footage(
                plan, self._start(at), t=length + 0.5, noaccurate_seek=None, **_LEAN
            ).filter("trim", end_frame=_FRAMES)
            for at in self._times
        ]
        clip = ffmpeg.concat(*clips, v=1, a=0)
        clip = clip.filter("setpts", f"({_time(self._times, length)}+N/{plan.fps})/TB")
        return _in_a_row(picture.captioned(clip, plan, self._fonts), plan.fps)

    def _start(self, at: float) -> float:
        """Second of the background's file that the video shows at its second ``at``."""
        start = self._plan.background_start
        return (start + at) % self._clip_seconds if self._clip_seconds else start

    @cached_property
    def _clip_seconds(self) -> float:
        """Length of the background's file; 0 if unknown."""
        try:
            return probe(self._plan.background).seconds
        except UnreadableMediaError as error:
            raise UnmeasuredError(str(error), code="background_unreadable") from error

    def _run(self, graph: Any) -> None:
        try:
            encoder_process.run(
                graph.global_args("-loglevel", "warning").get_args(),
                seconds=len(_PLACES) * _FRAMES / self._plan.fps,
                patience=self._patience,
                on_time=lambda _second: self._alive(),
                trial=True,
            )
        except Retryable as error:  # also what ``alive`` raises to cancel
            if error.code not in _FAILURES:
                raise
            raise UnmeasuredError(str(error), code=error.code) from error


def _time(times: Sequence[float], length: float) -> str:
    """Expression for what to add to frame N's time to make it its time in the video."""
    expression = "0"
    for index, at in reversed(list(enumerate(times))):
        shift = at - index * length
        expression = f"if(lt(N,{(index + 1) * _FRAMES}),{shift:.6f},{expression})"
    return expression


def _in_a_row(clip: Any, fps: int) -> Any:
    return clip.filter("settb", f"1/{fps}").filter("setpts", "N").filter("fps", fps)


def _sampled(clip: Any) -> Any:
    """The frames to measure, and each one's neighbour."""
    wanted = "+".join(
        f"eq(mod(n,{_FRAMES}),{frame + after})" for frame in _MEASURED for after in (0, 1)
    )
    return clip.filter("select", wanted).filter("setpts", "N/TB")


def _rates(file: Path, fps: int) -> Iterator[float]:
    """Bytes per second of video of each piece: its first frame counts once in two seconds."""
    try:
        with av.open(str(file)) as container:
            sizes = [packet.size for packet in container.demux(video=0) if packet.size]
    except (OSError, ValueError, av.error.FFmpegError) as error:
        raise UnmeasuredError(str(error)) from error
    if len(sizes) != len(_PLACES) * _FRAMES:
        raise UnmeasuredError(f"The pieces have {len(sizes)} frames.")
    for first in range(0, len(sizes), _FRAMES):
        key, *others = sizes[first : first + _FRAMES]
        yield key / _KEY_FRAME_SECONDS + mean(others) * (fps - 1 / _KEY_FRAME_SECONDS)

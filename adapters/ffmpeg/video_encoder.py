"""The encoder of the picture: which one the machine has, and its options for one video."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ffmpeg
import structlog

from adapters.ffmpeg import encoder_choice, encoder_process, finished_sound
from adapters.ffmpeg.encoder_process import Patience
from adapters.ffmpeg.quality_probe import QualityProbe
from adapters.ffmpeg.x264_settings import USUAL, X264
from adapters.ports import Encoding, RenderPlan
from core.errors import Retryable

log = structlog.get_logger(__name__)

_MOST_BITS = 12_000_000  # per second of video; more shows no difference on a phone
_LEAST_BITS = 100_000  # less is unwatchable; the file is then refused as too large
_BUFFER_SECONDS = 2
_OVERHEAD = 0.96  # planned share of the size limit; the rest is for the container and a margin

# x264's own default, 1.5 per core, but limited: a thread holds about 25 MiB of frames.
_THREADS = min(6, (os.cpu_count() or 1) * 3 // 2 or 1)

_NVENC = {"vcodec": "h264_nvenc", "preset": "p4", "rc": "vbr", "cq": 24, "b:v": 0}
_NVENC_NAME = "h264_nvenc p4 cq 24"


class VideoEncoder:
    """NVENC where a graphics card has it, otherwise x264 with a setting that suits the video.

    Args:
        fonts: folder with the fonts that the subtitles use.
        preset: x264 preset; None chooses a setting by what it makes of the video.
        growth: most bytes of a chosen setting, in files of the usual one.
        patience: when to give up on a run.
    """

    def __init__(
        self, *, fonts: Path, preset: str | None, growth: float, patience: Patience
    ) -> None:
        self._fonts = fonts
        self._forced = X264(preset) if preset else None
        self._growth = growth
        self._patience = patience

    @property
    def identity(self) -> str:
        """What decides, with the video itself, how it is encoded."""
        if self._has_nvenc:
            return _NVENC_NAME
        chosen = f"x264 chosen/{encoder_choice.VERSION} growth {self._growth:g}"
        return str(self._forced) if self._forced else chosen

    def options(
        self, plan: RenderPlan, folder: Path, alive: Callable[[], None]
    ) -> tuple[dict[str, Any], Encoding]:
        """Options of ffmpeg for the video, and why these; that is logged too.

        Args:
            plan: the video.
            folder: where a probe may write; nothing is left there.
            alive: called about twice a second; may raise to cancel.

        Raises:
            Retryable: code ``disk_full``.
            Permanent: code ``encoder_missing``.
        """
        if self._has_nvenc:
            quality = _NVENC
            encoding = Encoding(_NVENC_NAME, "The graphics card encodes; nothing was measured.")
        elif self._forced:
            quality = self._forced.options()
            encoding = Encoding(str(self._forced), "X264_PRESET sets it.")
        else:
            setting, encoding = self._choose(plan, folder, alive)
            quality = setting.options()
        log.info("render.encoding", **asdict(encoding))
        return quality | _size_limits(plan), encoding

    def _choose(
        self, plan: RenderPlan, folder: Path, alive: Callable[[], None]
    ) -> tuple[X264, Encoding]:
        limits = _size_limits(plan)
        with TemporaryDirectory(prefix="probe-", dir=folder) as place:
            pieces = QualityProbe(
                plan,
                fonts=self._fonts,
                folder=Path(place),
                patience=self._patience,
                alive=alive,
                encoder_options=limits,
            )
            return encoder_choice.choose(
                pieces,
                seconds=plan.seconds,
                most_rate=limits["maxrate"] / 8,
                most_growth=self._growth,
            )

    @cached_property
    def _has_nvenc(self) -> bool:
        """Whether a trial with one frame works."""
        trial = ffmpeg.input("color=s=256x256", format="lavfi").output(
            "pipe:2", format="null", vframes=1, vcodec="h264_nvenc", loglevel="quiet"
        )
        try:
            encoder_process.run(trial.get_args(), seconds=1, patience=self._patience, trial=True)
        except Retryable as reason:
            log.info("ffmpeg.no_nvenc", code=reason.code)
            return False
        return True


def usual_options(plan: RenderPlan) -> dict[str, Any]:
    """Options of the usual x264 setting, with which the benches compare."""
    return USUAL.options() | _size_limits(plan)


def _size_limits(plan: RenderPlan) -> dict[str, Any]:
    """Options of any encoder that keep the file under the size limit.

    The encoder's buffer model limits it to ``maxrate`` over any period plus one buffer.
    """
    bits = plan.max_bytes * 8 * _OVERHEAD - finished_sound.BITS * plan.seconds
    rate = int(bits / (plan.seconds + _BUFFER_SECONDS))
    rate = max(_LEAST_BITS, min(_MOST_BITS, rate))
    return {
        "maxrate": rate,
        "bufsize": rate * _BUFFER_SECONDS,
        "pix_fmt": "yuv420p",
        "g": plan.fps * 2,
        "threads": _THREADS,
    }

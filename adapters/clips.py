"""The operator's clips: which is cheap to render from, and how a stretch of a dear one is cut."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import av.error
import ffmpeg

from adapters import ffmpeg_process
from adapters.ffmpeg_process import Patience
from adapters.media_probe import UnreadableMediaError, probe
from adapters.ports import Progress
from core.errors import Permanent, Retryable

SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi"})
WIDTH, HEIGHT, FPS = 1080, 1920, 30
CUT_SECONDS = 180.0
"""Length of what is cut from a clip at once; several videos begin at different places in it."""
CUT_BYTES = 400_000_000
"""What such a cut of a lively clip takes at most, about."""

_CHEAP_PIXELS = 1.1 * WIDTH * HEIGHT * FPS  # a second; cutting these would gain nothing


@dataclass(frozen=True, slots=True)
class Clip:
    path: Path
    seconds: float
    cheap: bool
    """A render decodes it nearly as fast as what could be cut from it."""


def read(path: Path) -> Clip:
    """Look at a clip.

    Raises:
        Permanent: code ``background_unreadable``.
    """
    try:
        media = probe(path)
        with av.open(str(path)) as container:
            picture = container.streams.video[0].codec_context
            plain = picture.name == "h264" and picture.pix_fmt in {"yuv420p", "yuvj420p"}
    except (UnreadableMediaError, IndexError, OSError, av.error.FFmpegError) as error:
        raise unreadable(path) from error
    if not media.seconds:
        raise unreadable(path)
    cheap = plain and media.width * media.height * (media.fps or FPS) <= _CHEAP_PIXELS
    return Clip(path, media.seconds, cheap)


def name_of_cut(clip: Path, start: float, seconds: float) -> str:
    """Name what is cut, by all that it depends on."""
    status = clip.stat()
    inputs = f"{clip}:{status.st_size}:{status.st_mtime_ns}:{start:.2f}:{seconds:.2f}"
    return "cut-" + sha256(inputs.encode()).hexdigest()[:24]


def cut(
    clip: Path, into: Path, *, start: float, seconds: float, patience: Patience, progress: Progress
) -> None:
    """Cut a stretch in the form of a finished video, with a key picture each second.

    Raises:
        Permanent: code ``background_unreadable``.
        Retryable: codes ``background_gone``, ``disk_full`` and those of the encoder.
    """
    picture: Any = (
        ffmpeg.input(str(clip), ss=start)
        .video.filter("fps", FPS)
        .filter("scale", WIDTH, HEIGHT, force_original_aspect_ratio="increase", flags="bilinear")
        .filter("crop", WIDTH, HEIGHT)
        .filter("setsar", 1)
        .filter("format", "yuv420p")
    )
    command = picture.output(
        str(into), t=seconds, vcodec="libx264", preset="ultrafast", tune="fastdecode", crf=22,
        g=FPS, loglevel="warning",
    ).overwrite_output()  # fmt: skip
    try:
        ffmpeg_process.run(
            command.get_args(), seconds=seconds, patience=patience, on_time=lambda _: progress(0.0)
        )
        if probe(into).seconds <= 0:
            raise unreadable(clip)
    except UnreadableMediaError as error:
        raise unreadable(clip) from error
    except Retryable as error:
        if not clip.is_file():
            raise gone(clip) from error
        raise


def unreadable(clip: Path) -> Permanent | Retryable:
    if not clip.is_file():
        return gone(clip)
    return Permanent(
        f"The background {clip} can't be read: replace or remove it.", code="background_unreadable"
    )


def gone(clip: Path) -> Retryable:
    return Retryable(
        f"The background {clip} was removed meanwhile; another is taken.", code="background_gone"
    )

"""Check a received video as TikTok would: format, frame rate, picture size, length."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import av.error
from av.container import InputContainer

FORMATS = ("mp4", "mov", "webm")
MIN_FPS, MAX_FPS = 23.0, 60.0
MIN_SIDE, MAX_SIDE = 360, 4_096


@dataclass(frozen=True)
class Verdict:
    fail_reason: str = ""
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    fps: float = 0.0


def check(video: Path, max_seconds: float) -> Verdict:
    """Return the file's properties, and the ``fail_reason`` if it can't be posted."""
    try:
        with av.open(str(video)) as container:
            return _check(container, max_seconds)
    except (av.error.FFmpegError, ValueError, StopIteration):
        return Verdict("file_format_check_failed")


def _check(container: InputContainer, max_seconds: float) -> Verdict:
    known = any(name in container.format.name.split(",") for name in FORMATS)
    if not known or not container.streams.video:
        return Verdict("file_format_check_failed")
    stream = container.streams.video[0]
    next(container.decode(stream))  # a header alone is not enough
    seconds = (container.duration or 0) / av.time_base
    fps = float(stream.average_rate or stream.guessed_rate or 0)
    reason = ""
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in (stream.width, stream.height)):
        reason = "picture_size_check_failed"
    elif not MIN_FPS - 0.1 <= fps <= MAX_FPS + 0.1:  # 23.976 and 59.94 are within
        reason = "frame_rate_check_failed"
    elif not 0 < seconds <= max_seconds:
        reason = "duration_check_failed"
    return Verdict(reason, seconds, stream.width, stream.height, fps)


def save_cover(video: Path, at_ms: int, cover: Path) -> bool:
    """Save the frame at ``at_ms`` as a small JPEG; returns whether there was one."""
    try:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            container.seek(at_ms * 1_000)  # microseconds; goes to the key frame before
            frame = next(container.decode(stream))
            for later in container.decode(stream):
                if frame.time is None or later.time is None or later.time * 1_000 > at_ms:
                    break
                frame = later
            # PyAV leaves this one untyped
            picture = frame.to_image()  # type: ignore[no-untyped-call]
    except (av.error.FFmpegError, ValueError, StopIteration):
        return False
    picture.thumbnail((540, 960))
    picture.convert("RGB").save(cover, "JPEG", quality=82)
    return True

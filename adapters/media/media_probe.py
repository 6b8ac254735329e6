"""Read a media file's properties with PyAV (the ffmpeg wheel has no ffprobe)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import av.error


@dataclass(frozen=True, slots=True)
class Media:
    """A media file's properties; the picture values are 0 if it has no picture."""

    seconds: float
    video_streams: int
    audio_streams: int
    width: int
    height: int
    fps: float
    size_bytes: int


class UnreadableMediaError(Exception):
    """Not a media file, or not one that can be decoded."""


def probe(path: Path) -> Media:
    """Open ``path`` and decode the first frame, if any.

    Raises:
        UnreadableMediaError: missing, empty, damaged, or not a media file.
    """
    try:
        with av.open(str(path)) as container:
            video = container.streams.video
            if video:
                next(container.decode(video[0]))
            return Media(
                seconds=(container.duration or 0) / av.time_base,
                video_streams=len(video),
                audio_streams=len(container.streams.audio),
                width=video[0].width if video else 0,
                height=video[0].height if video else 0,
                fps=float(video[0].average_rate or 0) if video else 0.0,
                size_bytes=path.stat().st_size,
            )
    except (OSError, ValueError, StopIteration, av.error.FFmpegError) as error:
        raise UnreadableMediaError(str(error)) from error

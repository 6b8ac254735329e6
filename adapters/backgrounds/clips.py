"""The operator's clips: what they contain, and whether a render can use them unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import av.error
import structlog
from av.stream import Disposition

from adapters.backgrounds.clip_colours import Tags
from core.errors import Permanent, Retryable

log = structlog.get_logger(__name__)

SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("3gp", "avi", "flv", "gif", "m2ts", "m4v", "mkv", "mov"),
        *("mp4", "mpeg", "mpg", "mts", "ts", "webm", "wmv"),
    )
)
STILLS = frozenset({".jpeg", ".jpg", ".png", ".webp"})
"""Pictures; each is turned into a clip."""

WIDTH, HEIGHT, FPS = 1080, 1920, 30
LEAST_SECONDS = 1.0
"""Shorter clips (a single frame, an accidental recording) would flicker and count as stills."""

_CHEAP_PIXELS = 1.1 * WIDTH * HEIGHT * FPS  # per second; cutting these would gain nothing
_TORN = 1.0  # seconds that may be missing at the end of a file; that much is never shown
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}  # ffmpeg's own decoders ignore alpha


@dataclass(frozen=True, slots=True)
class Clip:
    """Properties of a clip.

    Attributes:
        seconds: length of the video that can be read.
        begins: second of the file at which the video starts.
        stream: index of the video stream in the file.
        decoder: decoder that must be named; None leaves the choice to ffmpeg.
        alpha: whether it has transparent areas.
        usual: whether a render shows it correctly unchanged.
        cheap: whether a render decodes it nearly as fast as a cut from it.
    """

    path: Path
    seconds: float
    begins: float
    stream: int
    tags: Tags
    decoder: str | None
    interlaced: bool
    alpha: bool
    usual: bool
    cheap: bool

    @property
    def still(self) -> bool:
        return self.seconds < LEAST_SECONDS


def read(path: Path) -> Clip:
    """Read a clip's properties.

    Raises:
        Permanent: code ``background_unreadable``; the message says why.
        Retryable: code ``background_gone``.
    """
    try:
        with av.open(str(path)) as container:
            pictures = [s for s in container.streams.video if not s.disposition & _COVER]
            if not pictures:
                raise unreadable(path, "has no video, only sound")
            return _read(path, container, pictures[0])
    except (OSError, ValueError, StopIteration, av.error.FFmpegError) as error:
        if path.is_file() and not path.stat().st_size:
            raise unreadable(path, "is empty") from error
        raise unreadable(path) from error


_COVER = Disposition.attached_pic  # an album cover is not a video


def _read(path: Path, container: Any, stream: Any) -> Clip:
    frame = next(container.decode(stream))
    seconds = _readable(path, container, stream)
    rate = float(stream.average_rate or FPS)
    decoder = _WITH_ALPHA.get(stream.name) if stream.metadata.get("alpha_mode") == "1" else None
    alpha = decoder is not None or any(part.is_alpha for part in frame.format.components)
    tags = Tags.read(
        primaries=frame.color_primaries,
        transfer=frame.color_trc,
        matrix=0 if frame.format.is_rgb else frame.colorspace,
        full_range=frame.color_range == _FULL or frame.format.name.startswith("yuvj"),
        pixels=frame.width * frame.height,
    )
    return Clip(
        path=path,
        seconds=seconds,
        begins=max(0.0, _start(stream) - (container.start_time or 0) / av.time_base),
        stream=stream.index,
        tags=tags,
        decoder=decoder,
        interlaced=frame.interlaced_frame,
        alpha=alpha,
        usual=tags.usual
        and not (alpha or frame.interlaced_frame)
        and stream is container.streams.video[0],
        cheap=stream.name == "h264"
        and frame.format.name == "yuv420p"
        and frame.width * frame.height * rate <= _CHEAP_PIXELS,
    )


_FULL = 2  # AVCOL_RANGE_JPEG


def _start(stream: Any) -> float:
    return float((stream.start_time or 0) * stream.time_base)


def _readable(path: Path, container: Any, stream: Any) -> float:
    """Seconds of video up to the last packet in the file; the header's length is not trusted."""
    start = _start(stream)
    if stream.duration:
        said = float(stream.duration * stream.time_base)
    else:
        said = (container.duration or 0) / av.time_base
    end = start
    if said:
        end = _last(container, stream, from_second=start + said)
    if end <= start:  # the end is missing or unknown
        end = _last(container, stream, from_second=start)
    seconds = end - start
    if stream.duration and seconds < said - _TORN:
        log.warning("background.torn", clip=str(path), seconds=round(seconds, 1), of=round(said, 1))
        seconds -= _TORN
    return max(seconds, 1 / FPS)


def _last(container: Any, stream: Any, *, from_second: float) -> float:
    """Second at which the last frame after a key frame ends; 0 if there is none."""
    end = 0.0
    try:
        container.seek(int(from_second * av.time_base))
        for packet in container.demux(stream):
            at = packet.pts if packet.pts is not None else packet.dts
            if at is not None and not packet.is_corrupt:
                end = max(end, float((at + (packet.duration or 0)) * stream.time_base))
    except (OSError, av.error.FFmpegError):
        return end
    return end


def unreadable(clip: Path, why: str = "can't be read") -> Permanent | Retryable:
    if not clip.is_file():
        return gone(clip)
    return Permanent(
        f"The background {clip} {why}: replace or remove it.", code="background_unreadable"
    )


def gone(clip: Path) -> Retryable:
    return Retryable(
        f"The background {clip} has been removed; another one will be used.", code="background_gone"
    )

"""Checks a video file before any byte is sent.

The figures and codecs are TikTok's (Content Posting API, "Media transfer guide", video
restrictions, https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide): H.264,
H.265, VP8 or VP9; 23 to 60 frames a second; sides of 360 to 4096 pixels; at most 10 minutes. It
doesn't require sound, so silent videos pass.

Links are followed: a link to a file inside the media folder may be sent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from adapters.ports import CreatorInfo, Fault, ProbedVideo, VideoProbe
from core.errors import Permanent
from pipelines.publishing.delivery.video_files import LocatedFile, locate

MOST_BYTES = 500_000_000
MOST_SECONDS = 600
LEAST_FPS, MOST_FPS = 23, 60
LEAST_SIDE, MOST_SIDE = 360, 4096
CODECS = {"h264": "H.264", "hevc": "H.265", "vp8": "VP8", "vp9": "VP9"}

SUFFIXES = {
    ".mp4": frozenset({"mp4"}),
    ".mov": frozenset({"mp4"}),
    ".avi": frozenset({"avi"}),
    ".mkv": frozenset({"matroska", "webm"}),
    ".webm": frozenset({"webm"}),
}
"""The containers that fit a file's suffix."""
CONTAINERS = frozenset().union(*SUFFIXES.values())

_FAULTS: dict[Fault, str] = {
    "unfinished": "was never finished (its index is missing): render it again",
    "cut_off": "is cut off, its end is missing: render or copy it again",
    "damaged": "is damaged, its parts contradict each other: render or copy it again",
    "encrypted": "is encrypted: use a video without copy protection",
    "undecodable": "has frames that can't be decoded: render it again",
    "greedy": "needs more memory or time to read than allowed: render it again",
    "crashing": "crashes the program that reads videos: render it again",
}


@dataclass(frozen=True, slots=True)
class CheckedVideo(LocatedFile):
    """A video that may be sent, as long as it stays unchanged."""

    seconds: float
    """Measured from its content."""


def check_video(
    path: Path, size: int, *, folder: Path, probe: VideoProbe, most_bytes: int = MOST_BYTES
) -> CheckedVideo:
    """Check that the file is in ``folder``, has the rendered ``size``, and is a video to post.

    Raises:
        Permanent: it is not; the message says what to do. Codes: those of ``video_files.locate``,
            ``video_suffix``, ``video_empty``, ``video_too_large``, ``video_changed`` (not what was
            rendered), ``video_changing`` (during the check), ``video_`` plus each value of
            ``ports.Fault``, ``video_not_a_video``, ``video_container``, ``video_no_picture``,
            ``video_codec``, ``video_sides``, ``video_still``, ``video_duration``,
            ``video_too_long``, ``video_frame_rate``.
        Retryable: it can't be checked now; codes ``video_disk``, ``video_probe_slow``,
            ``video_probe_failed``.
    """
    file = locate(path, folder)
    if path.suffix.lower() not in SUFFIXES:
        raise Permanent(
            f"The video {path.name} has the wrong suffix: only {', '.join(SUFFIXES)} can be "
            "posted. Convert it.",
            code="video_suffix",
        )
    _check_size(path, file.fingerprint.size, size, most_bytes)
    probed = probe.inspect(file.path)
    file.check_unchanged()
    _check_container(path, probed)
    _check_picture(path, probed)
    _check_times(path, probed)
    return CheckedVideo(file.path, file.fingerprint, probed.seconds)


def check_length(seconds: float, creator: CreatorInfo) -> None:
    """Raises Permanent if the creator may not post a video this long."""
    if seconds > creator.max_seconds:
        raise Permanent(
            f"The video is {seconds:.0f} s long, but {creator.username} may post at most "
            f"{creator.max_seconds} s: make the parts shorter.",
            code="video_too_long",
        )


def _check_size(path: Path, found: int, recorded: int, most: int) -> None:
    if found == 0:
        raise Permanent(
            f"The video {path.name} is empty: render it again.",
            code="video_empty",
        )
    if found > most:
        raise Permanent(
            f"The video {path.name} has {found:,} bytes; at most {most:,} can be posted: make the "
            "part shorter.",
            code="video_too_large",
        )
    if found != recorded:
        raise Permanent(
            f"The video {path.name} has {found:,} bytes, but {recorded:,} were rendered: render "
            "it again.",
            code="video_changed",
        )


def _check_container(path: Path, video: ProbedVideo) -> None:
    if video.fault:
        raise Permanent(
            f"The video {path.name} {_FAULTS[video.fault]}.", code=f"video_{video.fault}"
        )
    if video.container not in CONTAINERS:
        what = video.container or "something unknown"
        raise Permanent(
            f"The file {path.name} is not a video but {what}: render it again.",
            code="video_not_a_video",
        )
    if video.container not in SUFFIXES[path.suffix.lower()]:
        raise Permanent(
            f"The video {path.name} is {video.container}, which doesn't fit its suffix: rename or "
            "convert it.",
            code="video_container",
        )


def _check_picture(path: Path, video: ProbedVideo) -> None:
    if not video.codec:
        raise Permanent(
            f"The video {path.name} has only sound and no picture: render it again.",
            code="video_no_picture",
        )
    if video.codec not in CODECS:
        raise Permanent(
            f"The video {path.name} uses the codec {video.codec}; TikTok accepts "
            f"{', '.join(CODECS.values())}: convert it.",
            code="video_codec",
        )
    if not all(LEAST_SIDE <= side <= MOST_SIDE for side in (video.width, video.height)):
        raise Permanent(
            f"The video {path.name} is {video.width}x{video.height}; each side must have "
            f"{LEAST_SIDE} to {MOST_SIDE} pixels: render it in another size.",
            code="video_sides",
        )
    if video.pictures < 2:  # noqa: PLR2004 - a moving picture needs two
        raise Permanent(
            f"The video {path.name} has too few frames ({video.pictures}): render it again.",
            code="video_still",
        )


def _check_times(path: Path, video: ProbedVideo) -> None:
    seconds, claimed = video.seconds, video.claimed_seconds
    if claimed and abs(claimed - seconds) > max(1.0, seconds / 20):
        raise Permanent(
            f"The video {path.name} claims to be {claimed:,.0f} s long, but has {seconds:,.1f} s: "
            "render it again.",
            code="video_duration",
        )
    if not (math.isfinite(seconds) and seconds > 0):
        raise Permanent(
            f"The video {path.name} is 0 s long: render it again.", code="video_duration"
        )
    if seconds > MOST_SECONDS:
        raise Permanent(
            f"The video {path.name} is {seconds:,.0f} s long; TikTok accepts at most "
            f"{MOST_SECONDS} s: make the parts shorter.",
            code="video_too_long",
        )
    if not LEAST_FPS <= round(video.pictures_per_second) <= MOST_FPS:
        raise Permanent(
            f"The video {path.name} has {video.pictures_per_second:.2f} frames a second; "
            f"TikTok accepts {LEAST_FPS} to {MOST_FPS}: render it at 30.",
            code="video_frame_rate",
        )

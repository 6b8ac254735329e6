"""What is really in a video file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Fault = Literal[
    "", "unfinished", "cut_off", "damaged", "encrypted", "undecodable", "greedy", "crashing"
]


@dataclass(frozen=True, slots=True)
class ProbedVideo:
    """What is really in a file, whatever its name says; figures are 0 if unknown."""

    container: str
    """``mp4`` (also MOV), ``matroska``, ``webm`` or ``avi``; otherwise what the file is, such as
    ``a ZIP archive``, or empty if that is unknown."""
    fault: Fault = ""
    """What is wrong with it: never finished; cut off; parts that contradict each other; encrypted;
    frames that can't be decoded; needs more memory or time than allowed; crashes its reader."""
    codec: str = ""
    """ffmpeg's name of the video codec: ``h264``, ``hevc``, ``vp8``, ``vp9``, …"""
    sound_codec: str = ""
    width: int = 0
    height: int = 0
    pictures: int = 0
    pictures_per_second: float = 0.0
    """Measured from the frames' own times."""
    seconds: float = 0.0
    """From the first frame or sound to the end of the last."""
    claimed_seconds: float = 0.0
    """The length in the header; 0 if there is none."""


class VideoProbe(Protocol):
    def inspect(self, path: Path) -> ProbedVideo:
        """Inspect the file at ``path``, within limits of time and memory.

        If the file is not a video, or is broken, the result says so: that is not an error.

        Raises:
            Retryable: it can't be inspected now; codes ``video_probe_slow``,
                ``video_probe_failed``.
        """

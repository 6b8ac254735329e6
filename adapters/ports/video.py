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
    """What is really in a file, whatever its name says; figures are 0 where there is none."""

    container: str
    """``mp4`` (also MOV), ``matroska``, ``webm`` or ``avi``; else what the file is in words, such
    as ``a ZIP archive``, or nothing where that is unknown."""
    fault: Fault = ""
    """What is wrong with it: never finished; cut off; parts that contradict each other; encrypted;
    pictures that don't decode; needs more memory or time than a video may; ends its reader."""
    codec: str = ""
    """ffmpeg's name of the picture's codec: ``h264``, ``hevc``, ``vp8``, ``vp9``, …"""
    sound_codec: str = ""
    width: int = 0
    height: int = 0
    pictures: int = 0
    pictures_per_second: float = 0.0
    """By the pictures' own times."""
    seconds: float = 0.0
    """From the first picture or sound to the end of the last."""
    claimed_seconds: float = 0.0
    """As the header says; 0 where it says nothing."""


class VideoProbe(Protocol):
    def inspect(self, path: Path) -> ProbedVideo:
        """Look into the file at ``path``, within bounds of time and memory.

        A file that is no video, or a broken one, is an answer and no error.

        Raises:
            Retryable: it couldn't be looked into now; codes ``video_probe_slow``,
                ``video_probe_failed``.
        """

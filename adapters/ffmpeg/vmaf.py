"""Compare an encoded picture with the unencoded one, by libvmaf.

VMAF (0 to 100, https://github.com/Netflix/vmaf) says how close the two are; it doesn't see bands in
dark gradients. CAMBI (0 is none, more than 5 is visible) measures these.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import ffmpeg


class UnmeasuredError(Exception):
    """A picture could not be encoded or measured; ``code`` says what went wrong."""

    def __init__(self, sentence: str, *, code: str = "unmeasured") -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over the measured frames."""

    vmaf: float
    cambi: float


def comparison(encoded: Any, unencoded: Any, report: Path, *, every: int) -> Any:
    """The ffmpeg output that writes ``report``; frames are compared in their order.

    Both streams need the same colour tags: ffmpeg would convert one to the other's.

    Args:
        encoded: the stream to judge.
        unencoded: the same frames before encoding.
        report: for ``read``.
        every: one frame of so many is measured.
    """
    frames = [stream.filter("setpts", "N/TB") for stream in (encoded, unencoded)]
    compared = ffmpeg.filter(
        frames,
        "libvmaf",
        feature="name=cambi",
        n_subsample=every,
        log_fmt="json",
        log_path=report,
    )
    return compared.output("pipe:2", format="null")


def read(report: Path) -> Quality:
    """Read what ``comparison`` wrote.

    Raises:
        UnmeasuredError: it has no usable figures.
    """
    try:
        pooled = json.loads(report.read_text())["pooled_metrics"]
        vmaf, cambi = (float(pooled[name]["mean"]) for name in ("vmaf", "cambi"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnmeasuredError(f"ffmpeg's report is not usable: {error!r}") from error
    if not (isfinite(vmaf) and isfinite(cambi)):
        raise UnmeasuredError(f"ffmpeg reported VMAF {vmaf} and CAMBI {cambi}.")
    return Quality(vmaf, cambi)

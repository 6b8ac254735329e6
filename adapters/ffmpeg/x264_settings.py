"""Settings of the x264 encoder: the usual one, and faster ones that may replace it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

# x264's look-ahead thread holds one frame per encoder thread. Without it the output and the speed
# are the same, with 30 MiB less memory at 1080x1920 and three threads.
_NO_QUEUE = "sync-lookahead=0"


@dataclass(frozen=True, slots=True)
class X264:
    """One setting: a preset, a constant rate factor (less is better) and further parameters."""

    preset: str
    crf: int = 23
    params: str = ""

    def __str__(self) -> str:
        return " ".join(["x264", self.preset, "crf", str(self.crf), self.params]).rstrip()

    def options(self) -> dict[str, Any]:
        params = f"{_NO_QUEUE}:{self.params}" if self.params else _NO_QUEUE
        return {
            "vcodec": "libx264",
            "preset": self.preset,
            "crf": self.crf,
            "x264-params": params,
        }

    def at(self, crf: int) -> X264:
        return replace(self, crf=crf)


USUAL = X264("veryfast")
"""Its picture is the yardstick; also what is used if nothing else is known to be as good."""

FASTER = (
    X264("ultrafast", 28, "aq-mode=3:deadzone-intra=6:deadzone-inter=11"),
    X264("superfast", 26, "aq-mode=3"),
)
"""What may replace it, cheapest first, each with the rate factor to try first.

Processor time of an encode, of ``USUAL``'s: 0.4 and 0.7 on drawn backgrounds. The order was the
same for all clips that were measured, so the choice needs no clock and a repeat chooses the same.

Preset ultrafast has no adaptive quantization, and dark gradients turn into bands. Mode 3 gives bits
back to dark areas. The smaller dead zones keep faint slopes that the preset would round away; they
cost fewer bytes than a lower rate factor that keeps the same.
"""

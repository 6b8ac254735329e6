"""The finished picture as a filter graph: background, captions, colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ffmpeg

from adapters.ffmpeg.frame_filters import COLOUR, cropped
from adapters.ports import RenderPlan

_DECODER_THREADS = 2
_FADE = 0.4  # seconds


def finished(plan: RenderPlan, fonts: Path) -> Any:
    """The whole video's picture. It has no end: limit the output to the video's length."""
    shown = captioned(footage(plan, plan.background_start), plan, fonts)
    return shown.filter("fade", type="out", start_time=fade_at(plan), duration=_FADE)


def fade_at(plan: RenderPlan) -> float:
    """Second at which the fade begins."""
    return max(0.0, plan.seconds - _FADE)


def footage(plan: RenderPlan, start: float, **options: Any) -> Any:
    """The background from second ``start`` of its file, repeated, at the video's frame rate."""
    options = {"threads": _DECODER_THREADS} | options
    clip = ffmpeg.input(str(plan.background), stream_loop=-1, ss=start, **options).video
    return clip.filter("setpts", "PTS-STARTPTS").filter("fps", plan.fps)


def captioned(clip: Any, plan: RenderPlan, fonts: Path) -> Any:
    """Fill the frame with the background and draw the captions for each frame's time."""
    return (
        cropped(clip, plan.width, plan.height)
        .filter("scale", plan.width, plan.height)
        .filter("setsar", 1)
        .filter("format", "yuv420p")
        # without these the captions' colours shift slightly
        .filter("setparams", **COLOUR)
        .filter("ass", filename=plan.subtitles, fontsdir=fonts, shaping="complex")
    )

"""Measure the sound of a finished video, and code it again if its peaks are too high.

What a limiter lets through can still peak higher between its samples and after coding: a voice
with sharp sibilants has been seen at -0.5 dBTP behind a limiter at -2.5 dB.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ffmpeg
import structlog

from adapters.ffmpeg import encoder_process, sound_mix
from adapters.ffmpeg.encoder_process import Patience
from adapters.ffmpeg.sound_mix import Levels, Loudness
from adapters.ports import RenderPlan

log = structlog.get_logger(__name__)

BITS = 128_000
"""Bits a second of a video's sound."""
CODEC: dict[str, Any] = {
    "acodec": "aac",
    "aac_coder": "fast",  # "better and much faster at higher bitrates" (ffmpeg's manual)
    "audio_bitrate": BITS,
}

_TRIALS = 3
_SPARE = 0.3  # dB below what was too much


def settle(video: Path, plan: RenderPlan, levels: Levels, patience: Patience) -> Loudness:
    """Return how loud a finished video is; its peaks are at most at ``sound_mix.CEILING``.

    The pictures stay as they are. What is still too loud or too quiet after three trials is logged.
    """
    heard = sound_mix.measure_file(video, plan.seconds, patience)
    for _ in range(_TRIALS):
        excess = heard.true_peak - sound_mix.CEILING
        if excess <= 0:
            break
        ceiling = (levels.ceiling or sound_mix.LIMIT) - excess - _SPARE
        log.info("render.sound_coded_again", dbtp=heard.true_peak, limit=round(ceiling, 1))
        levels = sound_mix.limited(
            levels, plan.narration, plan.music, plan.seconds, patience, ceiling=ceiling
        )
        _replace_sound(video, plan, levels, patience)
        heard = sound_mix.measure_file(video, plan.seconds, patience)
    off = abs(heard.integrated - sound_mix.TARGET) > sound_mix.TOLERANCE
    if off or heard.true_peak > sound_mix.CEILING:
        log.warning("render.loudness_off", lufs=heard.integrated, dbtp=heard.true_peak)
    return heard


def _replace_sound(video: Path, plan: RenderPlan, levels: Levels, patience: Patience) -> None:
    remade = video.with_stem(f"{video.stem}-sound")
    made = ffmpeg.output(
        ffmpeg.input(str(video)).video,
        sound_mix.mix(plan.narration, plan.music, plan.seconds, levels),
        str(remade),
        t=plan.seconds,
        vcodec="copy",
        movflags="+faststart",
        loglevel="warning",
        **CODEC,
    )
    encoder_process.run(made.get_args(), seconds=plan.seconds, patience=patience)
    remade.replace(video)

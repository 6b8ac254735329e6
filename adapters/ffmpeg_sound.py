"""The sound of a video: voice, music under it, and its loudness.

Platforms play at about -14 LUFS and turn louder sound down; a true peak of -1 dBTP keeps lossy
coding from clipping (EBU R 128, ITU-R BS.1770). A linear gain brings the mix there, so that the
voice keeps its dynamics; a limiter takes only the peaks that would go over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from adapters import ffmpeg_process
from adapters.ffmpeg_process import Patience
from core.errors import Permanent

TARGET = -14.0
"""LUFS, integrated."""
TOLERANCE = 1.0
CEILING = -1.0
"""dBTP."""
RATE = 48_000

_LIMIT = -2.5  # dB before AAC; coding, and peaks between the samples, add up to about 1 dB
_SILENCE = -69.0  # LUFS; the meter's floor is -70
_CLOSE = 0.3  # LU; nearer needs no further trial
_TRIALS = 4  # speech needs one or two; each takes about 0.3 s for a minute
_MUSIC_VOLUME = 0.25
_FADE = 1.0  # seconds of music
_SUMMARY = re.compile(r"I:\s+(-?[\d.]+|-inf) LUFS.*?Peak:\s+(-?[\d.]+|-inf) dBFS", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Loudness:
    integrated: float
    """LUFS."""
    true_peak: float
    """dBTP."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What the mix needs to come out at the target."""

    gain: float = 0.0
    """dB."""
    limit: bool = False


def mix(narration: Path, music: Path | None, seconds: float, levels: Levels) -> Any:
    """Build the graph of the finished sound: 48 kHz stereo, ``seconds`` long."""
    voice = _stereo(ffmpeg.input(str(narration)).audio).filter("apad")
    if music:
        heard, key = (voice.filter_multi_output("asplit")[i] for i in range(2))
        tune = _stereo(ffmpeg.input(str(music), stream_loop=-1).audio)
        tune = tune.filter("volume", _MUSIC_VOLUME)
        ducked = ffmpeg.filter(
            [tune, key], "sidechaincompress", threshold=0.02, ratio=8, attack=20, release=400
        ).filter("afade", type="out", start_time=max(0.0, seconds - _FADE), duration=_FADE)
        voice = ffmpeg.filter([heard, ducked], "amix", inputs=2, duration="first", normalize=0)
    sound = voice.filter("atrim", duration=seconds).filter("volume", f"{levels.gain:.2f}dB")
    if levels.limit:
        ceiling = 10 ** (_LIMIT / 20)
        sound = sound.filter("alimiter", limit=ceiling, attack=2, release=60, level=0, latency=1)
    return sound


def find_levels(narration: Path, music: Path | None, seconds: float, patience: Patience) -> Levels:
    """Measure the mix, and find the gain (and whether a limiter is needed) for the target.

    Raises:
        Permanent: the narration is silent (code ``narration_silent``).
    """
    raw = measure(mix(narration, music, seconds, Levels()), seconds, patience)
    if raw.integrated < _SILENCE:
        raise Permanent(
            f"The narration {narration.name} is silent: narrate the script again.",
            code="narration_silent",
        )
    levels = Levels(gain=TARGET - raw.integrated)
    if raw.true_peak + levels.gain <= _LIMIT:
        return levels
    levels = Levels(gain=levels.gain, limit=True)
    for _ in range(_TRIALS):
        got = measure(mix(narration, music, seconds, levels), seconds, patience)
        short = TARGET - got.integrated
        if abs(short) <= _CLOSE:
            break
        # Behind the limiter a decibel of gain adds about half a decibel of loudness.
        levels = Levels(gain=levels.gain + (2 * short if short > 0 else short), limit=True)
    return levels


def measure(sound: Any, seconds: float, patience: Patience) -> Loudness:
    """Measure the loudness of a stream by EBU R 128, without writing anything."""
    metered = sound.filter("ebur128", peak="true", framelog="quiet")
    printed = ffmpeg_process.run(
        metered.output("pipe:2", format="null").get_args(), seconds=seconds, patience=patience
    )
    found = _SUMMARY.findall(printed)
    integrated, true_peak = (float(figure) for figure in found[-1])
    return Loudness(integrated, true_peak)


def measure_file(path: Path, seconds: float, patience: Patience) -> Loudness:
    return measure(ffmpeg.input(str(path)).audio, seconds, patience)


def _stereo(stream: Any) -> Any:
    return stream.filter("aresample", RATE).filter("aformat", channel_layouts="stereo")

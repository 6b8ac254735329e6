"""Mix a video's sound: the voice, quiet music under it, and the target loudness.

Platforms play at about -14 LUFS and turn louder sound down; a true peak of -1 dBTP keeps lossy
coding from clipping (EBU R 128, ITU-R BS.1770). A linear gain reaches the target, so that the
voice keeps its dynamics; a limiter cuts only the peaks that would be too high.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import av.error
import ffmpeg

from adapters.ffmpeg import encoder_process
from adapters.ffmpeg.encoder_process import Patience
from core.errors import Permanent, Retryable

TARGET = -14.0
"""LUFS, integrated."""
TOLERANCE = 1.0
CEILING = -1.0
"""dBTP."""
RATE = 48_000

LIMIT = -2.5
"""dB before coding, which adds up to about 1 dB, as do peaks between the samples."""

_SILENCE = -69.0  # LUFS; the meter's floor is -70
_CLOSE = 0.3  # LU; close enough to stop
_TRIALS = 4  # speech needs one or two; each takes about 0.3 s for a minute

# Voice and tune are set to known levels first, so that quiet and loud ones sound the same.
_VOICE = -20.0  # LUFS
_TUNE = -27.0  # LUFS, in pauses
_SEAM = 0.02  # seconds of fade where a repeated tune joins, so that it doesn't click
_FADE_IN, _FADE_OUT = 0.5, 2.0  # seconds of music

# During speech the tune is about 8 dB quieter; it comes back within half a second.
_DUCKING = {"threshold": 0.03, "ratio": 4, "attack": 15, "release": 550, "knee": 4}
_ENDS_EARLY = 0.1  # seconds by which a narration may be too short
_SHORTEST_SHARE = 0.5  # of the length in a tune's header; less means a damaged file

_INTEGRATED = re.compile(r"I:\s+(-?[\d.]+|-inf) LUFS")
_PEAK = re.compile(r"Peak:\s+(-?[\d.]+|-inf) dBFS")


@dataclass(frozen=True, slots=True)
class Loudness:
    integrated: float
    """LUFS."""
    true_peak: float
    """dBTP."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Gains in dB with which the mix reaches the target."""

    gain: float = 0.0
    ceiling: float | None = None
    """dB to which a limiter cuts the peaks, before coding."""
    voice: float = 0.0
    """Gain of the voice before the mix."""
    tune: float = 0.0
    tune_seconds: float = 0.0
    """Length of the tune; if shorter than the video, it is repeated."""
    tune_loops: bool = False
    """The tune's end leads into its start: it is repeated without fades."""


def mix(narration: Path, music: Path | None, seconds: float, levels: Levels) -> Any:
    """Build the graph of the finished sound: 48 kHz stereo, ``seconds`` long."""
    voice = spoken(narration, levels)
    if music:
        heard, key = (voice.filter_multi_output("asplit")[i] for i in range(2))
        ducked = under(key, music, seconds, levels)
        voice = ffmpeg.filter([heard, ducked], "amix", inputs=2, duration="first", normalize=0)
    sound = voice.filter("atrim", duration=seconds).filter("volume", f"{levels.gain:.2f}dB")
    if levels.ceiling is not None:
        limit = 10 ** (levels.ceiling / 20)
        sound = sound.filter("alimiter", limit=limit, attack=2, release=60, level=0, latency=1)
    return sound


def spoken(narration: Path, levels: Levels) -> Any:
    """The voice alone as it goes into the mix, followed by endless silence."""
    voice = _stereo(ffmpeg.input(str(narration)).audio)
    return voice.filter("volume", f"{levels.voice:.2f}dB").filter("apad")


def under(voice: Any, music: Path, seconds: float, levels: Levels) -> Any:
    """The tune alone as it goes into the mix: quiet, quieter during speech, faded out."""
    tune = _repeated(music, seconds, levels).filter("volume", f"{levels.tune:.2f}dB")
    return (
        ffmpeg.filter([tune, voice], "sidechaincompress", **_DUCKING)
        .filter("afade", type="in", duration=_FADE_IN)
        .filter("afade", type="out", start_time=max(0.0, seconds - _FADE_OUT), duration=_FADE_OUT)
    )


def _repeated(music: Path, seconds: float, levels: Levels) -> Any:
    tune = _stereo(ffmpeg.input(str(music)).audio)
    length = levels.tune_seconds
    if length >= seconds:
        return tune
    tune = tune.filter("aformat", sample_fmts="s16")  # halves the memory for a tune
    if not levels.tune_loops:
        out = max(0.0, length - 1.2 * _SEAM)
        tune = tune.filter("afade", type="in", duration=_SEAM)
        tune = tune.filter("afade", type="out", start_time=out, duration=_SEAM)
    return tune.filter("aloop", loop=-1, size=max(1, round(length * RATE)))


def find_levels(
    narration: Path,
    music: Path | None,
    seconds: float,
    patience: Patience,
    *,
    loops: bool = False,
) -> Levels:
    """Measure the voice, the tune and the mix, and find the gains that reach the target.

    ``loops`` means that the tune's end leads into its start.

    Raises:
        Permanent: the narration is silent or ends too early, or the tune is damaged or silent;
            codes ``narration_silent``, ``narration_unreadable``, ``music_unreadable``.
        Retryable: code ``music_gone``, and those of the encoder.
    """
    heard, _ = sound_seconds(narration, at_most=seconds)
    if heard < seconds - _ENDS_EARLY:
        raise Permanent(
            f"The narration {narration.name} ends after {heard:.1f} s instead of {seconds:.1f} s: "
            "narrate the script again.",
            code="narration_unreadable",
        )
    levels = Levels()
    voice = integrated(mix(narration, None, seconds, levels), seconds, patience)
    if voice < _SILENCE:
        raise Permanent(
            f"The narration {narration.name} is silent: narrate the script again.",
            code="narration_silent",
        )
    if music:
        levels = Levels(voice=_VOICE - voice, tune_loops=loops)
        levels = _with_tune(levels, music, seconds, patience)
    raw = measure(mix(narration, music, seconds, levels), seconds, patience)
    levels = replace(levels, gain=TARGET - raw.integrated)
    if raw.true_peak + levels.gain <= LIMIT:
        return levels
    return limited(levels, narration, music, seconds, patience, ceiling=LIMIT)


def limited(
    levels: Levels,
    narration: Path,
    music: Path | None,
    seconds: float,
    patience: Patience,
    *,
    ceiling: float,
) -> Levels:
    """Cut the peaks to ``ceiling`` (dB before coding), and find the gain that makes up for it."""
    levels = replace(levels, ceiling=ceiling)
    for _ in range(_TRIALS):
        short = TARGET - integrated(mix(narration, music, seconds, levels), seconds, patience)
        if abs(short) <= _CLOSE:
            break
        # Because of the limiter, a decibel of gain adds about half a decibel of loudness.
        levels = replace(levels, gain=levels.gain + (2 * short if short > 0 else short))
    return levels


def _with_tune(levels: Levels, music: Path, seconds: float, patience: Patience) -> Levels:
    length, promised = sound_seconds(music, at_most=seconds)
    levels = replace(levels, tune_seconds=length)
    if length > _SHORTEST_SHARE * min(promised, seconds):
        tune = _repeated(music, seconds, levels).filter("atrim", duration=seconds)
        loudness = integrated(tune, seconds, patience)
        if loudness >= _SILENCE:
            return replace(levels, tune=_TUNE - loudness)
    if not music.is_file():
        raise gone(music)
    raise Permanent(
        f"The music {music} is damaged or silent: replace it or remove it.", code="music_unreadable"
    )


def gone(music: Path) -> Retryable:
    return Retryable(
        f"The music {music} has been removed; another one will be used.", code="music_gone"
    )


def sound_seconds(path: Path, *, at_most: float) -> tuple[float, float]:
    """Length of a sound by its decodable samples, and by its header.

    Parts that can't be decoded are left out, as the encoder does. Decoding stops after ``at_most``
    seconds; a minute takes a few hundredths of a second.
    """
    length = 0.0
    try:
        with av.open(str(path)) as container:
            promised = (container.duration or 0) / av.time_base
            for packet in container.demux(audio=0):
                with suppress(av.error.FFmpegError):
                    length += sum(frame.samples / frame.sample_rate for frame in packet.decode())
                if length > at_most:
                    break
    except (OSError, IndexError, ValueError, av.error.FFmpegError):
        return 0.0, 0.0
    return length, promised


def measure(sound: Any, seconds: float, patience: Patience) -> Loudness:
    """Measure the loudness and the true peak of a stream by EBU R 128 without writing a file."""
    printed = _metered(sound, seconds, patience, peak="true")
    return Loudness(_last(_INTEGRATED, printed), _last(_PEAK, printed))


def integrated(sound: Any, seconds: float, patience: Patience) -> float:
    """Loudness in LUFS, like ``measure``; half the work without the peak."""
    return _last(_INTEGRATED, _metered(sound, seconds, patience))


def _metered(sound: Any, seconds: float, patience: Patience, **options: str) -> str:
    metered = sound.filter("ebur128", framelog="quiet", **options)
    return encoder_process.run(
        metered.output("pipe:2", format="null").get_args(), seconds=seconds, patience=patience
    )


def _last(figure: re.Pattern[str], printed: str) -> float:
    """From the summary, which comes last."""
    return float(figure.findall(printed)[-1])


def measure_file(path: Path, seconds: float, patience: Patience) -> Loudness:
    return measure(ffmpeg.input(str(path)).audio, seconds, patience)


def _stereo(stream: Any) -> Any:
    return stream.filter("aresample", RATE).filter("aformat", channel_layouts="stereo")

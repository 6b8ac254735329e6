"""Works on samples of speech: reads, softens, measures and resamples them.

Samples are mono, 16-bit, in a one-dimensional array.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

_QUIET = 164.0
"""Highest RMS that counts as silence: 0.5 % of full scale, below the breath of a voice."""
_FRAME = 0.005
_RISE, _FALL = 0.0015, 0.004
"""Seconds of the ramps next to digital silence: long enough to remove the click of a cut sound,
too short to blunt a "t"."""
_SILENCE = 0.02
"""Seconds; shorter runs of zeros belong to the sound."""
_SPOKEN = 0.1
"""Frames this far below the loudest one (20 dB) are pauses and don't count."""


def read(path: Path) -> tuple[Samples, int]:
    """Return the samples of a mono 16-bit WAV file, and its sample rate."""
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def softened(samples: Samples, rate: int) -> Samples:
    """Fade the sound in and out at digital silence, and at its ends.

    A voice may stop in the middle of a wave; the step to zero would be heard as a click.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], samples != 0, [False]])))
    if not len(edges):
        return samples
    starts, ends = edges[::2], edges[1::2]
    apart = starts[1:] - ends[:-1] >= _SILENCE * rate
    soft = samples.astype(np.float32)
    for start, end in zip(
        starts[np.concatenate([[True], apart])],
        ends[np.concatenate([apart, [True]])],
        strict=True,
    ):
        rise, fall = (min(round(ramp * rate), (end - start) // 2) for ramp in (_RISE, _FALL))
        soft[start : start + rise] *= np.linspace(0, 1, rise, endpoint=False, dtype=np.float32)
        soft[end - fall : end] *= np.linspace(1, 0, fall, dtype=np.float32)
    return _whole(soft)


def quiet_ends(samples: Samples, rate: int) -> tuple[float, float]:
    """Measure the silence before and after the sound, in seconds; all silence counts as both."""
    loud = np.flatnonzero(_levels(samples, rate) > _QUIET)
    if not len(loud):
        return (len(samples) / rate,) * 2
    frame = _frame(rate)
    behind = max(0, len(samples) - int(loud[-1] + 1) * frame)
    return int(loud[0]) * frame / rate, behind / rate


def level(stretches: Iterable[Samples], rate: int) -> float:
    """Loudness of speech without its pauses: RMS, of 32,768; 0 if there is none."""
    levels = np.concatenate([np.zeros(1), *(_levels(samples, rate) for samples in stretches)])
    spoken = levels[levels >= levels.max() * _SPOKEN]
    return float(np.sqrt((spoken**2).mean()))


def louder(samples: Samples, gain: float) -> Samples:
    return _whole(samples * np.float32(gain))


def resampled(samples: Samples, own: int, rate: int) -> Samples:
    """The same sound at ``rate`` samples a second, filtered against aliasing."""
    if own == rate or not len(samples):
        return samples
    from av import AudioFrame, AudioResampler  # noqa: PLC0415 - heavy, and only for two rates

    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples)[None], "s16", "mono")
    frame.sample_rate = own
    resampler = AudioResampler("s16", "mono", rate)
    made = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([piece.to_ndarray()[0] for piece in made])


def _frame(rate: int) -> int:
    return max(1, round(rate * _FRAME))


def _levels(samples: Samples, rate: int) -> NDArray[np.float64]:
    """RMS of each 5 ms frame; the last frame may be shorter."""
    frame = _frame(rate)
    padded = np.zeros(-(-len(samples) // frame) * frame)
    padded[: len(samples)] = samples
    levels: NDArray[np.float64] = np.sqrt((padded.reshape(-1, frame) ** 2).mean(axis=1))
    return levels


def _whole(samples: NDArray[np.floating]) -> Samples:
    whole: Samples = np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16)
    return whole

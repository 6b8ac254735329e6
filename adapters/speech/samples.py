"""What is done to the samples of speech: read, soften, weigh, and bring to another rate.

Samples are mono, 16-bit, as an array of one dimension.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

_QUIET = 164.0
"""Loudest RMS that is heard as silence: 0.5 % of full scale, below the breath of a voice."""
_FRAME = 0.005
_RISE, _FALL = 0.0015, 0.004
"""Seconds of the ramps beside digital silence: they take the tick off a sound that is cut there,
and are too short to blunt a "t"."""
_SILENCE = 0.02
"""Shorter rows of zeros belong to the sound."""
_SPOKEN = 0.1
"""Frames this far below the loudest one (20 dB) are pauses and weigh nothing."""


def read(path: Path) -> tuple[Samples, int]:
    """Give the samples of a mono 16-bit WAV file, and how many of them are a second."""
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def softened(samples: Samples, rate: int) -> Samples:
    """Let the sound rise from digital silence and fall back to it, its ends included.

    A voice may stop in the middle of a wave; a step from there to zero is heard as a click.
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
    """Measure the silence before and behind the sound, in seconds; a mute one counts for both."""
    loud = np.flatnonzero(_levels(samples, rate) > _QUIET)
    if not len(loud):
        return (len(samples) / rate,) * 2
    frame = _frame(rate)
    behind = max(0, len(samples) - int(loud[-1] + 1) * frame)
    return int(loud[0]) * frame / rate, behind / rate


def level(stretches: Iterable[Samples], rate: int) -> float:
    """How loud speech is, its pauses left out: RMS, of 32,768; 0 where there is none."""
    levels = np.concatenate([np.zeros(1), *(_levels(samples, rate) for samples in stretches)])
    spoken = levels[levels >= levels.max() * _SPOKEN]
    return float(np.sqrt((spoken**2).mean()))


def louder(samples: Samples, gain: float) -> Samples:
    return _whole(samples * np.float32(gain))


def resampled(samples: Samples, own: int, rate: int) -> Samples:
    """The same sound at ``rate`` samples a second, without the hiss of a missing filter."""
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
    """RMS of each 5 ms; what is left over at the end counts as another frame."""
    frame = _frame(rate)
    padded = np.zeros(-(-len(samples) // frame) * frame)
    padded[: len(samples)] = samples
    levels: NDArray[np.float64] = np.sqrt((padded.reshape(-1, frame) ** 2).mean(axis=1))
    return levels


def _whole(samples: NDArray[np.floating]) -> Samples:
    whole: Samples = np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16)
    return whole

"""Describes sound in numbers that are alike for the same speech sound in two voices.

Every 10 ms: thirteen cepstral coefficients of the mel spectrum (Davis and Mermelstein, 1980) and
how they change (Furui, 1986). Each voice's own mean and spread are taken out.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]
"""One row for each step of the sound, ``STEP`` seconds apart."""

RATE = 16_000
"""Samples a second that ``described`` expects."""
STEP = 0.01
"""Seconds between two rows."""

_HOP, _WINDOW, _POINTS = 160, 400, 512
_BANDS, _COEFFICIENTS = 32, 13
_LOWEST, _HIGHEST = 60.0, 7600.0  # Hz
_PREEMPHASIS = 0.97
_FLOOR = 11.0  # natural logarithm of power, 48 dB below the loud frames: what is below is silence
_SPOKEN = 5.5  # likewise, 24 dB: softer frames don't count for the mean and spread
_CHANGE = 3.0  # weight that gives the changes about the spread of the coefficients themselves


def described(samples: NDArray[np.float32]) -> Features:
    """Return the features of ``samples``; row ``n`` is the sound around ``n * STEP`` seconds."""
    mel = _mel(samples)
    mel = np.maximum(mel, np.percentile(mel.max(axis=1), 95) - _FLOOR)
    loudness = mel.mean(axis=1)
    spoken = loudness > np.percentile(loudness, 99) - _SPOKEN
    cepstrum = mel @ _cosines().T
    spread = cepstrum[spoken].std(axis=0) + 1e-3  # a single tone has none
    cepstrum = (cepstrum - cepstrum[spoken].mean(axis=0)) / spread
    return np.hstack([cepstrum, _CHANGE * _change(cepstrum)]).astype(np.float32)


def _mel(samples: NDArray[np.float32]) -> Features:
    """Logarithm of the power in each band."""
    count = len(samples) // _HOP + 1
    padded = np.zeros((count - 1) * _HOP + _WINDOW + 1, np.float32)
    middle = padded[_WINDOW // 2 :]
    middle[: len(samples)] = samples[: len(middle)]
    sharp = padded[1:] - np.float32(_PREEMPHASIS) * padded[:-1]
    windows = np.lib.stride_tricks.sliding_window_view(sharp, _WINDOW)[::_HOP]
    bands = _bands().T
    power = [
        (np.abs(np.fft.rfft(piece * np.hanning(_WINDOW), _POINTS)) ** 2) @ bands
        for piece in np.array_split(windows, 1 + count // 2000)  # memory stays small
    ]
    mel: Features = np.log(np.maximum(np.concatenate(power), 1e-10)).astype(np.float32)
    return mel


def _change(rows: Features) -> Features:
    """Slope over five rows."""
    padded = np.pad(rows, ((2, 2), (0, 0)), "edge")
    slope = 2 * (padded[4:] - padded[:-4]) + padded[3:-1] - padded[1:-3]
    return (slope / 10).astype(np.float32)


@functools.cache
def _bands() -> NDArray[np.float64]:
    """Triangles of equal width in mel."""
    lowest, highest = (2595 * np.log10(1 + hertz / 700) for hertz in (_LOWEST, _HIGHEST))
    edges = 700 * (10 ** (np.linspace(lowest, highest, _BANDS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(_POINTS, 1 / RATE)
    low, peak, high = (edges[first : first + _BANDS, None] for first in range(3))
    rising, falling = (hertz - low) / (peak - low), (high - hertz) / (high - peak)
    return np.maximum(0, np.minimum(rising, falling))


@functools.cache
def _cosines() -> NDArray[np.float64]:
    waves = np.outer(np.arange(_COEFFICIENTS), np.arange(_BANDS) + 0.5) * np.pi / _BANDS
    cosines: NDArray[np.float64] = np.cos(waves) * np.sqrt(2 / _BANDS)
    return cosines

"""Measure when there is sound in a WAV file, without knowing the words."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

FRAME_SECONDS = 0.005


def sounding(path: Path, *, silence: float, threshold: float = 60.0) -> list[tuple[float, float]]:
    """Give (start, end) in seconds of each stretch between ``silence`` seconds of quiet.

    ``threshold`` is the loudest RMS that counts as quiet, out of 32,768.
    """
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float64)
    frame = int(rate * FRAME_SECONDS)
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    loud = np.sqrt((frames**2).mean(axis=1)) > threshold
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]))) * frame / rate
    stretches: list[tuple[float, float]] = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if stretches and start - stretches[-1][1] < silence:
            stretches[-1] = (stretches[-1][0], float(end))
        else:
            stretches.append((float(start), float(end)))
    return stretches

"""Make what a video is rendered from, and read what came out."""

from __future__ import annotations

import os
import subprocess
import wave
from pathlib import Path

import av
import numpy as np

from adapters.ffmpeg import encoder_process
from adapters.ffmpeg.encoder_process import Patience
from adapters.ports import RenderPlan

PATIENT = Patience()
SECONDS = 3.0


def speak_tones(path: Path, *, seconds: float = SECONDS, level: float = 0.3) -> None:
    """Write a sound with the rhythm of syllables, and peaks well over its average."""
    at = np.arange(int(seconds * 22_050)) / 22_050
    swell = np.maximum(0, np.sin(2 * np.pi * 3 * at)) ** 9
    tone = np.sin(2 * np.pi * 180 * at) + 0.5 * np.sin(2 * np.pi * 1_330 * at)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 22_050, 0, "NONE", "not compressed"))
        file.writeframes((level * 20_000 * swell * tone).astype("<i2").tobytes())


def hiss(path: Path, *, seconds: float = SECONDS) -> None:
    """Write a voice with sibilants at a quarter of the sample rate, sampled beside their peaks."""
    at = np.arange(int(seconds * 48_000))
    voice = 4_000 * np.sin(2 * np.pi * 180 * at / 48_000)
    sibilant = 30_000 * np.sin(np.pi / 2 * at + np.pi / 4) * (at % 24_000 < 240)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", "not compressed"))
        file.writeframes(np.where(sibilant != 0, sibilant, voice).astype("<i2").tobytes())


def film(path: Path, source: str, seconds: float) -> None:
    """Make a clip from one of ffmpeg's test pictures."""
    arguments = ["-f", "lavfi", "-i", source, "-t", str(seconds), "-pix_fmt", "yuv420p", str(path)]
    encoder_process.run(arguments, seconds=seconds, patience=PATIENT)


def left_behind(plan: RenderPlan) -> list[str]:
    folder = plan.output.parent
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def picture_at(path: Path, second: float) -> np.ndarray:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time >= second:
                return frame.to_ndarray(format="rgb24").astype(int)
    raise AssertionError(second)


def encoder_children() -> list[int]:
    found = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "ffmpeg"],
        capture_output=True,
        check=False,  # 1: there is none
    )
    return [int(pid) for pid in found.stdout.split()]

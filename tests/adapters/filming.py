"""Make test clips, and read what a video shows of them."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from adapters.backgrounds.library import Backgrounds
from adapters.ffmpeg import encoder_process
from adapters.ffmpeg.encoder_process import Patience
from core.errors import Permanent

WHITE, GREY, BLACK = np.full(3, 255), np.full(3, 108), np.zeros(3)
RED, GREEN, BLUE = np.diag([255, 255, 255])


def make(path: Path, *arguments: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    encoder_process.run(["-y", *arguments, str(path)], seconds=5, patience=Patience())
    return path


def drawn(path: Path, source: str, *options: str, seconds: float = 1.0) -> Path:
    return make(path, "-f", "lavfi", "-i", source, "-t", str(seconds), *options)


def frames(path: Path) -> np.ndarray:
    """Every frame of a clip at an eighth of its width; R, G, B."""
    with av.open(str(path)) as container:
        return np.stack(
            [
                frame.reformat(135, 240, "rgb24", interpolation="AREA").to_ndarray().astype(int)
                for frame in container.decode(video=0)
            ]
        )


def shown(clip: Path, tmp_path: Path, seconds: float = 60.0) -> np.ndarray:
    """What a video shows of the only clip in its folder, from the start second on."""
    chosen = Backgrounds(folder=clip.parent, cache=tmp_path / "kept").choose("", 0, seconds)
    with chosen.ready(lambda _share: None) as footage:
        return frames(footage.path)


def refused(clip: Path, tmp_path: Path) -> str:
    with pytest.raises(Permanent) as caught:
        shown(clip, tmp_path)
    assert caught.value.code == "background_unreadable"
    assert str(clip) in str(caught.value)
    return str(caught.value)


def assert_like(pixel: np.ndarray, wanted: np.ndarray, by: int = 14) -> None:
    assert abs(pixel - wanted).max() <= by, (pixel, wanted)

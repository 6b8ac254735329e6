"""The sandbox with its own limits, and a maker of small videos."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from sandbox.testing import RunningSandbox, running_sandbox

MakeVideo = Callable[..., Path]


@pytest.fixture(scope="session")
def served() -> Iterator[RunningSandbox]:
    with running_sandbox(processing_seconds=0.3, webhook_retry_seconds=0.2) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def make_video(tmp_path_factory: pytest.TempPathFactory) -> MakeVideo:
    """A maker of real MP4 files: ``make_video(seconds=, fps=, width=, height=)``."""
    folder = tmp_path_factory.mktemp("videos")
    made: dict[tuple[float, int, int, int], Path] = {}

    def make(seconds: float = 1.0, fps: int = 30, width: int = 540, height: int = 960) -> Path:
        key = (seconds, fps, width, height)
        if key not in made:
            made[key] = folder / f"{len(made)}.mp4"
            _encode(made[key], round(seconds * fps), fps, width, height)
        return made[key]

    return make


def _encode(path: Path, frames: int, fps: int, width: int, height: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            shade = int(255 * number / max(frames - 1, 1))
            picture = np.full((height, width, 3), (shade, 90, 255 - shade), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))

"""Where a video's background comes from: the operator's folder, or a loop drawn here.

Everything follows from a seed, so the same story gets the same background again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from adapters.media_probe import UnreadableMediaError, probe
from adapters.ports import Background
from core.errors import Permanent

SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi"})
KINDS_KEPT = 24
"""So many different loops are drawn and kept; seeds beyond share them."""

WIDTH, HEIGHT, FPS = 1080, 1920, 30

_SCALE = 8  # soft pictures are drawn this much smaller; enlarging costs less than drawing
_Image = NDArray[np.float32]
_Palette = tuple[tuple[int, int, int], ...]

# From dark to light, as R, G, B; dark enough for white captions.
_PALETTES: tuple[_Palette, ...] = (
    ((10, 8, 32), (46, 22, 96), (128, 42, 128), (226, 108, 116)),
    ((4, 16, 34), (8, 54, 88), (14, 110, 132), (92, 190, 180)),
    ((14, 10, 24), (58, 20, 60), (150, 44, 66), (240, 148, 84)),
    ((6, 20, 22), (10, 62, 58), (36, 122, 92), (170, 204, 124)),
    ((8, 12, 40), (24, 44, 116), (62, 98, 196), (150, 178, 240)),
    ((12, 10, 36), (52, 36, 120), (96, 84, 196), (110, 190, 220)),
)


class Backgrounds:
    """Chooses backgrounds.

    Args:
        folder: the operator's own clips; None draws loops instead.
        cache: folder that keeps what was drawn.
    """

    def __init__(self, *, folder: Path | None, cache: Path) -> None:
        self._folder = folder
        self._cache = cache

    def choose(self, seed: int, seconds: float) -> Background:
        """Give the background for a video of ``seconds``; a new loop takes a few seconds to draw.

        Raises:
            Permanent: see ``choose_background``.
        """
        if self._folder:
            return choose_background(self._folder, seed, seconds)
        kept = seed % KINDS_KEPT
        path = self._cache / f"background-{kept}.mp4"
        if not path.exists():
            generate_background(path, kept)
        return Background(path, start=0.0)


def choose_background(folder: Path, seed: int, seconds: float = 0.0) -> Background:
    """Choose a clip of ``folder`` and where to begin in it, so that it need not start over.

    Raises:
        Permanent: codes ``background_folder`` (missing, or without a clip) and
            ``background_unreadable``.
    """
    if not folder.is_dir():
        raise Permanent(
            f"The background folder {folder} does not exist: create it or unset BACKGROUND_DIR.",
            code="background_folder",
        )
    clips = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not clips:
        raise Permanent(
            f"The background folder {folder} holds no video ({', '.join(sorted(SUFFIXES))}): "
            "put one in or unset BACKGROUND_DIR.",
            code="background_folder",
        )
    chance = random.Random(seed)  # noqa: S311 (reproducible on purpose)
    clip = chance.choice(clips)
    try:
        length = probe(clip).seconds
    except UnreadableMediaError as error:
        raise Permanent(
            f"The background {clip} can't be read: replace or remove it.",
            code="background_unreadable",
        ) from error
    latest = length - seconds if length > seconds else length
    return Background(clip, start=round(chance.uniform(0.0, latest), 2))


def generate_background(path: Path, seed: int, seconds: float = 8.0) -> None:
    """Draw a calm abstract clip that loops without a seam, and write it to ``path``."""
    chance = np.random.default_rng(seed)
    kind, palette = seed % 2, seed // 2 % len(_PALETTES)
    picture = (_plasma, _lights)[kind](chance, _PALETTES[palette])
    count = round(seconds * FPS)
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".background-", dir=path.parent) as folder:
        made = Path(folder) / path.name
        _encode(made, picture, count)
        made.replace(path)


def _encode(path: Path, picture: Callable[[float], _Image], count: int) -> None:
    """Write ``count`` pictures over one turn of the circle, in a form that is cheap to decode."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"preset": "ultrafast", "tune": "fastdecode", "crf": "20", "g": str(FPS)}
        stream.codec_context.colorspace = 1  # BT.709, as players take pictures of this size
        for index in range(count):
            small = (picture(2 * np.pi * index / count) * 65_535).astype(np.uint16)
            # 16 bits a colour, so that the enlarged gradients show no bands
            frame = av.VideoFrame.from_ndarray(small, format="rgb48le").reformat(
                WIDTH, HEIGHT, "yuv420p", interpolation="BICUBIC", dst_colorspace="ITU709"
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _plasma(chance: np.random.Generator, palette: _Palette) -> Callable[[float], _Image]:
    """Slow coloured fog: a few warped waves, each moving by whole turns in a loop."""
    x, y = _grid()
    waves = [
        (
            chance.uniform(1.2, 3.2),
            chance.uniform(0, 2 * np.pi),
            chance.choice([-1, 1]),
            chance.uniform(0, 2 * np.pi),
        )
        for _ in range(5)
    ]
    colours = _ramp(palette)

    def picture(turn: float) -> _Image:
        warped_x = x + 0.18 * np.sin(4.2 * y + turn + 1)
        warped_y = y + 0.18 * np.cos(4.6 * x - turn)
        height = sum(
            np.sin(np.pi * rate * (np.cos(way) * warped_x + np.sin(way) * warped_y) + n * turn + at)
            for rate, way, n, at in waves
        ) / len(waves)
        return colours(0.5 + 0.65 * height)

    return picture


def _lights(chance: np.random.Generator, palette: _Palette) -> Callable[[float], _Image]:
    """Soft lights out of focus that drift on closed curves over a dark gradient."""
    x, y = _grid()
    lights = [
        (
            chance.uniform(-0.6, 0.6),
            chance.uniform(-1.0, 1.0),
            chance.uniform(0.04, 0.16),
            chance.uniform(0.15, 0.5),
            chance.uniform(0, 2 * np.pi, size=3),
        )
        for _ in range(28)
    ]
    colours = _ramp(palette)
    slope = 0.22 + 0.1 * y

    def picture(turn: float) -> _Image:
        brightness = slope + 0.06 * np.sin(3 * x + turn)
        for left, top, radius, power, (a, b, c) in lights:
            far = np.hypot(x - left - 0.12 * np.sin(turn + a), y - top - 0.16 * np.cos(turn + b))
            edge = np.clip((radius - far) / 0.03, 0, 1)
            brightness = brightness + power * (0.7 + 0.3 * np.sin(turn + c)) * edge
        return colours(brightness)

    return picture


def _grid() -> tuple[_Image, _Image]:
    """Coordinates of the small picture, 0 in its middle; its width is 1."""
    rows, columns = HEIGHT // _SCALE, WIDTH // _SCALE
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    return x / columns - 0.5, (y - rows / 2) / columns


def _ramp(palette: _Palette) -> Callable[[_Image], _Image]:
    """Give the function from brightness (0 to 1) to colours of the palette (0 to 1)."""
    levels = np.linspace(0, 1, 4096)
    steps = np.linspace(0, 1, len(palette))
    table = np.stack(
        [np.interp(levels, steps, channel) for channel in zip(*palette, strict=True)], axis=1
    ).astype(np.float32)
    table /= 255

    def colours(brightness: _Image) -> _Image:
        found: _Image = table[(np.clip(brightness, 0, 1) * 4095).astype(np.int32)]
        return found

    return colours

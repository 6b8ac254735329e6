"""What all drawn backgrounds share: coordinates, colours, brightness limit and encoding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from adapters.ports import Progress

WIDTH, HEIGHT, FPS = 1080, 1920, 30
TURN = 2 * np.pi
_BT709, _LIMITED = 1, 1  # what players assume for this size (ITU-T H.273)

Image = NDArray[np.float32]
Painter = Callable[[float], Image]
"""From a position in the loop (0 to 1) to a picture: rows, columns, R G B (0 to 1).

The picture is 9:16 and may be much smaller than the clip: enlarging costs less than drawing."""
Palette = tuple[tuple[int, int, int], ...]

# From dark to light, as R, G, B.
PALETTES: tuple[Palette, ...] = (
    ((10, 8, 32), (46, 22, 96), (128, 42, 128), (226, 108, 116)),
    ((4, 16, 34), (8, 54, 88), (14, 110, 132), (92, 190, 180)),
    ((14, 10, 24), (58, 20, 60), (150, 44, 66), (240, 148, 84)),
    ((6, 20, 22), (10, 62, 58), (36, 122, 92), (170, 204, 124)),
    ((8, 12, 40), (24, 44, 116), (62, 98, 196), (150, 178, 240)),
    ((12, 10, 36), (52, 36, 120), (96, 84, 196), (110, 190, 220)),
)


class Chance:
    """Reproducible random numbers as plain floats; NumPy's would turn pictures into doubles."""

    def __init__(self, *seed: int) -> None:
        self._generator = np.random.default_rng(seed)

    def between(self, least: float, most: float) -> float:
        return float(self._generator.uniform(least, most))

    def below(self, most: float) -> float:
        return self.between(0, most)

    def either(self, *choices: Any) -> Any:
        return choices[int(self._generator.integers(len(choices)))]

    def one_in(self, count: int) -> bool:
        return int(self._generator.integers(count)) == 0


_KNEE, _CEILING = 0.09, 0.18
"""Luminance above which pictures are darkened, and the maximum. White letters keep a contrast of
4.5:1 (WCAG 2.2, 1.4.3: (1 + 0.05) / (0.18 + 0.05))."""
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)  # BT.709


def grid(scale: int) -> tuple[Image, Image]:
    """Coordinates of a picture that is ``scale`` times smaller than the clip.

    0 is the middle; the width is 1.
    """
    rows, columns = HEIGHT // scale, WIDTH // scale
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    return (x + 0.5) / columns - 0.5, (y + 0.5 - rows / 2) / columns


def ramp(palette: Palette) -> Callable[[Image], Image]:
    """Return a function from brightness (0 to 1) to the palette's colours (0 to 1)."""
    levels = np.linspace(0, 1, 4096)
    steps = np.linspace(0, 1, len(palette))
    table = np.stack(
        [np.interp(levels, steps, channel) for channel in zip(*palette, strict=True)], axis=1
    ).astype(np.float32)
    table /= 255

    def colours(brightness: Image) -> Image:
        found: Image = table[(np.clip(brightness, 0, 1) * 4095).astype(np.int32)]
        return found

    return colours


def colour(palette: Palette, index: int, strength: float = 1.0) -> Image:
    """One of the palette's colours, 0 to 1."""
    return np.array(palette[index], np.float32) * np.float32(strength / 255)


def tint(brightness: Image, rgb: Image) -> Image:
    """A picture of one colour with the given brightness."""
    tinted: Image = brightness[:, :, None] * rgb
    return tinted


def add_sprite(picture: Image, sprite: Image, left: float, top: float) -> None:
    """Add light (rows, columns, R G B) to a picture; parts outside it are cut off.

    ``left`` and ``top`` are pixels of the picture and may be fractions.
    """
    column, row = int(np.floor(left)), int(np.floor(top))
    right_share, low_share = np.float32(left - column), np.float32(top - row)
    for down, along, share in (
        (0, 0, (1 - low_share) * (1 - right_share)),
        (0, 1, (1 - low_share) * right_share),
        (1, 0, low_share * (1 - right_share)),
        (1, 1, low_share * right_share),
    ):
        _add(picture, sprite, column + along, row + down, share)


def _add(picture: Image, sprite: Image, left: int, top: int, share: np.float32) -> None:
    rows, columns = picture.shape[:2]
    high, wide = sprite.shape[:2]
    first_row, first_column = max(0, -top), max(0, -left)
    last_row, last_column = min(high, rows - top), min(wide, columns - left)
    if share and first_row < last_row and first_column < last_column:
        picture[top + first_row : top + last_row, left + first_column : left + last_column] += (
            share * sprite[first_row:last_row, first_column:last_column]
        )


def glow(radius: float, *, softness: float = 2.0) -> Image:
    """A round light of ``radius`` pixels in a square: 1 in the middle, 0 at the edge."""
    reach = int(np.ceil(radius)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    inside: Image = np.clip(1 - np.hypot(x, y) / np.float32(radius), 0, 1) ** np.float32(softness)
    return inside


def darkened(picture: Image) -> Image:
    """Darken bright areas and keep their colours, so that white letters are readable anywhere."""
    luminance = (picture * picture) @ _WEIGHTS  # a gamma of 2 gives slightly too high values: safe
    room = _CEILING - _KNEE
    over = np.maximum(luminance - _KNEE, 0)
    limited = np.minimum(luminance, _KNEE) + room * (1 - np.exp(-over / room))
    dark: Image = picture * np.sqrt(limited / np.maximum(luminance, 1e-6))[:, :, None]
    return dark


def film(path: Path, painter: Painter, seconds: float, progress: Progress) -> None:
    """Write one loop of ``painter``."""
    count = round(seconds * FPS)
    encode(path, (_enlarged(darkened(painter(n / count))) for n in range(count)), progress)


def _enlarged(picture: Image) -> av.VideoFrame:
    small = np.clip(picture, 0, 1) * 65_535
    # 16 bits per colour, so that the enlarged gradients show no bands
    return av.VideoFrame.from_ndarray(small.astype(np.uint16), format="rgb48le")


# "ultrafast" has no adaptive quantization; without it dark slopes turn into bands and blocks.
_ENCODING = {
    "preset": "ultrafast", "tune": "fastdecode", "crf": "20", "g": str(FPS), "aq-mode": "1",
}  # fmt: skip


def encode(path: Path, pictures: Iterable[av.VideoFrame], progress: Progress) -> None:
    """Write RGB pictures of any size as a clip that is cheap to decode.

    ``progress`` is called with 0 before each, because the render itself has not started.
    """
    with av.open(str(path), "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = _ENCODING
        codec = stream.codec_context
        codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
        codec.color_range = _LIMITED
        for picture in pictures:
            progress(0.0)
            frame = picture.reformat(
                WIDTH, HEIGHT, "yuv420p", interpolation="BICUBIC", dst_colorspace="ITU709"
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode())

"""Makes a film of a still picture: the view drifts and comes back, so that it repeats unseen."""

from __future__ import annotations

from io import BytesIO
from math import cos, sin, tau
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from PIL import Image, ImageCms, ImageOps
from PIL.Image import Resampling

from adapters import clip_cuts, clips
from adapters.clips import FPS, HEIGHT, WIDTH, Clip
from adapters.drawn.canvas import encode
from adapters.ffmpeg_process import Patience
from adapters.ports import Progress

SECONDS = 10.0

_ZOOM = 0.12  # the picture is so much larger than the view when it is nearest
_LEAST = (WIDTH // 2, HEIGHT // 2)  # pixels that must be there of what is seen
_SPARE = 1.1  # times the film's size: as fine as the nearest view shows


def film(
    clip: Path, into: Path, *, patience: Patience, progress: Progress, seconds: float = SECONDS
) -> None:
    """Make a film of a picture, or of the first picture of a clip that is too short to be shown.

    Raises:
        Permanent: code ``background_unreadable``.
        Retryable: codes ``background_gone``, ``disk_full`` and those of the encoder.
    """
    if clip.suffix.lower() in clips.STILLS:
        picture = _fitted(_opened(clip), clip)
    else:
        picture = _first(clips.read(clip), patience, progress)
    count = round(seconds * FPS)
    encode(into, (_view(picture, n / count) for n in range(count)), progress)


def _opened(path: Path) -> Image.Image:
    """Turned upright, in the colours of a common display, before black."""
    try:
        with Image.open(path) as opened:
            opened.draft("RGB", (3 * WIDTH, 3 * HEIGHT))  # of a huge JPEG, no more is decoded
            upright = ImageOps.exif_transpose(opened)
            profile = opened.info.get("icc_profile")
            if upright.mode in {"RGBA", "LA", "P", "PA"}:
                upright = upright.convert("RGBA")
                black = Image.new("RGBA", upright.size, "black")
                upright = Image.alpha_composite(black, upright)
            upright = upright.convert("RGB")
            return _in_srgb(upright, profile) if profile else upright
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise clips.unreadable(path) from error


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    try:
        own = ImageCms.ImageCmsProfile(BytesIO(profile))
        changed = ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"))
    except (OSError, ImageCms.PyCMSError):  # of another kind of picture, or damaged: as viewers do
        return picture
    return changed or picture


def _fitted(picture: Image.Image, path: Path) -> Image.Image:
    wide = min(picture.width, picture.height * WIDTH // HEIGHT)
    high = min(picture.height, picture.width * HEIGHT // WIDTH)
    if (wide, high) < _LEAST:
        size = f"{picture.width}x{picture.height}"
        least = f"{_LEAST[0]}x{_LEAST[1]}"
        raise clips.unreadable(path, f"is too small to fill a screen ({size}; {least} are needed)")
    share = min(1.0, wide / WIDTH / _SPARE)
    return ImageOps.fit(picture, (round(WIDTH * _SPARE * share), round(HEIGHT * _SPARE * share)))


def _first(clip: Clip, patience: Patience, progress: Progress) -> Image.Image:
    with TemporaryDirectory() as folder:
        into = Path(folder) / "first.mp4"
        clip_cuts.cut(clip, into, start=0, seconds=1 / FPS, patience=patience, progress=progress)
        with av.open(str(into)) as container:
            frame: Any = next(container.decode(video=0))
            first: Image.Image = frame.to_image()
            return first


def _view(picture: Image.Image, share: float) -> av.VideoFrame:
    """What is seen when ``share`` of the loop is over."""
    turn = tau * share
    size = 1 - _ZOOM / 2 * (1 - 0.5 * cos(turn))  # of the picture
    room = 1 - size
    left = room * (0.5 + 0.4 * sin(turn)) * picture.width
    top = room * (0.5 - 0.4 * cos(turn)) * picture.height
    box = (left, top, left + size * picture.width, top + size * picture.height)
    seen = picture.resize((WIDTH, HEIGHT), Resampling.BILINEAR, box)
    return av.VideoFrame.from_ndarray(np.asarray(seen), format="rgb24")

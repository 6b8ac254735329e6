"""Turn a still picture into a looping clip: the view drifts away and comes back."""

from __future__ import annotations

from io import BytesIO
from math import cos, sin, tau
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
import structlog
from PIL import Image, ImageCms, ImageEnhance, ImageFilter, ImageOps
from PIL.Image import Resampling

from adapters.backgrounds import clip_cuts, clips
from adapters.backgrounds.clips import FPS, HEIGHT, WIDTH, Clip
from adapters.backgrounds.drawn.canvas import encode
from adapters.ffmpeg.encoder_process import Patience
from adapters.ports import Progress

log = structlog.get_logger(__name__)

SECONDS = 10.0

_ZOOM = 0.12  # how much larger the picture is than the nearest view
_SPARE = 1.1  # times the clip's size: enough detail for the nearest view
_MOST_ENLARGED = 2.0  # beyond this, a picture is blurred
_LEAST = (WIDTH / _MOST_ENLARGED, HEIGHT / _MOST_ENLARGED)  # pixels that must fill the screen
_ALWAYS_SEEN = 0.88  # share of the picture that is always visible
_SOFT = 12  # the picture is blurred this many times smaller: cheap, and shows no steps
_DARK = 0.45


def film(
    clip: Path, into: Path, *, patience: Patience, progress: Progress, seconds: float = SECONDS
) -> None:
    """Make a clip from a picture, or from the first frame of a clip that is too short to show.

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
    """Open a picture upright, in sRGB, on black."""
    try:
        with Image.open(path) as opened:
            opened.draft("RGB", (3 * WIDTH, 3 * HEIGHT))  # decodes a huge JPEG at reduced size
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
    except (OSError, ImageCms.PyCMSError):  # wrong or damaged profile: ignored, as viewers do
        return picture
    return changed or picture


def _fitted(picture: Image.Image, path: Path) -> Image.Image:
    wide = min(picture.width, picture.height * WIDTH // HEIGHT)
    high = min(picture.height, picture.width * HEIGHT // WIDTH)
    if (wide, high) < _LEAST:
        log.warning("background.small", clip=str(path), size=f"{picture.width}x{picture.height}")
        return _framed(picture)
    share = min(1.0, wide / WIDTH / _SPARE)
    return ImageOps.fit(picture, (round(WIDTH * _SPARE * share), round(HEIGHT * _SPARE * share)))


def _framed(picture: Image.Image) -> Image.Image:
    """Show all of a picture that is too small for the screen on a blurred, dark copy of it."""
    whole = (round(WIDTH * _SPARE), round(HEIGHT * _SPARE))
    soft = ImageOps.fit(picture, (whole[0] // _SOFT, whole[1] // _SOFT))
    soft = ImageEnhance.Brightness(soft.filter(ImageFilter.GaussianBlur(5))).enhance(_DARK)
    framed = soft.resize(whole)
    room = (whole[0] * _ALWAYS_SEEN / picture.width, whole[1] * _ALWAYS_SEEN / picture.height)
    larger = min(_MOST_ENLARGED, *room)
    size = [max(1, round(side * larger)) for side in picture.size]
    shown = picture.resize((size[0], size[1]), Resampling.LANCZOS)
    framed.paste(shown, ((whole[0] - size[0]) // 2, (whole[1] - size[1]) // 2))
    return framed


def _first(clip: Clip, patience: Patience, progress: Progress) -> Image.Image:
    with TemporaryDirectory() as folder:
        into = Path(folder) / "first.mp4"
        clip_cuts.cut(clip, into, start=0, seconds=1 / FPS, patience=patience, progress=progress)
        with av.open(str(into)) as container:
            frame: Any = next(container.decode(video=0))
            first: Image.Image = frame.to_image()
            return first


def _view(picture: Image.Image, share: float) -> av.VideoFrame:
    """The frame at ``share`` of the loop."""
    turn = tau * share
    size = 1 - _ZOOM / 2 * (1 - 0.5 * cos(turn))  # of the picture
    room = 1 - size
    left = room * (0.5 + 0.4 * sin(turn)) * picture.width
    top = room * (0.5 - 0.4 * cos(turn)) * picture.height
    box = (left, top, left + size * picture.width, top + size * picture.height)
    seen = picture.resize((WIDTH, HEIGHT), Resampling.BILINEAR, box)
    return av.VideoFrame.from_ndarray(np.asarray(seen), format="rgb24")

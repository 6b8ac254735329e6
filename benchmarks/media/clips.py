"""Backgrounds of different kinds, unlike each other for an encoder.

The steps of ``adapters/ffmpeg/encoder_choice.py`` were fitted to drawn backgrounds and noise only;
the choice has not been tuned to the other kinds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ffmpeg

from adapters.backgrounds.drawn import draw
from adapters.ffmpeg import encoder_process
from adapters.ffmpeg.encoder_process import Patience
from adapters.ports import DrawnBackground

_SECONDS = 6.0
_SIZE = "1080x1920"
_SCALED = "scale=1080:1920"
_CUT_SECONDS = 0.7


def _drawn(path: Path) -> None:
    draw(path, DrawnBackground.FOG, 1, seconds=_SECONDS)


def _gameplay(path: Path) -> None:
    """Hard-edged blocks that rush by, as in a game of blocks."""
    world = "mandelbrot=s=135x240:r=30:start_scale=0.3:end_scale=0.00001:end_pts=200"
    _film(path, f"{world},{_SCALED}:flags=neighbor")


def _noisy(path: Path) -> None:
    _film(path, f"mandelbrot=s={_SIZE}:r=30,noise=alls=40:allf=t")


def _still(path: Path) -> None:
    _film(path, f"mandelbrot=s={_SIZE}:r=30:start_scale=0.2,loop=loop=-1:size=1")


def _film_grain(path: Path) -> None:
    """Weak noise that changes with each frame, over slow gradients."""
    smooth = f"gradients=s=270x480:r=30:speed=0.01:seed=7,{_SCALED}"
    _film(path, f"{smooth},noise=c0s=7:c0f=t+u")


def _fast_cuts(path: Path) -> None:
    """Another scene every 0.7 seconds."""
    shots = []
    for kind in list(DrawnBackground)[:8]:
        shot = path.with_name(f"shot-{kind}.mp4")
        draw(shot, kind, 2, seconds=_CUT_SECONDS)
        shots.append(ffmpeg.input(str(shot)))
    _encode(path, ffmpeg.concat(*shots, v=1, a=0))


KINDS: dict[str, Callable[[Path], None]] = {
    "drawn": _drawn,
    "gameplay-like": _gameplay,
    "noisy": _noisy,
    "still": _still,
    "film grain": _film_grain,
    "fast cuts": _fast_cuts,
}


def _film(path: Path, source: str) -> None:
    _encode(path, ffmpeg.input(source, format="lavfi", t=_SECONDS))


def _encode(path: Path, shown: ffmpeg.nodes.Stream) -> None:
    made = shown.output(str(path), vcodec="libx264", preset="ultrafast", crf=14, pix_fmt="yuv420p")
    encoder_process.run(made.get_args(), seconds=_SECONDS, patience=Patience())

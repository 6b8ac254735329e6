"""Make noise clips to post, short and long."""

from __future__ import annotations

from pathlib import Path

import ffmpeg
import imageio_ffmpeg


def make_clip(
    path: Path, seconds: float = 1.0, *, size: str = "360x640", crf: int = 27, noise: int = 20
) -> None:
    """Make an upright clip; with noise, it hardly compresses."""
    picture = ffmpeg.input(f"testsrc2=size={size}:rate=30:duration={seconds}", format="lavfi")
    made = ffmpeg.output(
        picture.filter("noise", alls=noise, allf="t"),
        str(path),
        vcodec="libx264",
        preset="ultrafast",
        pix_fmt="yuv420p",
        crf=crf,
    )
    made.run(cmd=imageio_ffmpeg.get_ffmpeg_exe(), quiet=True)


def make_long_clip(path: Path, *, at_least: int) -> None:
    """Make a clip of at least ``at_least`` bytes: one second of fine noise, repeated."""
    second = path.with_name("second.mp4")
    make_clip(second, size="1080x1920", crf=1)
    again = -(-at_least // second.stat().st_size) - 1
    looped = ffmpeg.input(str(second), stream_loop=again)
    looped.output(str(path), c="copy").run(cmd=imageio_ffmpeg.get_ffmpeg_exe(), quiet=True)
    second.unlink()

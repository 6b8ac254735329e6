"""Makes good and bad videos with the real ffmpeg."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "10")
AAC = ("-c:a", "aac", "-b:a", "64k")
FAST = ("-movflags", "+faststart")


@dataclass
class Studio:
    """A media folder, and a folder with clips that are made only once."""

    media: Path
    store: Path
    dice: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311

    def clip(
        self,
        suffix: str = ".mp4",
        *options: str,
        size: str = "360x640",
        rate: float = 30,
        seconds: float = 1,
        sound: bool = True,
    ) -> bytes:
        """A second of video with a tone; ``options`` replace H.264 and AAC."""
        name = "-".join((size, str(rate), str(seconds), str(sound), *options))
        kept = self.store / (name.replace("/", "_").replace(" ", "") + suffix)
        if not kept.exists():
            picture = f"testsrc2=size={size}:rate={rate}:duration={seconds}"
            inputs = ["-f", "lavfi", "-i", picture]
            if sound:
                inputs += ["-f", "lavfi", "-i", f"sine=440:duration={seconds}"]
            self.run(*inputs, *(options or (*H264, *AAC, *FAST)), str(kept))
        return kept.read_bytes()

    def run(self, *arguments: str) -> None:
        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
        subprocess.run([ffmpeg, "-v", "error", "-y", *arguments], check=True, timeout=60)

    def put(self, content: bytes, name: str = "video.mp4") -> Path:
        path = self.media / name
        path.write_bytes(content)
        return path

    def noise(self, length: int) -> bytes:
        return self.dice.randbytes(length)


def box(kind: bytes, content: bytes = b"") -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def top_boxes(video: bytes) -> dict[bytes, bytes]:
    """The outermost boxes of an MP4 by kind, with their headers."""
    found, at = {}, 0
    while at < len(video):
        length = int.from_bytes(video[at : at + 4], "big")
        found[video[at + 4 : at + 8]] = video[at : at + length]
        at += length
    return found


def patched(video: bytes, kind: bytes, change: Callable[[bytearray, int], None]) -> bytes:
    """``video`` after ``change(bytes, where the content of its first box of ``kind`` begins)``."""
    changed = bytearray(video)
    change(changed, video.index(kind) + 4)
    return bytes(changed)


def write(at: int, value: int, length: int = 4) -> Callable[[bytearray, int], None]:
    """A change for ``patched``: a number at an offset in the box."""

    def change(video: bytearray, start: int) -> None:
        video[start + at : start + at + length] = value.to_bytes(length, "big")

    return change

"""Media files' properties, as the renderer and the backgrounds need them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest

from adapters.media.media_probe import UnreadableMediaError, probe


def make(path: Path, *options: str) -> Path:
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", *options, str(path)],
        check=True,
    )
    return path


def test_a_videos_properties(tmp_path: Path) -> None:
    path = make(tmp_path / "clip.mp4", "-i", "testsrc2=size=360x640:rate=30:duration=1")

    media = probe(path)

    assert (media.video_streams, media.audio_streams) == (1, 0)
    assert (media.width, media.height, media.fps) == (360, 640, 30.0)
    assert media.seconds == pytest.approx(1, abs=0.05)
    assert media.size_bytes == path.stat().st_size


def test_a_sound_has_no_picture(tmp_path: Path) -> None:
    media = probe(make(tmp_path / "tone.wav", "-i", "sine=440:duration=1"))

    assert (media.video_streams, media.audio_streams) == (0, 1)
    assert (media.width, media.height, media.fps) == (0, 0, 0.0)


@pytest.mark.parametrize("content", [None, b"", b"It went out."])
def test_a_file_without_media_is_unreadable(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UnreadableMediaError):
        probe(path)

"""A small video to render, and its renderers."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.ffmpeg.renderer import FfmpegRenderer
from adapters.ports import RenderPlan, WordTiming
from pipelines.production.captions import fonts, subtitle_writer
from tests.adapters.ffmpeg.rendering import SECONDS, film, speak_tones


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "busy.mp4"
    film(path, "testsrc2=s=540x960:r=30", 2)
    return path


@pytest.fixture
def plan(tmp_path: Path, clip: Path) -> RenderPlan:
    """A small, quick video in a folder whose name would break a careless command."""
    folder = tmp_path / "it's, [a] story: 100%;"
    folder.mkdir()
    words = [WordTiming("hello", 0.5, 0.9), WordTiming("there.", 1.0, 1.5)]
    subtitles = subtitle_writer.build(
        words, caption_style=subtitle_writer.CaptionStyle(), part=(1, 1), seconds=SECONDS
    )
    (folder / "captions.ass").write_text(subtitles.ass, encoding="utf-8")
    speak_tones(folder / "narration.wav")
    return RenderPlan(
        narration=folder / "narration.wav",
        seconds=SECONDS,
        subtitles=folder / "captions.ass",
        output=folder / "out" / "video.mp4",
        cover=folder / "out" / "cover.jpg",
        cover_at=1.2,
        background=clip,
        width=540,
        height=960,
    )


@pytest.fixture
def renderer() -> FfmpegRenderer:
    return FfmpegRenderer(fonts=fonts.FOLDER)


@pytest.fixture
def quick() -> FfmpegRenderer:
    """For tests where neither size nor timing matters."""
    return FfmpegRenderer(fonts=fonts.FOLDER, preset="ultrafast")

"""Videos to render: speech-like sound, captions and music over a given background."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from adapters.ports import RenderPlan, WordTiming
from pipelines.production.captions import subtitle_writer
from pipelines.production.captions.caption_style import Style

PARTS = 3
_TEXT = (
    "I asked my neighbour about the old fence between our gardens. He laughed, and said that it "
    "had always stood there. So I went to the land office, found the plan, and measured it twice."
)
_RATE = 22_050


def prepare(
    folder: Path,
    background: Path,
    music: Path,
    seconds: int,
    *,
    style: Style = "karaoke",
    part: int = 1,
) -> RenderPlan:
    """Write a video's inputs into the new folder ``folder``."""
    folder.mkdir()
    plan = RenderPlan(
        narration=folder / "narration.wav",
        seconds=float(seconds),
        subtitles=folder / "captions.ass",
        output=folder / "video.mp4",
        cover=folder / "cover.jpg",
        cover_at=1.0,
        background=background,
        music=music,
        music_loops=True,
    )
    with wave.open(str(plan.narration), "wb") as sound:
        sound.setparams((1, 2, _RATE, 0, "NONE", "not compressed"))
        sound.writeframes(_syllables(seconds))
    subtitles = subtitle_writer.build(
        _words(seconds),
        caption_style=subtitle_writer.CaptionStyle(style=style),
        shown=[subtitle_writer.Card("r/Gardens", "The fence that moved", 12_400)],
        part=(part, PARTS),
        seconds=plan.seconds,
    )
    plan.subtitles.write_text(subtitles.ass, encoding="utf-8")
    return plan


def _syllables(seconds: int) -> bytes:
    """A tone that swells four times a second, with the loudness and rhythm of speech."""
    at = np.arange(seconds * _RATE, dtype=np.float32) / _RATE
    swell = np.maximum(0, np.sin(8 * np.pi * at)) ** 2
    tone = np.sin(2 * np.pi * 160 * at) + np.sin(2 * np.pi * 900 * at)
    samples: bytes = (9_000 * swell * tone).astype("<i2").tobytes()
    return samples


def _words(seconds: int) -> list[WordTiming]:
    """The text, repeated, at 2.5 words a second, a usual narrator's speed."""
    texts = _TEXT.split()
    return [
        WordTiming(texts[index % len(texts)], index * 0.4, index * 0.4 + 0.36)
        for index in range(int(seconds / 0.4))
    ]

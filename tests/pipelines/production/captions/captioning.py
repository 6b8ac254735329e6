"""Helpers: timed words, their captions, and what libass draws."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import imageio_ffmpeg
import numpy as np
from pysubs2 import SSAEvent, SSAFile

from adapters.ports import WordTiming
from pipelines.production.captions import fonts, subtitle_writer
from pipelines.production.captions.caption_style import CaptionStyle
from pipelines.production.captions.safe_area import HEIGHT, WIDTH, Box

if TYPE_CHECKING:
    from pathlib import Path

PLAIN, POP = CaptionStyle(), CaptionStyle(style="pop")
LOOKS = {
    "karaoke": PLAIN,
    "pop": POP,
    "block": CaptionStyle(style="block"),
    "largest letters, at the top": CaptionStyle(
        size=120, outline=16, position="top", upper_case=True
    ),
    "six plain words in the middle": CaptionStyle(
        style="block", font="Noto Sans", size=100, position="middle", words_at_once=6
    ),
    "tall letters, lowest": CaptionStyle(
        style="pop", font="Anton", size=120, outline=0, position=1340
    ),
    "highest": CaptionStyle(font="Anton", upper_case=True, position=500, words_at_once=2),
}
EMOJI = "😭 👍🏽 👨‍👩‍👧 🇩🇪 1️⃣ ❤️ ⭐ ☕ → so✨what"
STORY = (
    "My neighbour has watered a plastic plant for three years. Nobody in the house had the heart "
    "to say so! Last week, he asked me why it never grows. I bought a real one at night."
)
# Words that are hard to caption: ASS commands, other scripts, and very long words.
HARD = (
    r"{braces} back\slash \N {\p1}m <i>five</i> a&b été Привет שלום, مرحبا؟ नमस्ते ภาษาไทย Ελλάδα "
    "漢字です。 안녕하세요 Donaudampfschifffahrtselektrizitätenhauptbetriebswerk "
    "今天天气很好我们一起去公园散步然后回家吃饭看电视睡觉明天再来"
)


def spoken(
    text: str, *, start: float = 0.2, each: float = 0.3, pause: float = 0.5
) -> list[WordTiming]:
    """Give each word of ``text`` a time, with a pause after each sentence."""
    words = []
    for word in text.split():
        words.append(WordTiming(word, round(start, 3), round(start + each - 0.03, 3)))
        start += each + (pause if word[-1] in ".!?" else 0)
    return words


def build(
    words: list[WordTiming], caption_style: CaptionStyle = PLAIN
) -> subtitle_writer.Subtitles:
    return subtitle_writer.build(
        words, caption_style=caption_style, part=(1, 1), seconds=words[-1].end + 0.5
    )


def captions_of(made: str) -> list[SSAEvent]:
    return [e for e in SSAFile.from_string(made, "ass") if e.style == subtitle_writer.CAPTION_STYLE]


def frames(made: str, folder: Path, *, seconds: float, fps: int = 30) -> np.ndarray:
    """Draw a subtitle file on black; returns the bright pixels, one picture per frame."""
    drawn = rendered(made, folder, "gray", seconds, fps)
    return np.frombuffer(drawn, np.uint8).reshape(-1, HEIGHT, WIDTH) > 40


def coloured(made: str, folder: Path, rgb: str, at: float) -> Box | None:
    """The smallest box around coloured pixels, at one second of a subtitle file."""
    drawn = rendered(made, folder, "rgb24", at + 0.1, 10)
    picture = np.frombuffer(drawn, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)[-1].astype(int)
    near = (abs(picture - list(bytes.fromhex(rgb))) < 12).all(axis=2)
    return drawn_box(near) if near.any() else None


def rendered(
    made: str, folder: Path, pixels: str, seconds: float, fps: int, *, ground: str = "black"
) -> bytes:
    file = folder / "drawn.ass"
    file.write_text(made, encoding="utf-8")
    return subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin"),
            *("-f", "lavfi", "-i", f"color={ground}:s={WIDTH}x{HEIGHT}:r={fps}"),
            *("-vf", f"format={pixels},ass={file}:fontsdir={fonts.FOLDER}:shaping=complex"),
            *("-t", str(seconds), "-f", "rawvideo", "-pix_fmt", pixels, "pipe:1"),
        ],
        check=True,
        capture_output=True,
    ).stdout


def drawn_box(picture: np.ndarray) -> Box:
    """The smallest box around everything drawn."""
    rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)

"""Captions: every word shown once, readable, and clear of the platform's interface."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from adapters.ports import WordTiming
from pipelines.production.captions import subtitle_writer
from pipelines.production.captions.caption_style import CaptionStyle
from pipelines.production.captions.safe_area import COLUMN, HEIGHT, SAFE, WIDTH
from pipelines.production.captions.subtitle_writer import Card
from tests.pipelines.production.captions.captioning import (
    EMOJI,
    HARD,
    LOOKS,
    PLAIN,
    POP,
    STORY,
    build,
    captions_of,
    drawn_box,
    frames,
    rendered,
    spoken,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.parametrize("caption_style", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("text", [STORY, HARD + EMOJI], ids=["story", "hard"])
def test_every_word_is_captioned_once_and_in_order(caption_style: CaptionStyle, text: str) -> None:
    words = spoken(text)

    subtitles = build(words, caption_style)

    assert subtitle_writer.words_in(subtitles.ass) == [
        caption_style.shown(word) for word in text.split()
    ]
    assert subtitles.captioned_words == len(words)
    assert subtitle_writer.missing(words, subtitles.ass, caption_style) == ()


def test_a_word_that_is_not_captioned_is_named() -> None:
    words = spoken(STORY)
    without = [word for word in words if word.word != "plastic"]
    swapped = [*words[:1], words[2], words[1], *words[3:]]

    assert subtitle_writer.missing(words, build(without).ass, PLAIN) == ("plastic",)
    assert subtitle_writer.missing(words, build(swapped).ass, PLAIN) in (("neighbour",), ("has",))


@pytest.mark.slow
def test_two_thousand_words_are_captioned_in_every_style() -> None:
    words_once = f"{STORY} {HARD} {EMOJI} ".split()
    words = spoken(" ".join(words_once * (2_000 // len(words_once) + 1)), each=0.1, pause=0.1)
    assert len(words) > 2_000

    for caption_style in LOOKS.values():
        subtitles = build(words, caption_style)

        assert subtitle_writer.missing(words, subtitles.ass, caption_style) == ()
        assert subtitles.captioned_words == len(words)


def test_captions_appear_with_the_voice(tmp_path: Path) -> None:
    words = spoken("One two three four five six.", start=0.5, each=0.47)

    pictures = frames(build(words, POP).ass, tmp_path, seconds=3.5)

    area = pictures[:, PLAIN.area.top : PLAIN.area.bottom, :]
    changes = [i for i in range(1, len(area)) if (area[i] ^ area[i - 1]).mean() > 0.001]
    for word in words:
        nearest = min(abs(frame / 30 - word.start) for frame in changes)
        assert nearest <= 0.06, word
    assert not area[: int(0.5 * 30) - 1].any(), "nothing may be shown before the voice"


def test_the_spoken_word_is_coloured_while_it_is_spoken() -> None:
    words = [WordTiming("I", 2.0, 2.2), WordTiming("never", 2.25, 2.6), WordTiming("did.", 2.6, 3)]

    (event,) = captions_of(build(words).ass)

    yellow, white = r"\1c&H4DE1FF&", r"\1c&HFFFFFF&"
    first, second, third = (text.split("}")[0] for text in event.text.split(r"{\1c")[1:])
    assert rf"\1c{first}" == rf"{yellow}\t(250,251,{white})"
    assert rf"\1c{second}" == rf"{white}\t(250,251,{yellow})\t(600,601,{white})"
    assert rf"\1c{third}" == rf"{white}\t(600,601,{yellow})"


@pytest.mark.slow
@pytest.mark.parametrize("caption_style", LOOKS.values(), ids=LOOKS)
def test_nothing_is_drawn_outside_the_safe_area(
    caption_style: CaptionStyle, tmp_path: Path
) -> None:
    words = spoken(HARD + EMOJI, each=0.5)
    subtitles = subtitle_writer.build(
        words,
        caption_style=replace(caption_style, outline_colour="FFFFFF"),  # to be visible on black
        shown=[
            Card(
                by="r/" + "AVeryLongNameOfAPlace" * 4,
                text="Is it wrong that I answered honestly? " * 9,
                score=1_234_567,
                end=2.0,
            ),
            Card(
                by="u/" + "AVeryLongNameOfAPerson" * 4,
                text="It is not wrong at all. " * 30,
                score=1_234_567,
                start=2.0,
                end=4.0,
                answer=1,
            ),
        ],
        part=(11, 12),
        seconds=words[-1].end,
    )

    pictures = frames(subtitles.ass, tmp_path, seconds=words[-1].end, fps=5)

    for picture in pictures:
        box = drawn_box(picture)
        assert box.left >= COLUMN.left
        assert box.right <= COLUMN.right <= SAFE.right
        assert box.top >= SAFE.top
        assert box.bottom <= SAFE.bottom


def test_the_progress_bar_fills_with_the_video(tmp_path: Path) -> None:
    made = subtitle_writer.build([], caption_style=POP, part=(1, 1), seconds=4.0).ass

    pictures = frames(made, tmp_path, seconds=4, fps=2)

    widths = [drawn_box(picture).width for picture in pictures[1:]]
    assert widths == pytest.approx([COLUMN.width * n / 8 for n in range(1, 8)], abs=4)


def test_the_progress_bar_is_seen_on_white_too(tmp_path: Path) -> None:
    made = subtitle_writer.build([], caption_style=POP, part=(1, 1), seconds=4.0).ass

    drawn = rendered(made, tmp_path, "gray", 2.0, 2, ground="white")

    last = np.frombuffer(drawn, np.uint8).reshape(-1, HEIGHT, WIDTH)[-1]  # at 1.5 s of 4
    full, empty = COLUMN.left + COLUMN.width // 4, COLUMN.right - 40
    assert (last[COLUMN.top : COLUMN.top + 12, full] < 200).any()
    assert (last[COLUMN.top : COLUMN.top + 12, full] > 240).sum() > (
        last[COLUMN.top : COLUMN.top + 12, empty] > 240
    ).sum()

"""Cards: their texts, their times, and their distance to the captions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pysubs2 import SSAFile

from pipelines.production.captions import ass_markup, subtitle_writer
from pipelines.production.captions.caption_style import CaptionStyle
from pipelines.production.captions.cards import CARD_STYLE, card_events, compact
from pipelines.production.captions.safe_area import COLUMN, HEIGHT, WIDTH
from pipelines.production.captions.subtitle_writer import Card
from tests.pipelines.production.captions.captioning import (
    PLAIN,
    POP,
    STORY,
    drawn_box,
    frames,
    rendered,
    spoken,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("repeats", [4, 12], ids=["largest letters", "cut short"])
def test_the_title_card_leaves_room_for_badge_and_captions(repeats: int, tmp_path: Path) -> None:
    words = spoken(STORY, start=0.0)
    card = Card("r/Plants", "A title that goes on " * repeats, score=5)
    with_card, without = (
        subtitle_writer.build(words, caption_style=POP, shown=shown, part=(2, 3), seconds=20.0)
        for shown in ([card], [])
    )

    seen = frames(with_card.ass, tmp_path, seconds=1, fps=5)[3]
    bare = frames(without.ass, tmp_path, seconds=1, fps=5)[3]

    only_card = drawn_box(seen & ~bare)
    assert drawn_box(bare[: only_card.top]).bottom < only_card.top
    assert only_card.bottom <= PLAIN.area.top
    assert only_card.height > 300


@pytest.mark.parametrize(
    "title", ["今日は、とても良い天気なので、" * 3, "เพื่อนบ้านของฉันรดน้ำต้นไม้" * 3]
)
def test_a_title_without_spaces_is_broken_into_rows_and_not_cut_off(title: str) -> None:
    made = subtitle_writer.build(
        [], caption_style=POP, shown=[Card("r/Plants", title)], part=(1, 1), seconds=4.0
    )

    rows = [
        ass_markup.plain(event.text)
        for event in SSAFile.from_string(made.ass, "ass")
        if event.style == CARD_STYLE and r"\p1" not in event.text
    ]
    assert title in "".join(rows)
    assert len(rows) > 3


@pytest.mark.slow
@pytest.mark.parametrize("word", ["word ", "ก"])
def test_a_long_answer_is_cut_for_its_card_without_delay(word: str) -> None:
    card = Card(by="u/somebody", text=word * 2000, answer=1)
    began = time.process_time()

    rows = [event.plaintext for event in card_events(card, CaptionStyle().area)][4:]

    assert time.process_time() - began < 5  # of 110 s, once
    assert len(rows) == 8
    assert rows[-1].endswith("…")


@pytest.mark.parametrize(("name", "initial"), [("🇬🇧bob", "🇬🇧"), ("e\u0301mile", "E\u0301")])
def test_an_avatar_has_the_first_letter_whole(name: str, initial: str) -> None:
    drawn = card_events(Card(by=f"u/{name}", text="Yes.", answer=1), CaptionStyle().area)[2]
    assert ass_markup.plain(drawn.text) == initial


def test_a_title_is_whole_on_the_first_picture_and_later_cards_fade_in(tmp_path: Path) -> None:
    shown = [Card("r/Plants", "Who waters it?", end=1.0), Card("u/me", "I do.", None, 1.0, 2)]
    made = subtitle_writer.build([], caption_style=POP, shown=shown, part=(1, 1), seconds=3.0).ass

    drawn = rendered(made, tmp_path, "gray", 1.4, 30)

    pictures = np.frombuffer(drawn, np.uint8).reshape(-1, HEIGHT, WIDTH)
    brightest = [int(picture[COLUMN.top + 40 :].max()) for picture in pictures]
    assert brightest[0] > 240
    assert brightest[31] < 200
    assert brightest[36] > 240


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (-7, "-7"),
        (999, "999"),
        (1_000, "1k"),
        (9_999, "10k"),
        (12_400, "12.4k"),
        (999_949, "999.9k"),
        (999_950, "1M"),
        (-999_999, "-1M"),
        (2_500_000, "2.5M"),
        (999_999_999, "1B"),
    ],
)
def test_large_numbers_are_shortened(number: int, shown: str) -> None:
    assert compact(number) == shown

"""The choices for captions, and the messages for invalid ones."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from core.errors import InputError
from pipelines.production.captions.caption_style import HEIGHTS, POSITIONS, CaptionStyle
from pipelines.production.captions.safe_area import SAFE


def test_a_caption_style_is_read_as_written() -> None:
    caption_style = CaptionStyle.parse(
        {
            "style": "block",
            "font": "Anton",
            "size": "96",
            "spoken_colour": "#ff8800",
            "position": "900",
            "words_at_once": 2,
            "upper_case": True,
        }
    )

    assert (caption_style.size, caption_style.spoken_colour, caption_style.position) == (
        96,
        "FF8800",
        900,
    )
    assert caption_style.outline == CaptionStyle().outline
    assert CaptionStyle.parse(asdict(caption_style)) == caption_style
    assert CaptionStyle.parse({}) == CaptionStyle()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("style", "wavy", "The caption style must be one of karaoke, pop, block, not “wavy”."),
        ("font", "Comic Sans", "The font must be one of Montserrat, Noto Sans, Anton"),
        ("size", 300, "The font size must be 48 to 120 pixels, not 300."),
        ("size", "84.5", "The font size must be a whole number of pixels"),
        ("size", True, "a whole number"),
        ("colour", "red", "The text colour must be a colour like #FFE14D, not “red”."),
        ("outline", 17, "The outline width must be 0 to 16 pixels"),
        ("position", "left", "top, middle, bottom or a number of pixels, not “left”"),
        ("position", 100, f"must be {HEIGHTS[0]} to {HEIGHTS[1]} pixels from the top"),
        ("words_at_once", 7, "Words at once must be 1 to 6 words, not 7."),
        ("upper_case", "yes", "Capitals only must be true or false"),
        ("glitter", 1, "Captions have no setting “glitter”; choose from colour, emoji"),
    ],
)
def test_a_wrong_choice_is_refused_with_a_sentence(name: str, value: Any, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        CaptionStyle.parse({name: value})
    assert sentence in str(refused.value)


@pytest.mark.parametrize("position", [*POSITIONS, *HEIGHTS, 901])
def test_captions_always_have_room_inside_the_safe_area(position: str | int) -> None:
    area = CaptionStyle(position=position).area
    assert SAFE.top < area.top < area.bottom <= SAFE.bottom
    assert area.height >= 200

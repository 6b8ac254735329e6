"""Letters: those of every script and emoji have a font, their colour and their direction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import ImageFont

from adapters.ports import WordTiming
from pipelines.production.captions import emoji, fonts, subtitle_writer
from pipelines.production.captions.caption_style import CaptionStyle
from pipelines.stories.text import letters
from tests.pipelines.production.captions.captioning import (
    EMOJI,
    HARD,
    LOOKS,
    PLAIN,
    build,
    coloured,
    spoken,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_every_letter_has_a_shipped_font() -> None:
    """A family that libass does not find by its name is shown in another or as boxes."""
    for face in fonts.FACES:
        font = ImageFont.truetype(str(fonts.FOLDER / face.file))
        assert " ".join(map(str, font.getname())) in (
            face.family,
            f"{face.family} {'Bold' if face.bold else 'Regular'}",
        )

    # A letter that a font lacks is drawn as its empty box, like this private one.
    for caption_style in LOOKS.values():
        for word in (HARD + EMOJI).split():
            for face, run in fonts.runs(caption_style.shown(word), caption_style.face):
                font = ImageFont.truetype(str(fonts.FOLDER / face.file), 40)
                box = bytes(font.getmask("\ue000"))
                if face == fonts.EMOJI:
                    emojis = map(emoji.layers, letters.clusters(run))
                    run = "".join(layer.letter for layers in emojis for layer in layers)  # noqa: PLW2901
                    assert run
                assert all(bytes(font.getmask(letter)) != box for letter in run), (word, face)


def test_emoji_may_be_left_out_without_losing_a_word() -> None:
    caption_style = CaptionStyle(emoji=False, upper_case=True)
    words = spoken("Straße 😭 was wet👍🏽 and 1️⃣ red.")

    subtitles = build(words, caption_style)

    assert subtitle_writer.words_in(subtitles.ass) == ["STRASSE", "WAS", "WET", "AND", "RED."]
    assert subtitle_writer.missing(words, subtitles.ass, caption_style) == ()
    assert "wet👍🏽 and" in subtitles.srt


def test_emoji_have_their_own_colours_and_words_around_them_keep_theirs(tmp_path: Path) -> None:
    words = [WordTiming("wet👍🏽wet", 0.0, 1.0), WordTiming("😭.", 1.0, 2.0)]
    made = build(words, replace(PLAIN, outline=0)).ass

    skin = coloured(made, tmp_path, "D5AB88", at=0.5)  # of Twemoji's artwork
    spoken_word = coloured(made, tmp_path, PLAIN.spoken_colour, at=0.5)

    assert skin
    assert spoken_word
    assert spoken_word.left < skin.left < skin.right < spoken_word.right
    assert coloured(made, tmp_path, PLAIN.colour, at=0.5), "the full stop behind an emoji"
    assert subtitle_writer.words_in(made) == ["wet👍🏽wet", "😭."]


def test_an_emoji_too_new_for_the_artwork_is_drawn_as_its_nearest() -> None:
    assert PLAIN.shown("a🧑🏽‍🚀b") == "a🧑🏽‍🚀b"
    assert PLAIN.shown("👩🏽‍🪠") == "👩"  # no plumber yet
    assert PLAIN.shown("so\U0001fadf") == "so"  # no splatter either
    assert PLAIN.shown("1️⃣→☺") == "1️⃣→☺"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "first_is_left"),
    [
        ("הוא קנה iPhone חדש. 😭", False),
        ("מצאנו 🔥 iPhone חדש. 😭", False),
        ("He said שלום again.", True),
        ("Say so, שלום again.", True),
    ],
)
def test_the_words_of_a_row_run_as_those_of_the_whole_text(
    text: str, first_is_left: bool, tmp_path: Path
) -> None:
    # Given a row that begins with a word of the other direction
    words = spoken(text, start=0.0, each=1.0, pause=0.0)
    made = build(words, CaptionStyle(words_at_once=2, size=60)).ass

    # When that word is spoken
    first = coloured(made, tmp_path, PLAIN.spoken_colour, at=2.5)

    # Then it stands where a reader begins
    assert first
    assert ((first.left + first.right) / 2 < PLAIN.area.centre[0]) == first_is_left


def test_a_word_that_no_font_can_draw_is_named() -> None:
    words = spoken("She wrote བོད་ཡིག and pre-བོད on paper.")

    for caption_style in LOOKS.values():
        assert subtitle_writer.missing(words, build(words, caption_style).ass, caption_style) == (
            "བོད་ཡིག",
            "pre-བོད",
        )

"""Caption styles: the choices a person has, within readable limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from core.errors import InputError
from pipelines.production.captions import emoji, fonts
from pipelines.production.captions.fonts import Face
from pipelines.production.captions.safe_area import COLUMN, Box
from pipelines.stories.text import letters

Style = Literal["karaoke", "pop", "block"]

STYLES: dict[Style, str] = {
    "karaoke": "Karaoke",
    "pop": "Pop: one word",
    "block": "Block of words",
}
POSITIONS = {"top": 590, "middle": 960, "bottom": 1190}
"""Centre of the captions, in pixels from the top (of 1920)."""

SIZES = (48, 120)
OUTLINES = (0, 16)
WORDS = (1, 6)
HEIGHTS = (500, 1340)
"""Least and greatest value: pixels per em, pixels, words, pixels from the top."""

SAMPLE = "Nobody had the heart to tell him so."
MOST_TRIED = 200
"""The default text of previews, and the most characters a preview accepts."""

_WORDS_AT_ONCE: dict[Style, int] = {"karaoke": 4, "pop": 1, "block": 3}
_COLOUR = re.compile(r"#?([0-9A-Fa-f]{6})")
_HALF_HEIGHT = 220
_ROOM_ABOVE, _ROOM_BELOW = 110, 10  # for the progress bar and the part badge; some space


@dataclass(frozen=True, slots=True)
class CaptionStyle:
    """The captions of a video.

    Attributes:
        style: see ``STYLES``.
        font: a name from ``fonts.CHOICES``; missing letters come from other fonts.
        size: pixels per em; captions that would not fit are drawn smaller.
        colour: text colour, ``RRGGBB``.
        spoken_colour: colour of the word being spoken, in karaoke.
        outline_colour: colour around the letters.
        outline: width of the outline in pixels; 0 is none.
        position: a name from ``POSITIONS``, or the centre's distance from the top in pixels.
        words_at_once: most words shown together; None means the style's own number.
        upper_case: shows capitals only.
        emoji: whether emoji are shown; they keep their own colours.
    """

    style: Style = "karaoke"
    font: str = "Montserrat"
    size: int = 84
    colour: str = "FFFFFF"
    spoken_colour: str = "FFE14D"
    outline_colour: str = "000000"
    outline: int = 8
    position: str | int = "bottom"
    words_at_once: int | None = None
    upper_case: bool = False
    emoji: bool = True

    @classmethod
    def parse(cls, chosen: Mapping[str, Any]) -> CaptionStyle:
        """Read the choices of a channel or the settings; the rest keeps its default.

        Raises:
            InputError: a choice is unknown or out of range; the message says which.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(chosen) - known):
            raise InputError(
                f"Captions have no setting “{unknown[0]}”; choose from {', '.join(sorted(known))}."
            )
        return cls(**{name: _READERS[name](value) for name, value in chosen.items()})

    @property
    def face(self) -> Face:
        return fonts.CHOICES[self.font]

    @property
    def most_words(self) -> int:
        return self.words_at_once or _WORDS_AT_ONCE[self.style]

    @property
    def area(self) -> Box:
        """Captions are centred in this box, and never drawn outside it."""
        y = POSITIONS[self.position] if isinstance(self.position, str) else self.position
        top, bottom = COLUMN.top + _ROOM_ABOVE, COLUMN.bottom - _ROOM_BELOW
        half = min(_HALF_HEIGHT, y - top, bottom - y)
        return Box(left=COLUMN.left, top=y - half, right=COLUMN.right, bottom=y + half)

    def shown(self, word: str) -> str:
        """The word as drawn: without characters that no font has, in capitals if chosen."""
        kept = (
            emoji.nearest(cluster) if letters.is_emoji(cluster) else cluster
            for cluster in letters.clusters(word)
            if self.emoji or not letters.is_emoji(cluster)
        )
        drawn = filter(fonts.drawable, kept)
        return "".join(map(_capital, drawn) if self.upper_case else drawn)

    def leaves_out(self, word: str) -> bool:
        """Whether this style hides the whole word, because it is emoji only."""
        return not self.emoji and all(map(letters.is_emoji, letters.clusters(word)))


def undrawable(word: str) -> bool:
    """Whether a letter or digit of the word is in none of the shipped fonts."""
    return any(
        letters.is_text(cluster) and not fonts.drawable(cluster)
        for cluster in letters.clusters(word)
    )


def _capital(cluster: str) -> str:
    large = cluster.upper()
    return large if all(map(fonts.drawable, letters.clusters(large))) else cluster


def _one_of(what: str, choices: tuple[str, ...]) -> Any:
    def read(value: Any) -> str:
        if value not in choices:
            raise InputError(f"{what} must be one of {', '.join(choices)}, not “{value}”.")
        return str(value)

    return read


def _number(what: str, bounds: tuple[int, int], unit: str) -> Any:
    def read(value: Any) -> int:
        least, most = bounds
        if isinstance(value, bool) or not re.fullmatch(r"\d{1,4}", str(value)):
            raise InputError(f"{what} must be a whole number of {unit}, not “{value}”.")
        if not least <= int(value) <= most:
            raise InputError(f"{what} must be {least} to {most} {unit}, not {value}.")
        return int(value)

    return read


def _colour(what: str) -> Any:
    def read(value: Any) -> str:
        if not (found := _COLOUR.fullmatch(str(value))):
            raise InputError(f"{what} must be a colour like #FFE14D, not “{value}”.")
        return found[1].upper()

    return read


def _switch(what: str) -> Any:
    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise InputError(f"{what} must be true or false, not “{value}”.")
        return value

    return read


def _position(value: Any) -> str | int:
    if value in POSITIONS:
        return str(value)
    if isinstance(value, str) and not value.isdigit():
        names = ", ".join(POSITIONS)
        raise InputError(
            f"The caption position must be {names} or a number of pixels, not “{value}”."
        )
    height: int = _number("The caption position", HEIGHTS, "pixels from the top")(value)
    return height


def _words(value: Any) -> int | None:
    if value is None:
        return None
    count: int = _number("Words at once", WORDS, "words")(value)
    return count


_READERS: dict[str, Any] = {
    "style": _one_of("The caption style", get_args(Style)),
    "font": _one_of("The font", tuple(fonts.CHOICES)),
    "size": _number("The font size", SIZES, "pixels"),
    "colour": _colour("The text colour"),
    "spoken_colour": _colour("The colour of the spoken word"),
    "outline_colour": _colour("The outline colour"),
    "outline": _number("The outline width", OUTLINES, "pixels"),
    "position": _position,
    "words_at_once": _words,
    "upper_case": _switch("Capitals only"),
    "emoji": _switch("Emoji"),
}

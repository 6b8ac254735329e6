"""Letters as readers take them: what belongs together, what is an emoji, where a word may break.

A letter (a *cluster*) is one or more code points that must stay together: a letter with its marks,
a conjunct of an Indian script, an emoji of several. ICU knows the rules of grapheme clusters
(UAX 29) and of line breaks (UAX 14), and has the dictionaries of scripts that write no spaces.
"""

# ruff: noqa: RUF001  (letters that look alike are what this file is about)

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budoux import Parser

_JOINER, _EMOJI_STYLE, _TEXT_STYLE, _KEYCAP = "\u200d", "\ufe0f", "\ufe0e", "\u20e3"
# Emoji by themselves (Unicode's Emoji_Presentation) outside the blocks of emoji.
_OLD_EMOJI = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)
_LEFT_TO_RIGHT, _RIGHT_TO_LEFT = "\u200e", "\u200f"
DIRECTIONS = _LEFT_TO_RIGHT + _RIGHT_TO_LEFT
"""Invisible marks of direction (UAX 9)."""

_LONGEST = 12
"""Letters of a Japanese phrase; one can have more where nothing in it may be parted."""


def clusters(text: str) -> list[str]:
    """Split ``text`` into its letters."""
    if text.isascii():
        return list(text)
    from icu4py.breakers import CharacterBreaker  # noqa: PLC0415 - English does without

    return list(CharacterBreaker(text, "und"))


def breakable(word: str) -> list[str]:
    """Split a word into pieces between which a row may end; in most scripts it is one piece.

    Scripts that write no spaces are split at their words, Japanese at its phrases. ICU finds
    too many of these ("教え・てくれた") and BudouX parts figures ("202・4年"), so both must agree.
    """
    if word.isascii() and word.isalnum():
        return [word]
    from icu4py.breakers import LineBreaker  # noqa: PLC0415 - English does without

    pieces = list(LineBreaker(word, "ja@lw=phrase"))
    if any(map(_is_kana, word)):
        wished = set(accumulate(map(len, _japanese().parse(word))))
        pieces = list(_joined(pieces, wished))
    return pieces


def phrases(word: str) -> list[str]:
    """Split a word into what a viewer reads at a time; each piece holds a letter or a figure.

    A word of a script that writes spaces is one phrase.
    """
    found = [""]
    for piece in breakable(word) if has_no_spaces(word) else [word]:
        said = [cluster for cluster in clusters(piece) if is_text(cluster)]
        if any(map(is_text, found[-1])) and not _PARTICLES.issuperset(said):
            found.append(piece)
        else:
            found[-1] += piece
    return found


# Chinese words that lean on the one before, and would stand oddly by themselves.
_PARTICLES = frozenset("的地得了着著过過们們吗嗎呢吧啊呀嘛")


def _joined(pieces: list[str], wished: set[int]) -> Iterator[str]:
    held = ""
    for piece, end in zip(pieces, accumulate(map(len, pieces)), strict=True):
        if len(held + piece) > _LONGEST and held:
            yield held
            held = ""
        held += piece
        if end in wished:
            yield held
            held = ""
    if held:
        yield held


@cache
def _japanese() -> Parser:
    import budoux  # noqa: PLC0415 - only Japanese needs it

    return budoux.load_default_japanese_parser()


def spoken_length(text: str) -> float:
    """How long ``text`` takes to say, as good as letters tell: in units of its own script.

    A kana is one beat; an ideograph read in Japanese has about two, as has a figure. A mark
    inside is a pause.
    """
    length = 0.0
    for cluster in clusters(text):
        if _is_kana(cluster[0]):
            length += 1
        elif is_text(cluster):
            length += 2
        elif cluster in _PAUSES:
            length += 1.5
    return length


def columns(text: str) -> int:
    """How many columns a player needs for ``text``: two for a wide letter, none for a mark."""
    return sum(
        1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
        if unicodedata.category(letter) not in _NARROW
    )


_NARROW = ("Mn", "Me", "Cf")
_PAUSES = frozenset("、，。！？；：…")


def _is_kana(letter: str) -> bool:
    return "\u3041" <= letter <= "\u30ff"


def has_no_spaces(word: str) -> bool:
    """Whether the word is of a script that writes words together and breaks rows anywhere."""
    return any(first <= ord(letter) <= last for letter in word for first, last in _WITHOUT_SPACES)


_WITHOUT_SPACES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x9FFF),  # Chinese, Japanese
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
)


def is_emoji(cluster: str) -> bool:
    """Whether it is drawn as a little picture rather than as text."""
    if _TEXT_STYLE in cluster:
        return False
    code = ord(cluster[0])
    return (
        _EMOJI_STYLE in cluster
        or _KEYCAP in cluster
        or _is_pictograph(code)
        or (_JOINER in cluster and unicodedata.category(cluster[0]) == "So")
    )


def is_silent(letter: str) -> bool:
    """Whether nothing is drawn for it by itself: joiners, variation selectors, direction marks."""
    return (
        unicodedata.category(letter) == "Cf"
        or 0xFE00 <= ord(letter) <= 0xFE0F  # noqa: PLR2004 (the variation selectors)
        or letter.isspace()
    )


def is_text(cluster: str) -> bool:
    """Whether it holds a letter or a figure, which a reader would miss."""
    return unicodedata.category(cluster[0])[0] in "LNM" and not is_emoji(cluster)


def is_right_to_left(text: str) -> bool:
    """Whether most of its letters are of Arabic, Hebrew and the like."""
    directions = Counter(map(unicodedata.bidirectional, text))
    return directions["R"] + directions["AL"] > directions["L"]


def direction_mark(row: str, *, right_to_left: bool) -> str:
    """What to put before a row, so that its words run as those of the whole text do.

    Without it a row that begins with a foreign word would take that word's direction.
    """
    return _RIGHT_TO_LEFT if right_to_left else _LEFT_TO_RIGHT if is_right_to_left(row) else ""


def _is_pictograph(code: int) -> bool:
    return 0x1F000 <= code <= 0x1FAFF or chr(code) in _OLD_EMOJI  # noqa: PLR2004

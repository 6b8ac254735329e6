"""Letters as readers see them: which code points belong together, emoji, and line breaks.

A letter (a *cluster*) is one or more code points that must stay together: a letter with its marks,
a conjunct in an Indian script, a multi-part emoji. ICU knows the rules for grapheme clusters
(UAX 29) and line breaks (UAX 14), and has dictionaries for scripts without spaces.
"""

# ruff: noqa: RUF001  (look-alike letters are the subject)

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
# Characters with Unicode's Emoji_Presentation outside the emoji blocks.
_OLD_EMOJI = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)
_LEFT_TO_RIGHT, _RIGHT_TO_LEFT = "\u200e", "\u200f"
DIRECTIONS = _LEFT_TO_RIGHT + _RIGHT_TO_LEFT
"""Invisible direction marks (UAX 9)."""

_LONGEST = 12
"""Most letters in a Japanese phrase; it can have more if it has no place to break."""


def clusters(text: str) -> list[str]:
    """Split ``text`` into its letters."""
    if text.isascii():
        return list(text)
    from icu4py.breakers import CharacterBreaker  # noqa: PLC0415 - not needed for English

    return list(CharacterBreaker(text, "und"))


def breakable(word: str) -> list[str]:
    """Split a word into pieces between which a row may end; one piece in most scripts.

    Scripts without spaces are split at their words, Japanese at its phrases. ICU finds too many
    phrases ("教え・てくれた") and BudouX splits numbers ("202・4年"), so both must agree.
    """
    if word.isascii() and word.isalnum():
        return [word]
    from icu4py.breakers import LineBreaker  # noqa: PLC0415 - not needed for English

    pieces = list(LineBreaker(word, "ja@lw=phrase"))
    if any(map(_is_kana, word)):
        ends = set(accumulate(map(len, _japanese().parse(word))))
        pieces = list(_joined(pieces, ends))
    return pieces


def phrases(word: str) -> list[str]:
    """Split a word into phrases that a viewer reads at once; each has a letter or a digit.

    In a script with spaces, a word is one phrase.
    """
    found = [""]
    for piece in breakable(word) if has_no_spaces(word) else [word]:
        said = [cluster for cluster in clusters(piece) if is_text(cluster)]
        if any(map(is_text, found[-1])) and not _PARTICLES.issuperset(said):
            found.append(piece)
        else:
            found[-1] += piece
    return found


# Chinese particles that belong to the word before.
_PARTICLES = frozenset("的地得了着著过過们們吗嗎呢吧啊呀嘛")


def _joined(pieces: list[str], ends: set[int]) -> Iterator[str]:
    joined = ""
    for piece, end in zip(pieces, accumulate(map(len, pieces)), strict=True):
        if len(joined + piece) > _LONGEST and joined:
            yield joined
            joined = ""
        joined += piece
        if end in ends:
            yield joined
            joined = ""
    if joined:
        yield joined


@cache
def _japanese() -> Parser:
    import budoux  # noqa: PLC0415 - only Japanese needs it

    return budoux.load_default_japanese_parser()


def spoken_length(text: str) -> float:
    """Estimate how long ``text`` takes to speak, in beats of its script.

    A kana is one beat; an ideograph or a digit has about two. A punctuation mark is a pause.
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
    """Whether the word is in a script that writes no spaces between words."""
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
    """Whether it is drawn as a picture, not as text."""
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
    """Whether it is not drawn: joiners, variation selectors, direction marks, spaces."""
    return (
        unicodedata.category(letter) == "Cf"
        or 0xFE00 <= ord(letter) <= 0xFE0F  # noqa: PLR2004 (the variation selectors)
        or letter.isspace()
    )


def is_text(cluster: str) -> bool:
    """Whether it is a letter or a digit."""
    return unicodedata.category(cluster[0])[0] in "LNM" and not is_emoji(cluster)


def is_right_to_left(text: str) -> bool:
    """Whether most of its letters are in a right-to-left script such as Arabic or Hebrew."""
    directions = Counter(map(unicodedata.bidirectional, text))
    return directions["R"] + directions["AL"] > directions["L"]


def direction_mark(row: str, *, right_to_left: bool) -> str:
    """The mark to put before a row so that it has the direction of the whole text.

    Without it, a row that begins with a foreign word would take that word's direction.
    """
    return _RIGHT_TO_LEFT if right_to_left else _LEFT_TO_RIGHT if is_right_to_left(row) else ""


def _is_pictograph(code: int) -> bool:
    return 0x1F000 <= code <= 0x1FAFF or chr(code) in _OLD_EMOJI  # noqa: PLR2004

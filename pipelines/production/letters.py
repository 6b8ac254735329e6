"""Letters as readers take them: what belongs together, what is an emoji, where a word may break.

A letter (a *cluster*) is one or more code points that must stay together: a letter with its marks,
a conjunct of an Indian script, an emoji of several. A short form of Unicode's rules for grapheme
clusters (UAX 29) and line breaks (UAX 14), for those scripts that captions are drawn in.
"""

# ruff: noqa: RUF001  (letters that look alike are what this file is about)

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_JOINER, _EMOJI_STYLE, _TEXT_STYLE, _KEYCAP = "\u200d", "\ufe0f", "\ufe0e", "\u20e3"
_MARKS = ("Mn", "Mc", "Me", "Cf")
# The sign that joins a consonant to the next one in the scripts of India (Unicode 15, "Virama").
_VIRAMAS = frozenset("\u094d\u09cd\u0acd\u0b4d\u0c4d\u0ccd\u0d4d\u0dca\u1039\u17d2")
# Thai and Lao: vowels written before their consonant, and signs that follow one.
_LEADING = frozenset("เแโใไເແໂໃໄ")
_TRAILING = frozenset("ะาำๅๆฯະາຳຽໆຯ")
# Emoji by themselves (Unicode's Emoji_Presentation) outside the blocks of emoji.
_OLD_EMOJI = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)
_FLAG_LETTERS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
# Japanese and Chinese: what may not begin a row, and what may not end one.
_NOT_FIRST = frozenset(
    ",.!?:;%)]}’”…ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ、。〉》」』】〕"
) | frozenset(
    map(chr, (0xFF01, 0xFF05, 0xFF09, 0xFF0C, 0xFF0E, 0xFF1A, 0xFF1B, 0xFF1F, 0xFF3D, 0xFF5D))
)
_NOT_LAST = frozenset("([{‘“$〈《「『【〔") | frozenset(map(chr, (0xFF08, 0xFF3B, 0xFF5B)))


def clusters(text: str) -> list[str]:
    """Split ``text`` into its letters."""
    found: list[str] = []
    for character in text:
        if found and _joins(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def breakable(word: str) -> Iterator[str]:
    """Split a word into the pieces between which a row may end, if it must."""
    held = ""
    for cluster in clusters(word):
        if held and not (
            cluster[0] in _TRAILING
            or cluster in _NOT_FIRST
            or held[-1] in _LEADING
            or held[-1] in _NOT_LAST
        ):
            yield held
            held = ""
        held += cluster
    if held:
        yield held


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


def simplest(cluster: str) -> str:
    """An emoji without what asks the font for another picture: shade of skin, sex, keycap, company.

    libass cuts such sequences up before the font can join them, and would draw each piece.
    """
    if not is_emoji(cluster):
        return cluster
    return cluster[:2] if cluster[0] in _FLAG_LETTERS else cluster[0]


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
    """Whether the first letter with a direction is of Arabic, Hebrew and the like (UAX 9, P2)."""
    for letter in text:
        direction = unicodedata.bidirectional(letter)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False


def _is_pictograph(code: int) -> bool:
    return 0x1F000 <= code <= 0x1FAFF or chr(code) in _OLD_EMOJI  # noqa: PLR2004


def _joins(before: str, character: str) -> bool:
    code = ord(character)
    if unicodedata.category(character) in _MARKS or before[-1] == _JOINER:
        return True
    if 0x1F3FB <= code <= 0x1F3FF:  # noqa: PLR2004 (shades of skin)
        return is_emoji(before)
    if character in _FLAG_LETTERS:  # two of them are a flag
        return before in _FLAG_LETTERS
    return before[-1] in _VIRAMAS and character.isalpha()

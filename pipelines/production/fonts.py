"""The shipped fonts: which one shows a letter, and how wide text will be.

libass finds no substitute for a missing letter among the fonts of a folder, so the font of each
stretch of letters is chosen here and named in the captions.
Sizes are in pixels of an em. A style's size in ASS means something else, see ``Face.ass_size``.
"""

from __future__ import annotations

import struct
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import ImageFont

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "fonts"

_MEASURED_AT = 200.0  # pixels; large, so that rounding to whole pixels does not show
_FOLLOWERS = ("Mn", "Mc", "Me", "Cf")


@dataclass(frozen=True, slots=True)
class Face:
    """One font file and the family name that libass knows it by."""

    family: str
    file: str

    def width(self, text: str, size: float) -> float:
        """Width of ``text`` in pixels, as shaped by HarfBuzz where Pillow has it."""
        return _font(self.file).getlength(text) * size / _MEASURED_AT

    def ass_size(self, size: float) -> float:
        """Give the ASS font size that makes an em ``size`` pixels high.

        libass, after VSFilter, scales a font until the sum of its Windows ascent and descent is
        the asked size.
        """
        return round(size * _windows_height(self.file), 1)


MAIN = Face("Montserrat ExtraBold", "Montserrat-ExtraBold.ttf")

_CJK = Face("Noto Sans CJK JP", "NotoSansCJK-Bold.otf")
_GREEK = Face("Noto Sans", "NotoSans-Bold.ttf")


def _noto(script: str) -> Face:
    return Face(f"Noto Sans {script}", f"NotoSans{script}-Bold.ttf")


# First and last code point of the blocks that the main font (Latin, Cyrillic) leaves out.
_BLOCKS: tuple[tuple[int, int, Face], ...] = (
    (0x0370, 0x03FF, _GREEK),
    (0x0530, 0x058F, _noto("Armenian")),
    (0x0590, 0x05FF, _noto("Hebrew")),
    (0x0600, 0x077F, _noto("Arabic")),
    (0x08A0, 0x08FF, _noto("Arabic")),
    (0x0900, 0x097F, _noto("Devanagari")),
    (0x0980, 0x09FF, _noto("Bengali")),
    (0x0A00, 0x0A7F, _noto("Gurmukhi")),
    (0x0A80, 0x0AFF, _noto("Gujarati")),
    (0x0B00, 0x0B7F, _noto("Oriya")),
    (0x0B80, 0x0BFF, _noto("Tamil")),
    (0x0C00, 0x0C7F, _noto("Telugu")),
    (0x0C80, 0x0CFF, _noto("Kannada")),
    (0x0D00, 0x0D7F, _noto("Malayalam")),
    (0x0D80, 0x0DFF, _noto("Sinhala")),
    (0x0E00, 0x0E7F, _noto("Thai")),
    (0x0E80, 0x0EFF, _noto("Lao")),
    (0x1000, 0x109F, _noto("Myanmar")),
    (0x10A0, 0x10FF, _noto("Georgian")),
    (0x1200, 0x139F, _noto("Ethiopic")),
    (0x1780, 0x17FF, _noto("Khmer")),
    (0x1F00, 0x1FFF, _GREEK),
    (0x2E80, 0xA4CF, _CJK),
    (0xAC00, 0xD7AF, _CJK),
    (0xF900, 0xFAFF, _CJK),
    (0xFB1D, 0xFB4F, _noto("Hebrew")),
    (0xFB50, 0xFDFF, _noto("Arabic")),
    (0xFE70, 0xFEFF, _noto("Arabic")),
    (0xFF00, 0xFFEF, _CJK),
)

FACES = (MAIN, *dict.fromkeys(face for _, _, face in _BLOCKS))


def runs(text: str) -> list[tuple[Face, str]]:
    """Split ``text`` into stretches of one font each.

    The fonts of other scripts lack digits and most punctuation: those stay with the main font.
    Combining marks and joiners stay with the letter before them.
    """
    found: list[tuple[Face, str]] = []
    for letter in text:
        follows = found and unicodedata.category(letter) in _FOLLOWERS
        face = found[-1][0] if follows else _face(letter)
        if found and found[-1][0] == face:
            found[-1] = (face, found[-1][1] + letter)
        else:
            found.append((face, letter))
    return found


def width(text: str, size: float) -> float:
    """Width of ``text`` in pixels, at ``size`` pixels an em."""
    return sum(face.width(run, size) for face, run in runs(text))


def row_height(text: str, size: float) -> float:
    """Height in pixels that libass gives a row of ``text``."""
    return max((face.ass_size(size) for face, _ in runs(text)), default=MAIN.ass_size(size))


def _face(letter: str) -> Face:
    code = ord(letter)
    return next((face for first, last, face in _BLOCKS if first <= code <= last), MAIN)


@cache
def _font(file: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FOLDER / file), _MEASURED_AT)


@cache
def _windows_height(file: str) -> float:
    """Read (usWinAscent + usWinDescent) / unitsPerEm from the tables ``OS/2`` and ``head``.

    Layout: OpenType specification, "OpenType font file" and the two tables' own chapters.
    """
    data = (FOLDER / file).read_bytes()
    (count,) = struct.unpack_from(">H", data, 4)
    tables = {
        tag: offset
        for tag, _checksum, offset, _length in struct.iter_unpack(
            ">4sIII", data[12 : 12 + 16 * count]
        )
    }
    ascent, descent = struct.unpack_from(">HH", data, tables[b"OS/2"] + 74)
    (units,) = struct.unpack_from(">H", data, tables[b"head"] + 18)
    return float((ascent + descent) / units)

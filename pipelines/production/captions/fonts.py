"""The shipped fonts: which one has a letter, and how wide text will be.

libass finds no substitute for a missing letter in a folder of fonts, so the font of each run of
letters is chosen here and named in the captions. libass draws no coloured letters, so emoji are
drawn in layers (``emoji.py``).
Sizes are in pixels per em. A style's size in ASS means something else, see ``Face.ass_size``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import Permanent
from pipelines.production.captions import emoji
from pipelines.stories.text import letters

if TYPE_CHECKING:
    from PIL import ImageFont

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "fonts"

_MEASURED_AT = 200.0  # pixels; large, so rounding to whole pixels doesn't matter
_SEGMENTS, _GROUPS = 4, 12  # formats of the "cmap" table, which lists the letters


@dataclass(frozen=True, slots=True)
class Face:
    """One font file and its family name in libass."""

    family: str
    file: str
    bold: bool = True
    """Whether the font is marked as bold; libass would thicken one that is not."""

    def has(self, letter: str) -> bool:
        return ord(letter) in _letters_of(self.file)

    def width(self, text: str, size: float) -> float:
        """Width of ``text`` in pixels, shaped by HarfBuzz if Pillow has it."""
        if self == EMOJI:
            text = emoji.ADVANCE * len(letters.clusters(text))
        return _font(self.file).getlength(text) * size / _MEASURED_AT

    def ass_size(self, size: float) -> float:
        """Return the ASS font size that makes an em ``size`` pixels high.

        Like VSFilter, libass scales a font so that its Windows ascent plus descent is the given
        size.
        """
        return round(size * sum(_windows_metrics(self.file)), 1)

    def ascent(self, size: float) -> float:
        """Pixels above the base line that libass reserves for a row's letters."""
        return size * _windows_metrics(self.file)[0]


MAIN = Face("Montserrat ExtraBold", "Montserrat-ExtraBold.ttf")
PLAIN = Face("Noto Sans", "NotoSans-Bold.ttf")
EMOJI = Face("Twemoji Layers", "TwemojiLayers.ttf", bold=False)

CHOICES: dict[str, Face] = {
    "Montserrat": MAIN,
    "Noto Sans": PLAIN,
    "Anton": Face("Anton", "Anton-Regular.ttf", bold=False),
}
"""The fonts that a person may choose, by name; the others provide letters that these lack."""

_CJK = Face("Noto Sans CJK JP", "NotoSansCJK-Bold.otf")


def _noto(script: str) -> Face:
    return Face(f"Noto Sans {script}", f"NotoSans{script}-Bold.ttf")


# First and last code point of the Unicode blocks of other scripts.
_BLOCKS: tuple[tuple[int, int, Face], ...] = (
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
    (0x2E80, 0xA4CF, _CJK),
    (0xAC00, 0xD7AF, _CJK),
    (0xF900, 0xFAFF, _CJK),
    (0xFB1D, 0xFB4F, _noto("Hebrew")),
    (0xFB50, 0xFDFF, _noto("Arabic")),
    (0xFE70, 0xFEFF, _noto("Arabic")),
    (0xFF00, 0xFFEF, _CJK),
)

FACES = tuple(dict.fromkeys((*CHOICES.values(), *(face for _, _, face in _BLOCKS), EMOJI)))


def runs(text: str, main: Face = MAIN) -> list[tuple[Face, str]]:
    """Split ``text`` into runs of one font each, using ``main`` for every letter that it has.

    The fonts of other scripts lack digits and most punctuation; those use the main font. Combining
    marks and joiners use the font of the letter before them. A direction mark that opens the text
    uses the font of the next letter, because a row is as high as its highest font.
    """
    found: list[tuple[Face, str]] = []
    opening = text[: len(text) - len(text.lstrip(letters.DIRECTIONS))]
    for cluster in letters.clusters(text[len(opening) :]):
        face = _face_of(cluster, main) or main
        if found and found[-1][0] == face:
            found[-1] = (face, found[-1][1] + cluster)
        else:
            found.append((face, opening + cluster))
            opening = ""
    return found


def drawable(cluster: str) -> bool:
    """Whether one shipped font has every letter of ``cluster``, so no empty box is drawn."""
    return _face_of(cluster, MAIN) is not None


def width(text: str, size: float, main: Face = MAIN) -> float:
    """Width of ``text`` in pixels, at ``size`` pixels per em."""
    return sum(face.width(run, size) for face, run in runs(text, main))


def row_height(text: str, size: float, main: Face = MAIN) -> float:
    """Height in pixels of a row of ``text`` in libass."""
    return max((face.ass_size(size) for face, _ in runs(text, main)), default=main.ass_size(size))


@cache
def _face_of(cluster: str, main: Face) -> Face | None:
    if letters.is_emoji(cluster):
        return EMOJI if emoji.known(cluster) else None
    code = ord(cluster[0])
    own = [face for first, last, face in _BLOCKS if first <= code <= last]
    for face in (main, *own, PLAIN, MAIN):
        if _shows(face, cluster):
            return face
    return EMOJI if emoji.known(cluster) else None


def _shows(face: Face, cluster: str) -> bool:
    return all(face.has(letter) for letter in cluster if not letters.is_silent(letter))


@cache
def _font(file: str) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont  # noqa: PLC0415 (pages that only list styles measure nothing)

    try:
        return ImageFont.truetype(str(FOLDER / file), _MEASURED_AT)
    except OSError as error:
        raise _missing(file) from error


@cache
def _windows_metrics(file: str) -> tuple[float, float]:
    """Read usWinAscent and usWinDescent, in ems, from the tables ``OS/2`` and ``head``.

    Layout: OpenType specification, "OpenType font file" and the two tables' own chapters.
    """
    data, tables = _tables(file)
    ascent, descent = struct.unpack_from(">HH", data, tables[b"OS/2"] + 74)
    (units,) = struct.unpack_from(">H", data, tables[b"head"] + 18)
    return ascent / units, descent / units


@cache
def _letters_of(file: str) -> frozenset[int]:
    """Code points with a glyph in the font: its table ``cmap``, formats 4 and 12."""
    data, tables = _tables(file)
    start = tables[b"cmap"]
    (count,) = struct.unpack_from(">H", data, start + 2)
    found: set[int] = set()
    for index in range(count):
        (offset,) = struct.unpack_from(">I", data, start + 4 + 8 * index + 4)
        (form,) = struct.unpack_from(">H", data, start + offset)
        if form == _SEGMENTS:
            found.update(_segments(data, start + offset))
        elif form == _GROUPS:
            (groups,) = struct.unpack_from(">I", data, start + offset + 12)
            for at in range(groups):
                first, last, _ = struct.unpack_from(">III", data, start + offset + 16 + 12 * at)
                found.update(range(first, last + 1))
    return frozenset(found - {0xFFFF})


def _segments(data: bytes, start: int) -> Iterator[int]:
    """Code points of a ``cmap`` subtable of format 4, without those mapped to glyph 0."""
    (twice,) = struct.unpack_from(">H", data, start + 6)
    count = twice // 2
    ends = struct.unpack_from(f">{count}H", data, start + 14)
    starts = struct.unpack_from(f">{count}H", data, start + 16 + twice)
    deltas = struct.unpack_from(f">{count}H", data, start + 16 + 2 * twice)
    offsets_at = start + 16 + 3 * twice
    offsets = struct.unpack_from(f">{count}H", data, offsets_at)
    for index in range(count):
        for code in range(starts[index], ends[index] + 1):
            glyph = (code + deltas[index]) & 0xFFFF
            if offsets[index]:
                at = offsets_at + 2 * index + offsets[index] + 2 * (code - starts[index])
                (glyph,) = struct.unpack_from(">H", data, at)
            if glyph:
                yield code


@cache
def _tables(file: str) -> tuple[bytes, dict[bytes, int]]:
    """The font's bytes, and where each of its tables begins."""
    try:
        data = (FOLDER / file).read_bytes()
        (count,) = struct.unpack_from(">H", data, 4)
        directory = [struct.unpack_from(">4sIII", data, 12 + 16 * at) for at in range(count)]
    except (OSError, struct.error) as error:
        raise _missing(file) from error
    if any(offset + length > len(data) for _tag, _checksum, offset, length in directory):
        raise _missing(file)
    return data, {tag: offset for tag, _checksum, offset, _length in directory}


def _missing(file: str) -> Permanent:
    return Permanent(
        f"The font {FOLDER / file} is missing or damaged: reinstall Storymill's fonts.",
        code="font_missing",
    )

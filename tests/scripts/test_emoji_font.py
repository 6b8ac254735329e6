"""The emoji font script: reads a font with coloured layers, writes a font and a table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from PIL import ImageFont

from pipelines.production.captions import emoji, fonts

ROOT = Path(__file__).resolve().parents[2]
EM = 512
LETTERS = {
    "😭": "crying",
    "❤": "heart",
    "🏴": "flag",
    "\u200d": "joiner",
    "\ufe0f": "style",
    "©": "letter",
}
LAYERS = {
    "crying": [("round", 0), ("small", 1)],
    "heart": [("small", 2)],
    "flag": [("round", 2)],
    "heart.flag": [("round", 2), ("small", 0)],
    "letter": [("small", 0)],
}
COLOURS = [(1, 0.8, 0.2, 1), (0.2, 0.4, 1, 0.4), (0, 0, 0, 1)]
FEATURES = """
feature ccmp {
    sub flag joiner heart by flag;
    sub flag joiner heart style by heart.flag;
} ccmp;
"""


def square(side: int) -> object:
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, side), (side, side), (side, 0)):
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()


def coloured_font(file: Path, *, coloured: bool = True) -> Path:
    empty = TTGlyphPen(None).glyph()
    outlines = {".notdef": square(EM), "round": square(400), "small": square(100)}
    outlines |= dict.fromkeys([*LETTERS.values(), "heart.flag"], empty)
    builder = FontBuilder(EM)
    builder.setupGlyphOrder(list(outlines))
    builder.setupCharacterMap({ord(letter): glyph for letter, glyph in LETTERS.items()})
    builder.setupGlyf(outlines)
    builder.setupHorizontalMetrics(dict.fromkeys(outlines, (EM, 0)))
    builder.setupHorizontalHeader(ascent=450, descent=-62)
    builder.setupOS2(usWinAscent=450, usWinDescent=62)
    builder.setupPost()
    builder.addOpenTypeFeatures(FEATURES)
    if coloured:
        builder.setupCOLR(LAYERS)
        builder.setupCPAL([COLOURS])
    builder.save(file)
    return file


def make(font: Path, into: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.emoji_font", str(font), "1.2", "--into", str(into)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_font_and_a_table_are_made_from_coloured_layers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a font with two emoji, one of several letters that also works without U+FE0F
    font = coloured_font(tmp_path / "coloured.ttf")

    # When the artwork is made from it
    done = make(font, tmp_path)

    # Then captions find the layers of each, and the font has a letter without width for each
    assert done.returncode == 0, done.stderr
    monkeypatch.setattr(emoji, "TABLE", tmp_path / "emoji.tsv")
    large, small = (emoji.Layer(chr(0xF0001 + n), "000000", 255) for n in (1, 0))
    below, above = emoji.layers("😭")
    assert (below.colour, below.opacity) == ("FFCC33", 255)
    assert (above.colour, above.opacity) == ("3366FF", 102)
    assert emoji.layers("❤️") == (small,)
    assert emoji.layers("🏴‍❤️")[0] == large
    assert len(emoji.layers("🏴‍❤️")) == 2
    assert not emoji.known("©")

    made = ImageFont.truetype(str(tmp_path / "fonts" / fonts.EMOJI.file), EM)
    assert made.getname() == (fonts.EMOJI.family, "Regular")
    assert made.getlength(emoji.ADVANCE) == EM + 40
    assert made.getlength(below.letter) == 0
    drawn, offset = made.getmask2(below.letter, anchor="ls")
    assert (drawn.getbbox(), offset) == ((20, 0, 420, 400), (0, -400))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("plain.ttf", "lacks CPAL, COLR"),
        ("packed.woff2", "unpack it first"),
        ("cut.ttf", "can't be read as a font"),
    ],
)
def test_a_font_without_coloured_layers_is_refused_in_a_sentence(
    name: str, said: str, tmp_path: Path
) -> None:
    file = coloured_font(tmp_path / name, coloured=name != "plain.ttf")
    if name == "packed.woff2":
        file.write_bytes(b"wOF2" + bytes(40))
    if name == "cut.ttf":
        file.write_bytes(file.read_bytes()[:-400])

    done = make(file, tmp_path)

    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "emoji.tsv").exists()

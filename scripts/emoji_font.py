"""Make ``assets/fonts/TwemojiLayers.ttf`` and ``assets/emoji.tsv`` from Twemoji's artwork.

``scripts/emoji-font FONT VERSION``. FONT is Twemoji as a font with coloured layers: a TrueType file
with the tables ``COLR`` (version 0) and ``CPAL``. github.com/mozilla/twemoji-colr builds it, and
the npm package ``twemoji-colr-font`` (github.com/mrdrogdrog/twemoji-color-font) contains it.
VERSION is the package's version; we ship 15.0.3. The package has only WOFF2, which needs brotli::

    npm pack twemoji-colr-font@15.0.3 && tar -xf twemoji-colr-font-15.0.3.tgz
    uvx --from "fonttools[woff]" fonttools ttLib.woff2 decompress package/twemoji.woff2
    scripts/emoji-font package/twemoji.ttf 15.0.3

The artwork is by Twitter, Inc and other contributors, under CC BY 4.0; the font file is under the
SIL Open Font License 1.1. ``assets/fonts-OFL.txt`` names both.

The same FONT and VERSION produce the same bytes. Another FONT renumbers the layers, so older
captions need the older font.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import click
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.filterPen import DecomposingFilterPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, TTLibError

from core.errors import InputError
from pipelines.production.captions import emoji, fonts

_TABLES = ("CPAL", "COLR", "GSUB", "OS/2", "cmap", "glyf", "head", "hhea")
_COMPRESSED = b"wOF2"
_LIGATURES = 4
"""Type of ``GSUB`` lookups that combine several glyphs into one, as for flags and families."""
_TEXT_COLOUR = 0xFFFF
"""Palette index of a layer with the colour of the surrounding text."""
_MARGIN = 20 / 512
"""Empty space on each side of an emoji, in ems, so that two do not touch."""

_NO_PICTURES = {"", "©", "®", "™", *map(chr, range(0x1F1E6, 0x1F200))}
"""Not drawn as emoji by themselves: characters of text fonts, and the letters of flags."""
_PRIVATE = "Co"
"""Unicode category of code points that mean something only within one font."""

_NOTDEF, _ADVANCE = ".notdef", "advance"
_COPYRIGHT = (
    "Artwork: Copyright Twitter, Inc and other contributors, CC-BY 4.0. "
    "Font file: SIL Open Font License 1.1."
)
_LICENCE = "Artwork: CC-BY 4.0, https://creativecommons.org/licenses/by/4.0/"


class _Layer(NamedTuple):
    glyph: str
    colour: str
    """``RRGGBB``, or ``RRGGBBAA`` if it is partly transparent."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("font", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("version")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=emoji.TABLE.parent,
    help="Assets folder to write to. Default: the project's.",
)
def make(font: Path, version: str, into: Path) -> None:
    """Make the emoji font and table from FONT, Twemoji with coloured layers."""
    try:
        source = _opened(font)
        pictures = _pictures(source)
        letters = _lettered(pictures)
        made = _built(source, letters, version)
    except InputError as error:
        raise click.ClickException(str(error)) from None
    except TTLibError as error:
        raise click.ClickException(f"{font} can't be read as a font: {error}.") from None
    file = into / fonts.FOLDER.name / fonts.EMOJI.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(made)
    (into / emoji.TABLE.name).write_text(_table(pictures, letters), encoding="utf-8")
    click.echo(f"Made {len(pictures)} emoji from {len(letters)} layers.")


def _opened(path: Path) -> TTFont:
    data = path.read_bytes()
    if data.startswith(_COMPRESSED):
        raise InputError(
            f"{path} is WOFF2: unpack it first, as described in scripts/emoji_font.py."
        )
    font = TTFont(BytesIO(data))
    if missing := [tag for tag in _TABLES if tag not in font]:
        raise InputError(
            f"{path} is not a TrueType font with coloured layers: it lacks {', '.join(missing)}."
        )
    if version := font["COLR"].version:
        raise InputError(f"{path} has COLR version {version}; version 0 is needed.")
    return font


def _pictures(font: TTFont) -> dict[str, list[_Layer]]:
    """The layers of each emoji, lowest first; emoji in order."""
    pictures = {text: _layers(font, glyph) for text, glyph in _emoji_of(font).items()}
    if not pictures:
        raise InputError("None of the font's coloured glyphs is an emoji.")
    return pictures


def _emoji_of(font: TTFont) -> dict[str, str]:
    """Glyph of each emoji as ``emoji.plain`` writes it, in order.

    If U+FE0F changes the glyph, the glyph with it is used, because keyboards write it.
    """
    glyphs = {chr(code): glyph for code, glyph in font.getBestCmap().items()}
    written = {glyph: letter for letter, glyph in glyphs.items()}
    for parts, glyph in _ligatures(font):
        if unknown := [part for part in parts if part not in written]:
            raise InputError(f"{glyph} contains {unknown[0]}, which has no character.")
        glyphs["".join(written[part] for part in parts)] = glyph
    coloured = font["COLR"].ColorLayers
    fullest_last = sorted(glyphs, key=lambda text: (emoji.plain(text), len(text)))
    return {
        emoji.plain(text): glyphs[text]
        for text in fullest_last
        if glyphs[text] in coloured and _is_picture(emoji.plain(text))
    }


def _ligatures(font: TTFont) -> Iterator[tuple[list[str], str]]:
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for subtable in lookup.SubTable:
            table = getattr(subtable, "ExtSubTable", subtable)
            if table.LookupType != _LIGATURES:
                continue
            for first, ligatures in table.ligatures.items():
                for ligature in ligatures:
                    yield [first, *ligature.Component], ligature.LigGlyph


def _is_picture(text: str) -> bool:
    return text not in _NO_PICTURES and unicodedata.category(text[0]) != _PRIVATE


def _layers(font: TTFont, glyph: str) -> list[_Layer]:
    palette = font["CPAL"].palettes[0]
    layers = []
    for layer in font["COLR"].ColorLayers[glyph]:
        if layer.colorID == _TEXT_COLOUR:
            raise InputError(f"A layer of {glyph} has no colour of its own.")
        colour = palette[layer.colorID].hex().removeprefix("#")
        layers.append(_Layer(layer.name, colour[:6] if colour.endswith("FF") else colour))
    return layers


def _lettered(pictures: dict[str, list[_Layer]]) -> dict[str, str]:
    """A private letter for each layer's glyph; emoji share the layers that are the same."""
    letters: dict[str, str] = {}
    for layers in pictures.values():
        for layer in layers:
            letters.setdefault(layer.glyph, chr(ord(emoji.ADVANCE) + 1 + len(letters)))
    return letters


def _table(pictures: dict[str, list[_Layer]], letters: dict[str, str]) -> str:
    return "".join(
        f"{text}\t{''.join(layer.colour + letters[layer.glyph] for layer in layers)}\n"
        for text, layers in pictures.items()
    )


def _built(source: TTFont, letters: dict[str, str], version: str) -> bytes:
    """The font of layers: letters without width, and one letter with only width."""
    em, made = source["head"].unitsPerEm, source["head"].created
    margin = round(em * _MARGIN)
    outlines = {
        _NOTDEF: _moved(source, _NOTDEF, 0),
        _ADVANCE: TTGlyphPen(None).glyph(),
        **{glyph: _moved(source, glyph, margin) for glyph in letters},
    }
    widths = {**dict.fromkeys(letters, 0), _NOTDEF: em, _ADVANCE: em + 2 * margin}
    builder = FontBuilder(em, isTTF=True)
    builder.updateHead(created=made, modified=made)
    builder.setupGlyphOrder(list(outlines))
    builder.setupCharacterMap(
        {ord(emoji.ADVANCE): _ADVANCE, **{ord(letter): glyph for glyph, letter in letters.items()}}
    )
    builder.setupGlyf(outlines)
    edges = builder.font["glyf"]
    builder.setupHorizontalMetrics(
        {glyph: (width, getattr(edges[glyph], "xMin", 0)) for glyph, width in widths.items()}
    )
    for measures in ("hhea", "OS/2"):  # line heights, as designed for the artwork
        builder.font[measures] = source[measures]
    builder.setupNameTable(
        {
            "copyright": _COPYRIGHT,
            "familyName": fonts.EMOJI.family,
            "styleName": "Regular",
            "fullName": fonts.EMOJI.family,
            "version": f"Version {version}",
            "psName": f"{Path(fonts.EMOJI.file).stem}-Regular",
            "licenseDescription": _LICENCE,
        },
        mac=False,
    )
    builder.setupPost(keepGlyphNames=False)
    file = BytesIO()
    builder.save(file)
    return file.getvalue()


def _moved(source: TTFont, glyph: str, right: int) -> object:
    """A glyph's outline, moved ``right`` units to the right, without hinting and components."""
    glyphs = source.getGlyphSet()
    pen = TTGlyphPen(None)
    glyphs[glyph].draw(DecomposingFilterPen(TransformPen(pen, (1, 0, 0, 1, right, 0)), glyphs))
    return pen.glyph()


if __name__ == "__main__":
    make()

"""Coloured emoji for libass, which can only draw letters in one colour.

An emoji is drawn as several letters on top of each other, each in its own colour. A shipped font
has the layers of Twemoji's artwork as letters without width (private code points), and
``assets/emoji.tsv`` lists the layers of each emoji, lowest first. ``scripts/emoji_font.py`` makes
both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ADVANCE = "\U000f0000"
"""An empty letter as wide as an emoji; it ends each emoji."""

TABLE = Path(__file__).resolve().parents[3] / "assets" / "emoji.tsv"
_LAYER = re.compile(r"([0-9A-F]{6})([0-9A-F]{2})?([\U000f0001-\U000fffff])")
_STYLE = "\ufe0f"
_SHADES = re.compile("[\U0001f3fb-\U0001f3ff]")


@dataclass(frozen=True, slots=True)
class Layer:
    letter: str
    colour: str
    """``RRGGBB``."""
    opacity: int
    """0 to 255."""


def plain(cluster: str) -> str:
    """The table's key: an emoji without the optional U+FE0F (emoji presentation)."""
    return cluster.replace(_STYLE, "")


def layers(cluster: str) -> tuple[Layer, ...]:
    """The layers of an emoji, lowest first; none if it is unknown."""
    found = _LAYER.findall(_read(TABLE).get(plain(cluster), ""))
    return tuple(Layer(letter, rgb, int(alpha or "FF", 16)) for rgb, alpha, letter in found)


def known(cluster: str) -> bool:
    """Whether the artwork has exactly ``cluster``."""
    return plain(cluster) in _read(TABLE)


def nearest(cluster: str) -> str:
    """The closest emoji in the artwork: as it is, without skin tone, or its first character."""
    options = (cluster, _SHADES.sub("", cluster), cluster[:1])
    return next(filter(known, options), cluster)


@cache
def _read(table: Path) -> dict[str, str]:
    lines = table.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", maxsplit=1) for line in lines)

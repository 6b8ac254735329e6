"""Emoji in their colours, of a drawing that can only do letters of one colour.

An emoji is drawn as several letters, one upon the other, each of a colour of its own: a shipped
font has the layers of Twemoji's artwork as letters without width (private code points), and
``assets/emoji.tsv`` says which of them make an emoji, from the lowest up.
``scripts/emoji_font.py`` makes both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ADVANCE = "\U000f0000"
"""The font's letter that draws nothing and is as wide as an emoji: it ends each one."""

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
    """An emoji without U+FE0F, which asks for a picture and may be missing: the table's key."""
    return cluster.replace(_STYLE, "")


def layers(cluster: str) -> tuple[Layer, ...]:
    """What to draw for an emoji, from the lowest up; nothing if it is not known."""
    found = _LAYER.findall(_read(TABLE).get(plain(cluster), ""))
    return tuple(Layer(letter, rgb, int(alpha or "FF", 16)) for rgb, alpha, letter in found)


def known(cluster: str) -> bool:
    """Whether the artwork has ``cluster``, just so."""
    return plain(cluster) in _read(TABLE)


def nearest(cluster: str) -> str:
    """An emoji as the artwork has it: one that is too new without shade of skin, or its first."""
    options = (cluster, _SHADES.sub("", cluster), cluster[:1])
    return next(filter(known, options), cluster)


@cache
def _read(table: Path) -> dict[str, str]:
    lines = table.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", maxsplit=1) for line in lines)

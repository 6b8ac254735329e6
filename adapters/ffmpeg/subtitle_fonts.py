"""Check that the fonts of subtitles exist: libass would silently use another font, or none."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import ImageFont

_NAMED = re.compile(r"^Style:[^,]*,([^,]+),|\\fn([^\\}]+)", re.MULTILINE)
_SUFFIXES = frozenset({".ttf", ".otf", ".ttc"})


def missing(subtitles: Path, folder: Path) -> list[str]:
    """Names of the fonts that an ASS file uses and ``folder`` does not have."""
    named = _NAMED.findall(subtitles.read_text(encoding="utf-8"))
    return sorted({(style or tag).strip() for style, tag in named} - _families(folder))


def _families(folder: Path) -> set[str]:
    names: set[str] = set()
    for path in folder.glob("*"):
        if path.suffix.lower() in _SUFFIXES:
            try:
                family, style = ImageFont.truetype(str(path)).getname()
            except OSError:  # damaged: treated as missing
                continue
            names |= {f"{family}", f"{family} {style}"}
    return names

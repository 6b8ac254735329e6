"""Backgrounds drawn here: calm clips that loop without a seam, dark enough for white captions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from adapters.backgrounds.drawn import light, shapes, weather
from adapters.backgrounds.drawn.canvas import PALETTES, Chance, Painter, Palette, film
from adapters.ports import DrawnBackground, Progress

EDITION = 2
"""Goes up when a kind is drawn differently: what was kept of it is then drawn anew."""
SECONDS = 10.0
VARIANTS = len(PALETTES)
"""Of each kind: other colours, and other shapes with them."""

KINDS: dict[DrawnBackground, Callable[[Chance, Palette], Painter]] = {
    DrawnBackground.AURORA: light.aurora,
    DrawnBackground.BOKEH: light.bokeh,
    DrawnBackground.CITY: weather.city,
    DrawnBackground.FOG: light.fog,
    DrawnBackground.INK: light.ink,
    DrawnBackground.RAIN: weather.rain,
    DrawnBackground.SNOW: weather.snow,
    DrawnBackground.STARS: shapes.stars,
    DrawnBackground.TUNNEL: shapes.tunnel,
    DrawnBackground.WAVES: shapes.waves,
}


def draw(
    path: Path,
    kind: str,
    variant: int,
    *,
    seconds: float = SECONDS,
    progress: Progress = lambda _share: None,
) -> None:
    """Draw a loop of ``kind`` into the file ``path``; the same variant is the same film.

    ``progress`` is called again and again with 0, as this is only the beginning of a render.
    """
    film(path, painter(kind, variant), seconds, progress)


def painter(kind: str, variant: int) -> Painter:
    return KINDS[DrawnBackground(kind)](
        Chance(variant, *kind.encode()), PALETTES[variant % VARIANTS]
    )

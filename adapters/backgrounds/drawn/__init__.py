"""Drawn backgrounds: calm, seamless loops, dark enough for white captions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from adapters.backgrounds.drawn import light, shapes, weather
from adapters.backgrounds.drawn.canvas import PALETTES, Chance, Painter, Palette, film
from adapters.ports import DrawnBackground, Progress

EDITION = 2
"""Increase this when a kind is drawn differently; cached clips are then drawn again."""
SECONDS = 10.0
VARIANTS = len(PALETTES)
"""Variants of each kind, with different colours and shapes."""

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
    """Draw a loop of ``kind`` into the file ``path``; the same variant gives the same clip.

    ``progress`` is called repeatedly with 0, because the render itself has not started.
    """
    film(path, painter(kind, variant), seconds, progress)


def painter(kind: str, variant: int) -> Painter:
    return KINDS[DrawnBackground(kind)](
        Chance(variant, *kind.encode()), PALETTES[variant % VARIANTS]
    )

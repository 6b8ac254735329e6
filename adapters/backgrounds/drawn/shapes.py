"""Drawn backgrounds of shapes: paper waves, a tunnel, a flight through stars."""

from __future__ import annotations

from math import sin

import numpy as np

from adapters.backgrounds.drawn.canvas import (
    TURN,
    Chance,
    Image,
    Painter,
    Palette,
    add_sprite,
    colour,
    glow,
    grid,
    ramp,
    tint,
)

_STARS = (1.7, 2.3, 3.2, 4.6, 6.6)  # radius in pixels of the small picture, far to near
_SHADOW = 0.045  # width of a sheet's shadow on the one behind it


def waves(chance: Chance, palette: Palette) -> Painter:
    """Sheets of cut paper, one behind the other, that swell like a sea."""
    scale = 3
    x, y = grid(scale)
    line, pixel = x[0], 1 / x.shape[1]
    count = 8
    sheets = []
    for n in range(count):
        depth = n / (count - 1)
        rgb = ramp(palette)(np.full((1, 1), 0.72 - 0.66 * depth, np.float32))[0, 0]
        swells = [
            (size, rate * chance.between(0.8, 1.2), chance.between(0, TURN), way)
            for size, rate, way in ((0.075, 4.2, 1), (0.03, 9.0, -1), (0.012, 17.0, 1))
        ]
        sheets.append((-0.62 + 1.36 * depth, rgb, swells))
    sky = ramp(palette)(0.8 - 0.1 * (y + 0.9))

    def picture(share: float) -> Image:
        turn = TURN * share
        shown = sky.copy()
        for height, rgb, swells in sheets:
            edge = height + sum(
                size * np.sin(rate * line + at + way * turn) for size, rate, at, way in swells
            )
            top = max(0, int((edge.min() - _SHADOW * 4) / pixel + len(y) / 2))
            below = y[top:] - edge
            shadow = 1 - 0.5 * np.exp(np.minimum(below, 0) / _SHADOW)
            covered = np.clip(below / pixel + 0.5, 0, 1)
            lit = (1 + 0.25 * np.exp(np.minimum(-below, 0) / 0.02)) * covered
            shown[top:] = shown[top:] * (shadow * (1 - covered))[:, :, None] + tint(lit, rgb)
        return shown

    return picture


def tunnel(chance: Chance, palette: Palette) -> Painter:
    """A flight through a slowly turning, many-sided tube of light."""
    x, y = grid(4)
    sides = chance.either(4, 5, 6, 8)
    sector = TURN / sides
    twist = chance.either(-1, 1) * chance.between(0.05, 0.09)
    near, far = colour(palette, 3), colour(palette, 2)
    base = colour(palette, 0)
    depth = np.log(np.hypot(x, y) + 1e-4)
    angle = np.arctan2(y, x)
    away = np.exp(depth)
    fade = np.clip((depth + 3.0) / 2.4, 0, 1) ** 1.5

    def picture(share: float) -> Image:
        turn = TURN * share
        bent = angle + twist * depth * 2.2 + 0.25 * sin(turn)
        in_sector = np.mod(bent, sector) - sector / 2
        ring = (depth + np.log(np.cos(in_sector) + 1e-4)) * 2.6 - 3 * share
        from_line = np.abs(np.mod(ring, 1) - 0.5)
        rings = np.exp(-((from_line / 0.045) ** 2)) + 0.35 * np.exp(-from_line / 0.16)
        edge = np.abs(np.abs(in_sector) - sector / 2)
        spokes = np.exp(-edge * away / (0.006 + 0.02 * away))
        pulse = 0.75 + 0.25 * np.sin(2 * depth - turn)
        panel = 0.5 + 0.5 * np.cos(np.floor(bent / sector) * sector + turn)
        shown = tint(0.6 * rings * fade * pulse, near)
        shown += tint(fade * (0.3 * spokes + 0.34 * panel * (1 - 0.6 * np.mod(ring, 1))), far)
        shown += base * (0.4 + 0.6 * fade[:, :, None])
        return shown

    return picture


def stars(chance: Chance, palette: Palette) -> Painter:
    """A flight through stars, past a slowly turning nebula."""
    rows, columns = grid(3)[0].shape
    x, y = grid(6)
    folds = [
        (2.1 * 1.7**n, 0.34 / 1.65**n, chance.between(0, TURN), chance.between(0, TURN))
        for n in range(5)
    ]
    colours = ramp(palette)
    flock = [
        (
            chance.between(-0.9, 0.9),
            chance.between(-1.6, 1.6),
            chance.between(0, 1),
            chance.either(1, 2, 2, 3),
            chance.either(np.ones(3, np.float32), np.ones(3, np.float32), colour(palette, 3)),
        )
        for _ in range(700)
    ]
    sizes = {radius: glow(radius, softness=1.6) for radius in _STARS}

    def nebula(turn: float) -> Image:
        u, v = 0.95 * x, 0.9 * y
        for n, (rate, reach, first, second) in enumerate(folds):
            way = turn if n % 2 else -turn
            aside, up = 0.35 * sin(way + first), 0.35 * sin(way + second)
            u, v = (
                u + reach * np.sin(rate * (v + 0.4 * u) + first + aside),
                v + reach * np.sin(rate * (u - 0.4 * v) + second + up),
            )
        cloud = (0.5 + 0.5 * np.sin(3.1 * u + 1.9 * v)) * (0.6 + 0.4 * np.sin(2.2 * v - u))
        lit = 0.06 + 0.62 * np.clip(cloud, 0, 1) ** 2
        return _doubled(colours(lit.astype(np.float32)))

    def picture(share: float) -> Image:
        shown = nebula(TURN * share)
        for across, below, at, speed, rgb in flock:
            near = (at + speed * share) % 1
            far = 1.6 - 1.5 * near
            left, top = (across / far + 0.5) * columns, below / far * columns + rows / 2
            if not (0 < left < columns and 0 < top < rows):
                continue
            radius = _STARS[int(near**1.5 * len(_STARS))]
            strength = np.float32(min(1.0, 4 * near, 8 * (1 - near)))
            sprite = sizes[radius][:, :, None] * (rgb * strength)
            half = sprite.shape[0] / 2
            add_sprite(shown, sprite, left - half, top - half)
        return shown

    return picture


def _doubled(small: Image) -> Image:
    """Enlarge a soft picture to twice its size."""
    large = small.repeat(2, axis=0).repeat(2, axis=1)
    large[1:] = (large[1:] + large[:-1]) / 2
    large[:, 1:] = (large[:, 1:] + large[:, :-1]) / 2
    return large

"""Drawn backgrounds of light and colour: aurora, bokeh, fog, ink."""

from __future__ import annotations

from math import cos, sin

import numpy as np

from adapters.backgrounds.drawn.canvas import (
    TURN,
    Chance,
    Image,
    Painter,
    Palette,
    add_sprite,
    colour,
    grid,
    ramp,
    tint,
)


def fog(chance: Chance, palette: Palette) -> Painter:
    """Slow coloured fog: a few warped waves, each moving by whole cycles per loop."""
    x, y = grid(8)
    waves = [
        (
            chance.between(1.2, 3.2),
            chance.between(0, TURN),
            chance.either(-1, 1),
            chance.between(0, TURN),
        )
        for _ in range(5)
    ]
    colours = ramp(palette)

    def picture(share: float) -> Image:
        turn = TURN * share
        warped_x = x + 0.18 * np.sin(4.2 * y + turn + 1)
        warped_y = y + 0.18 * np.cos(4.6 * x - turn)
        height = sum(
            np.sin(np.pi * rate * (cos(way) * warped_x + sin(way) * warped_y) + n * turn + at)
            for rate, way, n, at in waves
        ) / len(waves)
        return colours(0.42 + 0.55 * height)

    return picture


def ink(chance: Chance, palette: Palette) -> Painter:
    """Ink in water: space is folded repeatedly, which stretches the ink into threads."""
    x, y = grid(6)
    folds = [
        (
            1.9 * 1.75**n,
            0.36 / 1.6**n,
            chance.between(0, TURN),
            chance.between(0, TURN),
            chance.either(-1, 1),
        )
        for n in range(5)
    ]
    colours = ramp(palette)

    def picture(share: float) -> Image:
        turn = TURN * share
        u, v = x, y * 0.8
        for rate, reach, first, second, way in folds:
            u, v = (
                u + reach * np.sin(rate * v + first + 0.5 * sin(turn + first)),
                v + reach * np.sin(rate * u + second + 0.6 * cos(way * turn + second)),
            )
        threads = np.exp(-7 * np.abs(np.sin(3.4 * u + 1.6 * v)))
        clouds = 0.5 + 0.5 * np.sin(4.4 * v - 2.1 * u)
        return colours(0.08 + 0.42 * clouds**2 + 0.5 * threads * (0.4 + 0.6 * clouds))

    return picture


def bokeh(chance: Chance, palette: Palette) -> Painter:
    """Out-of-focus lights that drift on closed curves, some near and large, some far and small."""
    x, y = grid(6)
    rows, columns = x.shape
    lights = []
    for index in range(52):
        radius = chance.between(0.03, 0.07) if index % 3 else chance.between(0.09, 0.17)
        rgb = colour(palette, chance.either(2, 3), chance.between(0.12, 0.42))
        place = (chance.between(-0.05, 1.05) * columns, chance.between(-0.02, 1.02) * rows)
        phases = [chance.between(0, TURN) for _ in range(3)]
        sprite = tint(_disc(radius * columns), rgb)
        lights.append((sprite, place, radius * columns, phases))
    slope = (0.05 + 0.16 * (y / 1.8 + 0.5) + 0.05 * np.sin(3 * x)).astype(np.float32)
    base = ramp(palette)(slope)

    def picture(share: float) -> Image:
        turn = TURN * share
        shown = base.copy()
        for sprite, (left, top), reach, (a, b, c) in lights:
            half = sprite.shape[0] / 2
            strength = 0.68 + 0.32 * sin(turn + c)
            add_sprite(
                shown,
                sprite * strength,
                left - half + reach * sin(turn + a),
                top - half + 1.4 * reach * cos(turn + b),
            )
        return shown

    return picture


def _disc(radius: float) -> Image:
    """An out-of-focus light: even, with a slightly brighter rim and a soft edge."""
    reach = int(np.ceil(radius)) + 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    far = np.hypot(x, y) / np.float32(radius)
    disc: Image = np.clip((1 - far) * max(4.0, radius / 3), 0, 1) * (0.72 + 0.28 * far**4)
    return disc


def aurora(chance: Chance, palette: Palette) -> Painter:
    """Northern lights: curtains with sharp lower edges and long rays, over stars and hills."""
    x, y = grid(5)
    low, high = colour(palette, 3), colour(palette, 2)
    curtains = [
        (
            top,
            chance.between(1.6, 3.4),
            [chance.between(0, TURN) for _ in range(3)],
            chance.either(-1, 1),
        )
        for top in (-0.42, -0.12, 0.18)
    ]
    sky = ramp(palette)(0.02 + 0.1 * np.clip(y / 1.8 + 0.5, 0, 1) ** 2)
    for _ in range(150):
        row, column = int(chance.below(x.shape[0])), int(chance.below(x.shape[1]))
        sky[row, column] += chance.between(0.1, 0.75)
    line = x[0]
    hills = [
        (
            0.66 + 0.09 * n + 0.05 * np.sin((4 - n) * line + n) + 0.02 * np.sin(13 * line + 5 * n),
            np.array([0.012, 0.02, 0.035], np.float32) / (n + 1),
        )
        for n in range(2)
    ]

    def picture(share: float) -> Image:
        turn = TURN * share
        shown = sky.copy()
        for top, rate, (a, b, c), way in curtains:
            hem = (
                top
                + 0.13 * np.sin(rate * line * 2 + a + way * turn)
                + 0.05 * np.sin(rate * line * 5 + b - turn + sin(turn + c))
            )
            ray = rate * line * 11 + 2.2 * np.sin(rate * 3 * line + c + turn) + way * turn
            rays = 0.55 + 0.3 * np.sin(ray) + 0.15 * np.sin(2 * ray + b)
            veil = 0.62 + 0.38 * np.sin(rate * line * 1.5 + c - way * turn)
            above = hem - y
            light = np.exp(np.where(above > 0, above * (-1 / 0.3), above * (1 / 0.022)))
            light *= 0.62 * rays * veil
            mixed = light * np.clip(above * (1 / 0.42), 0, 1)
            shown += tint(light - mixed, low) + tint(mixed, high)
        for height, rgb in hills:
            covered = np.clip((y - height) * x.shape[1] + 0.5, 0, 1)[:, :, None]
            shown = shown * (1 - covered) + rgb * covered
        return shown

    return picture

"""Drawn views from a window: rain on the glass, snow, a city at night."""

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


def snow(chance: Chance, palette: Palette) -> Painter:
    """Snow at three distances, over dark firs."""
    x, y = grid(3)
    rows, columns = x.shape
    base = ramp(palette)(0.1 + 0.26 * np.clip(y / 1.8 + 0.5, 0, 1) ** 1.3)
    for n in range(3):
        base = _firs(base, x, y, chance, nearness=n)
    flakes = [
        (
            glow(radius, softness=1.3)[:, :, None] * np.full(3, strength, np.float32),
            chance.between(0, 1) * columns,
            chance.between(0, 1),
            falls,
            chance.between(0.01, 0.04) * columns,
            chance.between(0, TURN),
        )
        for count, radius, strength, falls in (
            (130, 2.2, 0.34, 1),
            (70, 4.0, 0.5, 2),
            (16, 9.0, 0.3, 3),
        )
        for _ in range(count)
    ]

    def picture(share: float) -> Image:
        shown = base.copy()
        for sprite, left, at, falls, sway, phase in flakes:
            half = sprite.shape[0] / 2
            top = (at + falls * share) % 1 * (rows + 4 * half) - 3 * half
            add_sprite(shown, sprite, left + sway * sin(TURN * share + phase) - half, top)
        return shown

    return picture


def _firs(base: Image, x: Image, y: Image, chance: Chance, *, nearness: int) -> Image:
    """A row of firs; nearer rows are lower and darker."""
    foot = 0.48 + 0.17 * nearness
    outline = np.full(x.shape[1], foot, np.float32)
    for _ in range(16 - 2 * nearness):
        middle, size = chance.between(-0.6, 0.6), chance.between(0.16, 0.3) * (1 + 0.5 * nearness)
        away = np.abs(x[0] - middle) / (0.24 * size)
        branches = 0.05 * size * np.abs(np.mod(away * 5, 1) - 0.5)
        outline = np.minimum(outline, foot - size * (1 - away) - branches)
    covered = np.clip((y - outline) * x.shape[1] + 0.5, 0, 1)[:, :, None]
    dark = base.mean(axis=1, keepdims=True) * (0.62 - 0.2 * nearness)
    mixed: Image = (base * (1 - covered) + dark * covered).astype(np.float32)
    return mixed


def rain(chance: Chance, palette: Palette) -> Painter:
    """Drops on a window in front of street lights; each drop shows the street upside down."""
    x, y = grid(3)
    rows, columns = x.shape
    street = ramp(palette)(0.06 + 0.14 * np.exp(-(((y - 0.15) / 0.5) ** 2)))
    lamps = []
    for _ in range(30):
        radius = chance.between(0.05, 0.13) * columns
        rgb = colour(palette, chance.either(2, 3), chance.between(0.12, 0.36))
        lamps.append(
            (
                glow(radius, softness=0.7)[:, :, None] * rgb,
                chance.between(0, 1) * columns - radius,
                (0.5 + chance.between(-0.3, 0.3) * chance.between(0, 1.3)) * rows - radius,
                chance.between(0, TURN),
            )
        )
    drops = [
        (
            chance.between(2.5, 7.0),
            chance.between(0, 1) * columns,
            chance.between(0, 1) * rows,
            0,
            0.0,
        )
        for _ in range(230)
    ] + [
        (
            chance.between(6.0, 11.0),
            chance.between(0, 1) * columns,
            chance.between(0, 1) * rows,
            chance.either(1, 2),
            chance.between(0, TURN),
        )
        for _ in range(26)
    ]
    shapes = {radius: _drop(radius) for radius, *_ in drops}

    def picture(share: float) -> Image:
        turn = TURN * share
        shown = street.copy()
        for sprite, left, top, phase in lamps:
            flicker = 0.8 + 0.2 * sin(turn + phase)
            add_sprite(shown, sprite * flicker, left + 3 * sin(turn + phase), top)
        behind = shown.copy()
        for radius, left, top, falls, phase in drops:
            # a drop slides, stops, slides on; whole heights per loop
            moved = share + 0.03 * sin(2 * turn + phase) if falls else 0.0
            at = (top + falls * moved * (rows + 60)) % (rows + 60) - 30
            aside = 2.5 * sin(3 * turn + phase) if falls else 0.0
            _refract(shown, behind, shapes[radius], left + aside, at, trail=40 if falls else 0)
        return shown

    return picture


_Drop = tuple[Image, Image, Image, Image]


def _drop(radius: float) -> _Drop:
    """How much of the glass a drop covers, its light, and which background point it shows."""
    reach = int(np.ceil(radius)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    far = np.hypot(x, y * 0.86) / np.float32(radius)
    cover: Image = np.clip((1 - far) * radius, 0, 1)
    shine: Image = 0.35 * np.exp(-((x + radius * 0.3) ** 2 + (y + radius * 0.35) ** 2) / radius)
    shade: Image = (0.75 + 0.75 * y / radius) * (1 - 0.5 * far**3)
    return cover, np.clip(shade, 0.25, 1.5), shine * cover, -6 * np.stack([y, x])


def _refract(
    shown: Image, behind: Image, drop: _Drop, left: float, top: float, *, trail: int
) -> None:
    cover, shade, shine, shift = drop
    rows, columns = shown.shape[:2]
    high = cover.shape[0]
    first_column, first_row = int(left) - high // 2, int(top) - high // 2
    if not (0 <= first_column <= columns - high and 0 <= first_row <= rows - high):
        return
    area = np.s_[first_row : first_row + high, first_column : first_column + high]
    y = np.clip(first_row + high // 2 + shift[0], 0, rows - 1).astype(np.int32)
    x = np.clip(first_column + high // 2 + shift[1], 0, columns - 1).astype(np.int32)
    seen = behind[y, x] * (1.3 * shade)[:, :, None] + shine[:, :, None]
    part = cover[:, :, None]
    if trail:
        start = max(0, first_row - trail)
        wet = np.s_[start : first_row + high // 2, first_column + 2 : first_column + high - 2]
        shown[wet] *= 1 + 0.35 * np.linspace(0, 1, shown[wet].shape[0])[:, None, None]
    shown[area] = shown[area] * (1 - part) + seen * part


def city(chance: Chance, palette: Palette) -> Painter:
    """A ride past a skyline at night, three streets deep; nearer ones pass faster."""
    x, y = grid(3)
    rows, columns = x.shape
    sky = ramp(palette)(0.1 + 0.5 * np.clip((y + 0.85) / 1.3, 0, 1) ** 2)
    for _ in range(110):
        row, column = int(chance.below(rows * 0.4)), int(chance.below(columns))
        sky[row, column] += chance.between(0.1, 0.6)
    moon_x, moon_y = chance.between(-0.28, 0.28), chance.between(-0.62, -0.5)
    far = np.hypot(x - moon_x, y - moon_y)
    sky += tint(np.clip((0.075 - far) * columns, 0, 1), colour(palette, 3, 0.8))
    sky += tint(np.exp(-far / 0.14), colour(palette, 3, 0.3))
    layers = [_houses(chance, palette, rows, columns, n) for n in range(3)]

    def picture(share: float) -> Image:
        turn = TURN * share
        shown = sky
        for n, (walls, cover, lit, phases) in enumerate(layers):
            lamp = np.clip(0.8 + 1.2 * np.sin(turn + phases), 0.0, 1.0)
            houses = walls + lit * lamp[:, :, None]
            # the far street sways; the others wrap around, whole turns per loop
            at = n * share * columns if n else 10 * sin(turn)
            seen, part = _passed(houses, at), _passed(cover, at)
            shown = shown * (1 - part[:, :, None]) + seen * part[:, :, None]
        return shown

    return picture


def _passed(street: Image, at: float) -> Image:
    """A street that wraps around, moved by ``at`` pixels, which may be a fraction."""
    whole = int(np.floor(at))
    share = np.float32(at - whole)
    moved: Image = np.roll(street, -whole, axis=1) * (1 - share)
    moved += np.roll(street, -whole - 1, axis=1) * share
    return moved


def _houses(
    chance: Chance, palette: Palette, rows: int, columns: int, nearness: int
) -> tuple[Image, Image, Image, Image]:
    """One street: its walls, where they are, and the colours and rhythm of its lit windows."""
    cover = np.zeros((rows, columns), np.float32)
    lit = np.zeros((rows, columns, 3), np.float32)
    phases = np.zeros((rows, columns), np.float32)
    pane = 3 + nearness  # a window's width in pixels
    warm = np.array([1.0, 0.72, 0.36], np.float32)
    cool = colour(palette, 3)
    left = 0
    while left < columns:  # the last house ends where the first starts
        wide = min(int(chance.between(7, 14)) * pane, columns - left)
        top = int(rows * (0.3 + 0.17 * nearness + chance.between(0, 0.2)))
        cover[top:, left : left + wide] = 1
        for row in range(top + 2 * pane, rows, 3 * pane):
            for column in range(left + pane, left + wide - pane, 2 * pane):
                if chance.one_in(3):
                    rgb = chance.either(warm, warm, cool) * chance.between(0.3, 0.8)
                    area = np.s_[row : row + pane + 1, column : column + pane]
                    lit[area] = rgb * (0.55 + 0.2 * nearness)
                    phases[area] = chance.between(0, TURN)
        left += wide + int(chance.below(3)) * pane
    haze = np.linspace(1.0, 0.55, rows, dtype=np.float32)[:, None, None]
    dark = colour(palette, 1, 0.8 - 0.3 * nearness) * haze
    return np.broadcast_to(dark, lit.shape).astype(np.float32), cover, lit, phases

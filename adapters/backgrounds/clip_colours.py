"""Read a clip's colour tags and convert its colours to BT.709, which phones show.

HDR and wide colours are converted through a table (a 3D LUT). Its values are computed here once.
A look-up adds little to an encode, and every ffmpeg can do it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.float64]
"""R, G, B on the last axis."""

WHITE_NITS, PEAK_NITS = 203.0, 1000.0
"""Diffuse white in HDR (ITU-R BT.2408), and the brightest light that phones grade for."""

_SIZE = 33  # points of the table along each axis

# Code points of ITU-T H.273, as files carry them.
_BT709, _UNSPECIFIED, _BT2020, _DCI_P3, _DISPLAY_P3 = 1, 2, 9, 11, 12
_PQ, _HLG = 16, 18
_RGB = 0
_MATRICES = {_BT709: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020",
             10: "bt2020"}  # fmt: skip
_SMALL = 720 * 576  # pixels of standard definition; untagged files of this size are BT.601

# From linear R, G, B to linear BT.709; rows sum to 1. Computed from the chromaticities in
# ITU-R BT.2020 and SMPTE RP 431-2 / EG 432-1, all with the white point D65.
_TO_BT709 = {
    "bt2020": np.array(
        [
            [1.660491, -0.587641, -0.072850],
            [-0.124550, 1.132900, -0.008349],
            [-0.018151, -0.100579, 1.118730],
        ]
    ),
    "p3": np.array(
        [
            [1.224940, -0.224940, 0.0],
            [-0.042057, 1.042057, 0.0],
            [-0.019638, -0.078636, 1.098273],
        ]
    ),
}
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])  # luminance in BT.709
_WEIGHTS_2020 = np.array([0.2627, 0.6780, 0.0593])


@dataclass(frozen=True, slots=True)
class Tags:
    """A clip's colours.

    Attributes:
        matrix: ffmpeg's name for its YUV matrix; None if its frames are RGB.
        full_range: black is 0, not 16 of 255.
        transfer: ``sdr``, ``pq`` or ``hlg``.
        primaries: ``bt709`` (BT.601 is close enough to count as this), ``p3``, ``bt2020``.
    """

    matrix: str | None
    full_range: bool
    transfer: str = "sdr"
    primaries: str = "bt709"

    @classmethod
    def read(
        cls, *, primaries: int, transfer: int, matrix: int, full_range: bool, pixels: int
    ) -> Tags:
        """Read ITU-T H.273 code points; missing ones are guessed the way players do."""
        dynamic = {_PQ: "pq", _HLG: "hlg"}.get(transfer, "sdr")
        gamut = {_BT2020: "bt2020", _DCI_P3: "p3", _DISPLAY_P3: "p3"}.get(primaries, "bt709")
        if dynamic != "sdr" and primaries == _UNSPECIFIED:
            gamut = "bt2020"
        default = "bt2020" if gamut == "bt2020" else "bt601" if pixels <= _SMALL else "bt709"
        name = None if matrix == _RGB else _MATRICES.get(matrix, default)
        return cls(name, full_range, dynamic, gamut)

    @property
    def usual(self) -> bool:
        """Whether the colours are already those of a finished video."""
        return self == Tags("bt709", full_range=False)

    @property
    def needs_table(self) -> bool:
        return (self.transfer, self.primaries) != ("sdr", "bt709")


def write_table(path: Path, tags: Tags) -> None:
    """Write the table from the clip's R'G'B' to BT.709's as a ``.cube`` file, red fastest."""
    axis = np.linspace(0, 1, _SIZE)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    shown = converted(np.stack([red, green, blue], axis=-1), tags).reshape(-1, 3)
    rows = "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in shown)
    path.write_text(f"LUT_3D_SIZE {_SIZE}\n{rows}\n", encoding="ascii")


def converted(signal: Colours, tags: Tags) -> Colours:
    """Convert the clip's colours (0 to 1) to BT.709 (0 to 1)."""
    light = _light(signal, tags.transfer)
    if tags.primaries in _TO_BT709:
        light = _in_gamut(light @ _TO_BT709[tags.primaries].T)
    if tags.transfer != "sdr":
        light = _tone_mapped(light)
    shown: Colours = np.clip(light, 0, 1) ** (1 / 2.4)  # ITU-R BT.1886
    return shown


def _light(signal: Colours, transfer: str) -> Colours:
    """Linear display light; 1 is diffuse white."""
    light: Colours
    match transfer:
        case "pq":  # SMPTE ST 2084
            power = signal ** (1 / 78.84375)
            nits = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
            light = 10_000 * nits ** (1 / 0.1593017578125) / WHITE_NITS
        case "hlg":  # ITU-R BT.2100, on a display of 1000 nits, whose gamma is 1.2
            a, b, c, middle = 0.17883277, 0.28466892, 0.55991073, 0.5
            curve = (np.exp((signal - c) / a) + b) / 12
            scene = np.where(signal <= middle, signal**2 / 3, curve)
            luminance = scene @ _WEIGHTS_2020
            light = scene * luminance[..., None] ** 0.2 * (PEAK_NITS / WHITE_NITS)
        case _:
            light = signal**2.4
    return light


def _in_gamut(light: Colours) -> Colours:
    """Mix colours outside the gamut with equally bright grey until no channel is below 0."""
    grey = (light @ _WEIGHTS)[..., None]
    lowest = light.min(axis=-1, keepdims=True)
    share = np.where(lowest < 0, grey / np.maximum(grey - lowest, 1e-9), 1)
    inside: Colours = grey + (light - grey) * np.clip(share, 0, 1)
    return inside


def _tone_mapped(light: Colours) -> Colours:
    """Reduce the range to an ordinary display's; hues, dark and middle tones don't change.

    Uses the knee of ITU-R BT.2390 (5.4.1) on the strongest channel.
    """
    strongest = light.max(axis=-1, keepdims=True)
    top = _pq(PEAK_NITS)
    most = _pq(WHITE_NITS) / top
    knee = 1.5 * most - 0.5
    at = np.minimum(_pq(strongest * WHITE_NITS) / top, 1)
    t = np.maximum(at - knee, 0) / (1 - knee)
    curve = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * most
    )
    reduced = _nits(np.where(at < knee, at, curve) * top) / WHITE_NITS
    mapped: Colours = light * reduced / np.maximum(strongest, 1e-9)
    return mapped


def _pq(nits: Colours | float) -> Colours:
    power = (np.maximum(nits, 0) / 10_000) ** 0.1593017578125
    signal: Colours = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    return signal


def _nits(signal: Colours) -> Colours:
    return _light(signal, "pq") * WHITE_NITS

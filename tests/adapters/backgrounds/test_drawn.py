"""Drawn backgrounds: they move, loop without a seam, and leave white captions readable."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from adapters.backgrounds import drawn
from adapters.media.media_probe import probe
from pipelines.production.captions.caption_style import CaptionStyle

pytestmark = pytest.mark.slow

LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3


@pytest.fixture(scope="module", params=list(drawn.KINDS))
def shown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """One loop of each kind in twelve frames, as the clip shows them; R, G, B."""
    path = tmp_path_factory.mktemp("loops") / "loop.mp4"
    drawn.draw(path, request.param, variant=1, seconds=0.4)
    return pictures(path)


def pictures(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])


def contrast_with_white(rgb: np.ndarray) -> np.ndarray:
    """By the formulas of WCAG 2.2 for relative luminance and contrast ratio."""
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05)


def test_white_captions_are_readable_on_it(shown: np.ndarray) -> None:
    box = CaptionStyle().area
    area = shown[::3, box.top : box.bottom : 2, box.left : box.right : 2]
    contrast = contrast_with_white(area)

    assert np.quantile(contrast, 0.001) >= LEAST_CONTRAST
    assert contrast.min() > 4, "not even at the brightest spot"


def test_it_moves_and_is_a_picture(shown: np.ndarray) -> None:
    small = shown[:, ::8, ::8].astype(int)
    assert abs(small[6] - small[0]).mean() > 0.5
    assert small[0].std() > 4, "more than one colour"
    assert small.max() > 80, "not all dark"


@pytest.mark.parametrize("kind", drawn.KINDS)
def test_it_loops_without_a_seam(kind: str) -> None:
    paint = drawn.painter(kind, variant=3)
    last, first, second = (paint(share) for share in (299 / 300, 0.0, 1 / 300))

    assert np.allclose(paint(1.0), first, atol=0.02)
    assert abs(first - last).mean() <= 2 * abs(second - first).mean() + 1e-4


def test_a_clip_has_the_renderers_format_and_is_cheap_to_decode(tmp_path: Path) -> None:
    drawn.draw(tmp_path / "a.mp4", "bokeh", 2, seconds=2)
    drawn.draw(tmp_path / "b.mp4", "bokeh", 2, seconds=2)

    media = probe(tmp_path / "a.mp4")
    assert (media.width, media.height, media.fps) == (1080, 1920, 30.0)
    assert media.seconds == pytest.approx(2)
    with av.open(str(tmp_path / "a.mp4")) as container:
        keys = [packet.pts for packet in container.demux(video=0) if packet.is_keyframe]
    assert len(keys) == 2, "one per second, so that any start is near"
    frames = pictures(tmp_path / "a.mp4")[:, ::8, ::8].astype(int)
    step = max(abs(a - b).mean() for a, b in pairwise(frames))
    assert abs(frames[-1] - frames[0]).mean() <= step * 1.2
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_variants_differ(tmp_path: Path) -> None:
    seen = [drawn.painter("waves", variant)(0.2) for variant in range(drawn.VARIANTS)]
    assert all(abs(a - b).mean() > 0.01 for a, b in pairwise(seen))

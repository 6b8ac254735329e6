"""Backgrounds: the operator's clips, or loops drawn here; the same again for the same seed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from adapters.backgrounds import Backgrounds, choose_background, generate_background
from adapters.media_probe import probe
from core.errors import Permanent


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("loops") / "loop.mp4"
    generate_background(path, seed=4, seconds=2)
    return path


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [
            f.to_ndarray(format="gray")[::8, ::8].astype(int) for f in container.decode(video=0)
        ]


def test_a_drawn_background_moves_and_loops_without_a_seam(loop: Path) -> None:
    media = probe(loop)
    shown = pictures(loop)

    assert (media.width, media.height, media.fps) == (1080, 1920, 30.0)
    assert len(shown) == 60
    step = max(abs(a - b).mean() for a, b in pairwise(shown))
    assert abs(shown[-1] - shown[0]).mean() <= step * 1.2
    assert abs(shown[30] - shown[0]).mean() > step * 3
    assert shown[0].mean() < 140, "white captions need a dark ground"


def test_without_a_folder_loops_are_drawn_once_and_kept(tmp_path: Path, loop: Path) -> None:
    (tmp_path / "background-4.mp4").write_bytes(loop.read_bytes())
    backgrounds = Backgrounds(folder=None, cache=tmp_path)

    chosen = backgrounds.choose(seed=4, seconds=60)

    assert chosen.path.read_bytes() == loop.read_bytes()
    assert backgrounds.choose(seed=4, seconds=60) == chosen


def test_the_seed_chooses_clip_and_start(tmp_path: Path, loop: Path) -> None:
    for name in ("a.mp4", "b.MP4", "notes.txt"):
        (tmp_path / name).write_bytes(loop.read_bytes())

    chosen = [choose_background(tmp_path, seed, seconds=0.5) for seed in range(12)]

    assert chosen == [choose_background(tmp_path, seed, seconds=0.5) for seed in range(12)]
    assert {background.path.name for background in chosen} == {"a.mp4", "b.MP4"}
    assert len({background.start for background in chosen}) > 6
    assert all(0 <= background.start <= 1.5 for background in chosen)


def test_a_folder_that_cannot_serve_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="does not exist: create it or unset BACKGROUND_DIR"):
        choose_background(tmp_path / "missing", seed=1)
    with pytest.raises(Permanent, match="holds no video"):
        choose_background(tmp_path, seed=1)
    (tmp_path / "broken.mp4").write_bytes(b"not a film")
    with pytest.raises(Permanent, match=r"broken\.mp4 can't be read"):
        choose_background(tmp_path, seed=1)

"""Music composed here: quiet beds that loop without a seam, made to lie under a voice."""

from __future__ import annotations

from pathlib import Path
from random import Random

from adapters.music.composed.moods import MOODS
from adapters.music.composed.score import Score
from adapters.music.composed.writing import write
from adapters.ports import ComposedMusic, Progress

EDITION = 2
"""Goes up when a mood is composed differently: what was kept of it is then made anew."""
VARIANTS = 8
"""Of each mood: in another key, with other chords and another melody."""

__all__ = ["EDITION", "MOODS", "VARIANTS", "compose", "score"]


def compose(
    path: Path, mood: str, variant: int, *, progress: Progress = lambda _share: None
) -> None:
    """Write a loop of about a minute into the FLAC file ``path``, 48 kHz stereo.

    The same variant is the same tune. ``progress`` is called again and again with 0, as this is
    only the beginning of a render.
    """
    from adapters.music.composed.sound import perform  # noqa: PLC0415  (numpy stays out till then)

    perform(score(mood, variant), path, progress)


def score(mood: str, variant: int) -> Score:
    """What is played in a tune."""
    chance = Random(f"{mood} {variant}")  # noqa: S311 (reproducible on purpose)
    return write(MOODS[ComposedMusic(mood)], variant, chance)

"""Composed music: quiet, seamless loops to play under a voice."""

from __future__ import annotations

from pathlib import Path
from random import Random

from adapters.music.composed.composing import write
from adapters.music.composed.moods import MOODS
from adapters.music.composed.score import Score
from adapters.ports import ComposedMusic, Progress

EDITION = 2
"""Increase this when a mood is composed differently; cached tunes are then made again."""
VARIANTS = 8
"""Variants of each mood, with different keys, chords and melodies."""

__all__ = ["EDITION", "MOODS", "VARIANTS", "compose", "score"]


def compose(
    path: Path, mood: str, variant: int, *, progress: Progress = lambda _share: None
) -> None:
    """Write a loop of about a minute into the FLAC file ``path``, 48 kHz stereo.

    The same variant gives the same tune. ``progress`` is called repeatedly with 0, because the
    render itself has not started.
    """
    from adapters.music.composed.sound import perform  # noqa: PLC0415  (loads numpy only when needed)

    perform(score(mood, variant), path, progress)


def score(mood: str, variant: int) -> Score:
    """The score of a tune."""
    chance = Random(f"{mood} {variant}")  # noqa: S311 (reproducible on purpose)
    return write(MOODS[ComposedMusic(mood)], variant, chance)

"""What a video is made of, and who makes it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from adapters.ports.progress import Progress


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """Everything that one video is made of. Paths are absolute."""

    narration: Path
    seconds: float
    """Length of the narration, and so of the video."""
    subtitles: Path
    """ASS file that carries captions, title card, part badge and progress bar."""
    output: Path
    cover: Path
    cover_at: float
    """Second of the video that the cover shows."""
    background: Path
    background_start: float = 0.0
    """Second of the background at which to begin, so that videos differ."""
    music: Path | None = None
    music_loops: bool = False
    """See ``Tune.loops``."""
    width: int = 1080
    height: int = 1920
    fps: int = 30
    max_bytes: int = 64_000_000


@dataclass(frozen=True, slots=True)
class RenderedVideo:
    path: Path
    cover: Path
    seconds: float
    width: int
    height: int
    size_bytes: int
    loudness: float
    """Integrated loudness in LUFS, measured on the finished file's sound."""
    true_peak: float
    """dBTP."""


@dataclass(frozen=True, slots=True)
class Footage:
    """A film to put behind the captions; it is repeated where it is too short."""

    path: Path
    start: float
    """Second at which to begin."""


class DrawnBackground(StrEnum):
    """The kinds of background that are drawn here, where no folder of clips has one."""

    AURORA = "aurora"
    BOKEH = "bokeh"
    CITY = "city"
    FOG = "fog"
    INK = "ink"
    RAIN = "rain"
    SNOW = "snow"
    STARS = "stars"
    TUNNEL = "tunnel"
    WAVES = "waves"


class Background(Protocol):
    @property
    def name(self) -> str:
        """Tells the footage from any other: part of the content key of a video."""

    def ready(self, progress: Progress, /) -> AbstractContextManager[Footage]:
        """Prepare the footage; it stays as it is until the block ends.

        Raises:
            Retryable: it was removed meanwhile, or the disk is full.
            Permanent: it can't be read.
        """


class Backgrounds(Protocol):
    def choose(self, mood: str, number: int, seconds: float) -> Background:
        """Give the background of a video, without preparing it.

        The same number gives the same background, neighbouring ones give others.

        Args:
            mood: a mood of the operator's, or a kind that can be drawn; empty takes any.
            number: of the video among those of its mood, from 0.
            seconds: its length.

        Raises:
            Permanent: there is nothing to choose from; the sentence says what to do.
        """


NO_MUSIC = "none"
"""The mood of who wants none."""


class ComposedMusic(StrEnum):
    """The moods in which music is composed here, where no folder of tunes has one."""

    CALM = "calm"
    DARK = "dark"
    SAD = "sad"
    TENSE = "tense"
    WARM = "warm"
    WONDER = "wonder"


class Tune(Protocol):
    @property
    def name(self) -> str:
        """Tells the tune from any other: part of the content key of a video."""

    @property
    def loops(self) -> bool:
        """Whether its end goes on in its beginning, so that it needs no fade between the two."""

    def ready(self, progress: Progress, /) -> AbstractContextManager[Path]:
        """Prepare the tune; its file stays as it is until the block ends.

        Raises:
            Retryable: it was removed meanwhile, or the disk is full.
        """


class Music(Protocol):
    def choose(self, mood: str, number: int) -> Tune | None:
        """Give the tune of a video, without preparing it. None leaves the video without.

        The same number gives the same tune, neighbouring ones give others.

        Args:
            mood: a mood of the operator's, one that can be composed, or ``NO_MUSIC``; empty takes
                any tune of the operator's, or else a calm one.
            number: of the video among those of its mood, from 0.

        Raises:
            Permanent: there is nothing to choose from; the sentence says what to do.
        """


class Renderer(Protocol):
    def render(self, plan: RenderPlan, progress: Progress | None = None) -> RenderedVideo:
        """Make the video in one encoder run and probe it before it counts.

        Nothing half-made is left behind when it fails or is cancelled.

        Raises:
            Retryable: the encoder died or hung, or the disk is full (code ``disk_full``).
            Permanent: an input can't be read; the sentence names it.
        """

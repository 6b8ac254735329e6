"""Interfaces for rendering: the render plan, backgrounds, music and the renderer."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from adapters.ports.progress import Progress


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """Everything that goes into one video. Paths are absolute."""

    narration: Path
    seconds: float
    """Length of the narration and of the video."""
    subtitles: Path
    """ASS file with captions, title card, part badge and progress bar."""
    output: Path
    cover: Path
    cover_at: float
    """Second of the video that the cover shows."""
    background: Path
    background_start: float = 0.0
    """Second of the background at which to start, so that videos differ."""
    music: Path | None = None
    music_loops: bool = False
    """See ``Tune.loops``."""
    width: int = 1080
    height: int = 1920
    fps: int = 30
    max_bytes: int = 64_000_000


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a picture was encoded, and why so. Figures are None where nothing was measured."""

    setting: str
    reason: str
    """A sentence for people."""
    failed: bool = False
    """The setting could not be chosen by what it makes of the video."""
    vmaf: float | None = None
    """Of the chosen setting in the probe: 0 to 100, more is better."""
    usual_vmaf: float | None = None
    """Of the usual setting, which the chosen one has to reach."""
    cambi: float | None = None
    """Bands in gradients: 0 is none."""
    usual_cambi: float | None = None
    predicted_bytes: int | None = None
    usual_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class RenderedVideo:
    path: Path
    cover: Path
    seconds: float
    width: int
    height: int
    size_bytes: int
    loudness: float
    """Integrated loudness of the finished file in LUFS."""
    true_peak: float
    """dBTP."""
    encoding: Encoding


@dataclass(frozen=True, slots=True)
class Footage:
    """A clip to show behind the captions; it is repeated if it is too short."""

    path: Path
    start: float
    """Second at which to start."""


class DrawnBackground(StrEnum):
    """The kinds of background that Storymill draws if no clip folder has them."""

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
        """Unique name of the footage; part of a video's content key."""

    def ready(self, progress: Progress, /) -> AbstractContextManager[Footage]:
        """Prepare the footage; it does not change until the block ends.

        Raises:
            Retryable: it has been removed, or the disk is full.
            Permanent: it can't be read.
        """


class Backgrounds(Protocol):
    def choose(self, mood: str, number: int, seconds: float) -> Background:
        """Choose a video's background without preparing it.

        The same number gives the same background; neighbouring numbers give different ones.

        Args:
            mood: one of the operator's moods, or a kind that can be drawn; empty means any.
            number: the video's number within its mood, from 0.
            seconds: length of the video.

        Raises:
            Permanent: there is nothing to choose from; the message says what to do.
        """


NO_MUSIC = "none"
"""The mood that means no music."""


class ComposedMusic(StrEnum):
    """The moods in which Storymill composes music if no tune folder has them."""

    CALM = "calm"
    DARK = "dark"
    SAD = "sad"
    TENSE = "tense"
    WARM = "warm"
    WONDER = "wonder"


class Tune(Protocol):
    @property
    def name(self) -> str:
        """Unique name of the tune; part of a video's content key."""

    @property
    def loops(self) -> bool:
        """Whether the end leads into the start, so that repeating it needs no fade."""

    def ready(self, progress: Progress, /) -> AbstractContextManager[Path]:
        """Prepare the tune; its file does not change until the block ends.

        Raises:
            Retryable: it has been removed, or the disk is full.
        """


class Music(Protocol):
    def choose(self, mood: str, number: int) -> Tune | None:
        """Choose a video's tune without preparing it. None means no music.

        The same number gives the same tune; neighbouring numbers give different ones.

        Args:
            mood: one of the operator's moods, one that can be composed, or ``NO_MUSIC``; empty
                means any of the operator's tunes, or a calm one if there are none.
            number: the video's number within its mood, from 0.

        Raises:
            Permanent: there is nothing to choose from; the message says what to do.
        """


class Renderer(Protocol):
    @property
    def identity(self) -> str:
        """Encoder and settings, as far as they decide the file: part of a video's content key."""

    def render(self, plan: RenderPlan, progress: Progress | None = None) -> RenderedVideo:
        """Make the video in one encoder run and check the finished file.

        Leaves no incomplete file behind if it fails or is cancelled.

        Raises:
            Retryable: the encoder died or hung, or the disk is full (code ``disk_full``).
            Permanent: an input can't be read; the message names it.
        """

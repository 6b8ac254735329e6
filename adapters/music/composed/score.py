"""A score: chords that blend into each other, notes over them, and the room's echo."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord of the pad, held for the score's ``seconds_per_chord``; MIDI numbers."""

    notes: tuple[int, ...]
    bass: int


@dataclass(frozen=True, slots=True)
class Note:
    """A note that is struck and fades.

    Attributes:
        at: beats from the start.
        pitch: MIDI number.
        strength: 0 to 1.
        place: from -1 (left) to 1 (right).
    """

    at: float
    pitch: int
    strength: float
    place: float


@dataclass(frozen=True, slots=True)
class Timbre:
    """The sound of a score.

    Attributes:
        brightness: Hz above which the pad's overtones get weaker.
        breadth: cents over which the pad's tones spread: 10 is an organ, 60 a large choir.
        ring: seconds in which a struck note loses half its strength.
        echo: seconds in which the room's echo falls by 60 dB.
        pulse: strength of a soft low beat on every second beat; 0 is none.
        struck: peak of a note relative to the pad's effective level.
    """

    brightness: float
    breadth: float
    ring: float
    echo: float
    struck: float
    pulse: float = 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """A tune that loops."""

    chords: tuple[Chord, ...]
    notes: tuple[Note, ...]
    beats_per_chord: int
    beats_per_minute: float
    timbre: Timbre

    @property
    def seconds_per_beat(self) -> float:
        return 60 / self.beats_per_minute

    @property
    def seconds_per_chord(self) -> float:
        return self.beats_per_chord * self.seconds_per_beat

    @property
    def seconds(self) -> float:
        return len(self.chords) * self.seconds_per_chord

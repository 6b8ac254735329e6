"""What is played when: chords that blend into each other, notes over them, and the room."""

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
        at: beats from the beginning.
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
    """How what is played sounds.

    Attributes:
        brightness: Hz above which the pad's overtones give way.
        breadth: cents over which the pad's tones are spread: 10 is an organ, 60 a choir of many.
        ring: seconds after which a struck note has lost half its strength.
        echo: seconds in which the room's sound falls by 60 dB.
        pulse: strength of a soft low beat on each second beat; 0 is none.
        struck: height of a note beside the pad's effective level.
    """

    brightness: float
    breadth: float
    ring: float
    echo: float
    struck: float
    pulse: float = 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """A tune that ends where it begins."""

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

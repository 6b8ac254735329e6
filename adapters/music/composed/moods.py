"""The moods: their chords, tempo and sound."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.music.composed.score import Timbre
from adapters.ports import ComposedMusic

Tones = tuple[int, ...]
"""A chord's tones, in semitones above the key note; the first is the chord's root."""


@dataclass(frozen=True, slots=True)
class Mood:
    """What all tunes of a mood share.

    Attributes:
        progressions: chord sequences; a tune repeats one of them.
        pace: minimum and maximum beats per minute.
        notes: minimum and maximum struck notes per chord.
        deeper: semitones by which the pad is lower than in other moods.
        higher: semitones by which the melody is higher.
    """

    progressions: tuple[tuple[Tones, ...], ...]
    pace: tuple[float, float]
    notes: tuple[int, int]
    timbre: Timbre
    deeper: int = 0
    higher: int = 0


# Chords by scale degree.
_I, _I_ADD9, _I_MAJ7 = (0, 4, 7), (0, 4, 7, 14), (0, 4, 7, 11)
_II_MAJOR9, _II_M7, _III_M7 = (2, 6, 9, 16), (2, 5, 9, 12), (4, 7, 11, 14)
_IV_ADD9, _IV_MAJ7, _V, _V_SUS4 = (5, 9, 12, 19), (5, 9, 12, 16), (7, 11, 14), (7, 12, 14)
_VI_M7, _VI_M9 = (9, 12, 16, 19), (9, 12, 16, 23)
_MINOR, _MINOR_ADD9, _MINOR_7, _FIFTHS = (0, 3, 7), (0, 3, 7, 14), (0, 3, 7, 10), (0, 7, 12)
_FLAT_II_MAJ7, _FLAT_III_MAJ7, _IV_M7 = (1, 5, 8, 12), (3, 7, 10, 14), (5, 8, 12, 15)
_V_M7, _FLAT_VI, _FLAT_VI_MAJ7, _FLAT_VII = (
    (7, 10, 14, 17),
    (8, 12, 15),
    (8, 12, 15, 19),
    (10, 14, 17),
)

MOODS = {
    ComposedMusic.CALM: Mood(
        progressions=(
            (_I_ADD9, _VI_M7, _IV_MAJ7, _V_SUS4),
            (_IV_MAJ7, _I_ADD9, _VI_M7, _V_SUS4),
            (_I_MAJ7, _III_M7, _IV_ADD9, _II_M7),
            (_VI_M9, _IV_ADD9, _I_ADD9, _V_SUS4),
        ),
        pace=(60, 66), notes=(2, 3),
        timbre=Timbre(brightness=1100, breadth=40, ring=0.9, echo=3.2, struck=1.1),
    ),
    ComposedMusic.DARK: Mood(
        progressions=(
            (_FIFTHS, _FLAT_II_MAJ7, _FIFTHS, _FLAT_VI),
            (_MINOR, _FIFTHS, _FLAT_II_MAJ7, _FIFTHS),
            (_FIFTHS, _FLAT_VI_MAJ7, _MINOR, _FLAT_II_MAJ7),
        ),
        pace=(48, 54), notes=(0, 1), deeper=8,
        timbre=Timbre(brightness=520, breadth=70, ring=2.2, echo=5.0, struck=0.8),
    ),
    ComposedMusic.SAD: Mood(
        progressions=(
            (_MINOR_ADD9, _FLAT_VI_MAJ7, _FLAT_III_MAJ7, _FLAT_VII),
            (_MINOR_ADD9, _IV_M7, _FLAT_VI_MAJ7, _V_M7),
            (_FLAT_VI_MAJ7, _FLAT_VII, _MINOR_7, _MINOR_ADD9),
            (_MINOR_7, _V_M7, _FLAT_VI, _IV_M7),
        ),
        pace=(56, 62), notes=(2, 4),
        timbre=Timbre(brightness=900, breadth=35, ring=1.2, echo=3.6, struck=1.5),
    ),
    ComposedMusic.TENSE: Mood(
        progressions=(
            (_MINOR, _MINOR_ADD9, _FLAT_II_MAJ7, _MINOR),
            (_MINOR_ADD9, _FLAT_VI, _MINOR_ADD9, _FLAT_II_MAJ7),
            (_MINOR, _FLAT_VI_MAJ7, _IV_M7, _MINOR_ADD9),
        ),
        pace=(84, 92), notes=(1, 3), deeper=5,
        timbre=Timbre(brightness=700, breadth=45, ring=0.35, echo=2.4, struck=0.9, pulse=0.9),
    ),
    ComposedMusic.WARM: Mood(
        progressions=(
            (_I, _V, _VI_M7, _IV_ADD9),
            (_I_ADD9, _IV_MAJ7, _II_M7, _V_SUS4),
            (_IV_ADD9, _V, _I_ADD9, _VI_M7),
            (_I, _III_M7, _IV_MAJ7, _V_SUS4),
        ),
        pace=(70, 78), notes=(3, 5),
        timbre=Timbre(brightness=1400, breadth=30, ring=0.7, echo=2.2, struck=1.3),
    ),
    ComposedMusic.WONDER: Mood(
        progressions=(
            (_I_MAJ7, _II_MAJOR9, _I_MAJ7, _VI_M9),
            (_IV_MAJ7, _I_MAJ7, _II_MAJOR9, _VI_M7),
            (_I_ADD9, _II_MAJOR9, _IV_MAJ7, _I_MAJ7),
        ),
        pace=(64, 72), notes=(3, 5), higher=12,
        timbre=Timbre(brightness=1700, breadth=50, ring=1.4, echo=4.5, struck=0.8),
    ),
}  # fmt: skip

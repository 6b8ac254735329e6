"""Write a tune: a key, chords that flow into each other, and a melody over them.

Each voice of a chord moves to the nearest tone of the next, as a player's hand would. The melody is
a short rhythm on the chords' own tones. It repeats with every pair of chords, so that listeners
recognize it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from random import Random

from adapters.music.composed.moods import Mood, Tones
from adapters.music.composed.score import Chord, Note, Score

_SECONDS = 64.0
_BEATS = 8  # per chord
_PAD = 58  # MIDI number around which the pad is played: below most voices' clear overtones
_BASS = 40
_MELODY = 72
_CLASH = (1, 13)  # semitones between two tones that clash
_APART = 2  # half beats; closer notes sound like a mistake


def write(mood: Mood, variant: int, chance: Random) -> Score:
    """A tune of about a minute. ``chance`` decides its key, tempo and melody."""
    tones = mood.progressions[variant % len(mood.progressions)]
    key = chance.randint(-5, 6)
    pace = chance.uniform(*mood.pace)
    rounds = max(2, round(_SECONDS / (len(tones) * _BEATS * 60 / pace)))
    chords = _placed([tuple(key + tone for tone in chord) for chord in tones], _PAD - mood.deeper)
    chords *= rounds
    return Score(
        chords=tuple(chords),
        notes=tuple(_melody(chance, chords, mood.notes, _MELODY + mood.higher)),
        beats_per_chord=_BEATS,
        beats_per_minute=pace,
        timbre=mood.timbre,
    )


def _placed(tones: Sequence[Tones], middle: int) -> list[Chord]:
    """Place each chord so that its voices are close to the previous chord's and to ``middle``."""
    before: Tones = (middle - 5, middle, middle + 4, middle + 9)
    chords = []
    for chord in tones:
        before = min(
            _voicings(chord, middle), key=lambda v: _movement(before, v) + _distance(v, middle)
        )
        chords.append(Chord(before, _near(chord[0], _BASS)))
    return chords


def _voicings(chord: Tones, middle: int) -> list[Tones]:
    """Every voicing of a chord over two octaves in which no two voices meet or clash."""
    octaves = [{_near(tone, middle - 6), _near(tone, middle + 6)} for tone in chord]
    voicings = [tuple(sorted(tones)) for tones in product(*octaves)]
    clash = (0, *_CLASH)
    return [v for v in voicings if all(b - a not in clash for a, b in combinations(v, 2))]


def _movement(before: Tones, after: Tones) -> int:
    return sum(min(abs(tone - other) for other in before) for tone in after)


def _distance(voicing: Tones, middle: int) -> float:
    return abs(sum(voicing) / len(voicing) - middle)


def _near(tone: int, middle: int) -> int:
    """The same tone in the octave around ``middle``."""
    return middle - 6 + (tone - middle + 6) % 12


def _melody(
    chance: Random, chords: Sequence[Chord], count: tuple[int, int], middle: int
) -> list[Note]:
    rhythms = [_rhythm(chance, chance.randint(*count)) for _ in range(2)]
    steps = [[chance.randrange(4) for _ in rhythm] for rhythm in rhythms]
    melody = []
    for index, chord in enumerate(chords):
        tones = sorted(_near(tone, middle) for tone in chord.notes)
        tones = [t for t in tones if not any(abs(t - pad) in _CLASH for pad in chord.notes)]
        for at, step in zip(rhythms[index % 2], steps[index % 2], strict=True):
            melody.append(
                Note(
                    at=index * _BEATS + at + chance.uniform(-0.02, 0.03),  # as a hand would
                    pitch=tones[step % len(tones)],
                    strength=chance.uniform(0.55, 1.0),
                    place=chance.uniform(-0.5, 0.5),
                )
            )
    return melody


def _rhythm(chance: Random, count: int) -> list[float]:
    """The beats or half beats of a chord on which a note is struck."""
    halves: list[int] = []
    while len(halves) < count:
        half = chance.randrange(2 * _BEATS - 1)
        if all(abs(half - other) >= _APART for other in halves):
            halves.append(half)
    return sorted(half / 2 for half in halves)

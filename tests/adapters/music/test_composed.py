"""Composed music, checked as samples in each mood and variant."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from adapters.music import composed
from adapters.music.composed.score import Chord, Note, Score, Timbre
from adapters.music.composed.sound import RATE, play

pytestmark = pytest.mark.slow

Sound = NDArray[np.float64]


def heard(path: Path) -> Sound:
    """Left and right, from -1 to 1."""
    with av.open(str(path)) as container:
        assert container.streams.audio[0].rate == RATE
        blocks = [frame.to_ndarray().reshape(-1, 2) for frame in container.decode(audio=0)]
    samples: Sound = np.concatenate(blocks).astype(np.float64).T / 32_768
    return samples


def level(samples: Sound, piece: int = RATE) -> Sound:
    """Effective level of each ``piece`` samples, in dB."""
    whole = samples[:, : samples.shape[1] // piece * piece].reshape(2, -1, piece)
    decibels: Sound = 10 * np.log10((whole**2).mean(axis=(0, 2)))
    return decibels


@pytest.fixture(scope="module", params=list(composed.MOODS))
def tune(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sound:
    """A tune of each mood, read from its file."""
    path = tmp_path_factory.mktemp("music") / "tune.flac"
    composed.compose(path, request.param, 0)
    return heard(path)


def test_a_tune_is_even_and_loops(tune: Sound) -> None:
    # It is about a minute long, never silent, never loud, and never stands out
    assert 45 < tune.shape[1] / RATE < 90
    assert 0.4 < np.abs(tune).max() <= 0.51
    seconds = level(tune)
    assert seconds.max() - seconds.min() < 8

    # And its end leads into its start as smoothly as any sample into the next
    steps = np.abs(np.diff(tune, axis=1))
    assert np.abs(tune[:, 0] - tune[:, -1]).max() < steps.max()
    around = np.roll(tune, RATE, axis=1)[:, : 2 * RATE]
    assert abs(level(around, RATE // 4) - seconds.mean()).max() < 9


def test_most_of_it_is_below_where_consonants_are(tune: Sound) -> None:
    """Consonants, which make speech intelligible, are at 2 to 8 kHz (ANSI S3.5)."""
    power = np.abs(np.fft.rfft(tune[0])) ** 2
    hertz = np.fft.rfftfreq(tune.shape[1], 1 / RATE)
    assert power[hertz > 2000].sum() < 0.01 * power.sum()


def test_the_bass_is_as_strong_in_every_chord_and_on_a_phone(tune: Sound) -> None:
    # Given the bass of a tune, chord by chord (at least two rounds of four)
    hertz = np.fft.rfftfreq(tune.shape[1], 1 / RATE)
    low = np.fft.irfft(np.fft.rfft(tune) * (hertz < 125), tune.shape[1])

    # Then no chord's bass is lost, and a mono phone plays all of it
    eighth = low.shape[1] // 8
    chords = level(low, eighth)
    assert chords.max() - chords.min() < 4
    as_one = level(np.stack([low.mean(axis=0)] * 2), eighth)
    assert (chords - as_one).max() < 0.5


def test_no_two_tones_clash() -> None:
    """A semitone and a minor ninth sound like a wrong note."""
    for mood, variant in product(composed.MOODS, range(composed.VARIANTS)):
        score = composed.score(mood, variant)
        for chord in score.chords:
            apart = {b - a for a, b in combinations(sorted((chord.bass, *chord.notes)), 2)}
            assert not apart & {1, 13}, (mood, variant, chord)
        for note in score.notes:
            chord = score.chords[int((note.at + 0.1) // score.beats_per_chord)]
            assert not {abs(note.pitch - tone) for tone in chord.notes} & {1, 13}


def test_the_same_variant_is_the_same_tune(tmp_path: Path) -> None:
    first, again = (tmp_path / f"{name}.flac" for name in ("first", "again"))
    for path in (first, again):
        composed.compose(path, "tense", 2)
    assert first.read_bytes() == again.read_bytes()


def test_every_tune_has_its_own_score() -> None:
    scores = {composed.score(*tune) for tune in product(composed.MOODS, range(composed.VARIANTS))}
    assert len(scores) == len(composed.MOODS) * composed.VARIANTS


def test_chords_and_notes_sound_where_the_score_has_them() -> None:
    # Given an A for two seconds, then a C sharp, and a struck E in the second chord
    score = Score(
        chords=(Chord((57,), 36), Chord((61,), 36)), notes=(Note(3.0, 76, 1.0, 0.0),),
        beats_per_chord=2, beats_per_minute=30,
        timbre=Timbre(brightness=1000, breadth=5, ring=0.5, echo=0.5, struck=2.0),
    )  # fmt: skip

    # When it is played
    tune = play(score)

    # Then each tone is strongest in its own chord, and the struck one starts on its beat
    def strength(hertz: float, begin: float, end: float) -> float:
        piece = tune[0, int(begin * RATE) : int(end * RATE)]
        at = np.arange(len(piece)) / RATE
        return float(np.abs(np.mean(piece * np.exp(-2j * np.pi * hertz * at))))

    a, c_sharp, e = 220.0, 277.18, 659.26
    assert strength(a, 1.4, 2.6) > 5 * strength(c_sharp, 1.4, 2.6)
    assert strength(c_sharp, 5.4, 6.6) > 5 * strength(a, 5.4, 6.6)
    assert strength(e, 6.0, 6.5) > 5 * strength(e, 5.4, 5.9)


def test_composing_can_be_cancelled(tmp_path: Path) -> None:
    class CancelledError(Exception):
        pass

    def cancel(_share: float) -> None:
        raise CancelledError

    with pytest.raises(CancelledError):
        composed.compose(tmp_path / "tune.flac", "calm", 0, progress=cancel)
    assert not (tmp_path / "tune.flac").exists()

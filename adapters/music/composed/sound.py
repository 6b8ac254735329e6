"""Play a score: a pad, struck notes and a pulse in a room, as a seamless loop.

The pad follows Nasca Octavian Paul's PADsynth (2006, in the public domain): each overtone is a
narrow hill in the spectrum with random phases, and the inverse transform of all of them is a
broad sound that repeats without a seam. The room is decaying noise. Convolution by Fourier
transform is circular, so the end of the tune echoes in its start.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from adapters.music.composed.score import Chord, Note, Score
from adapters.ports import Progress

RATE = 48_000
_PEAK = 0.5
_BLEND = 2.4  # seconds of cross-fade from one chord to the next
_OVERTONES = 24
_STRUCK_OVERTONES = 7
_WET = 0.45
_CUT = 5_000.0  # Hz: higher frequencies are left to the voice
_LOW = 45.0  # Hz: phones can't play lower ones
_CENTRED = 180.0  # Hz: lower ones are the same on both sides and get no echo

Sound = NDArray[np.float32]
"""Samples of one side, or two rows for left and right."""


def perform(score: Score, path: Path, progress: Progress) -> None:
    """Write the tune into a FLAC file; ``progress`` is called with 0 before each step."""
    _write(path, play(score, progress))


def play(score: Score, progress: Progress = lambda _share: None) -> Sound:
    """Return left and right, from -1 to 1.

    The tune is changed in place: the freed memory of full copies would stay with the process for
    a while, in addition to what the encoder needs next.
    """
    chance = np.random.default_rng(round(score.seconds * 1000))
    length = _quick(round(score.seconds * RATE))
    score = replace(score, beats_per_minute=score.beats_per_minute * score.seconds * RATE / length)
    tune = np.zeros((2, length), np.float32)
    for chord in dict.fromkeys(score.chords):
        progress(0.0)
        _add_chord(tune, score, chord, chance)
    tune /= np.linalg.norm(tune) / np.sqrt(tune.size)
    for note in score.notes:
        _add_note(tune, score, note)
    progress(0.0)
    if score.timbre.pulse:
        _add_pulse(tune, score)
    for side in tune:
        progress(0.0)
        _room(side, score.timbre.echo, chance)
    tune *= _PEAK / max(tune.max(), -tune.min())
    return tune


def _quick(length: int) -> int:
    """The next length for which Fourier transforms are fast: all prime factors are below 10."""
    while True:
        rest = length
        for prime in (2, 3, 5, 7):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 1


def _add_chord(tune: Sound, score: Score, chord: Chord, chance: np.random.Generator) -> None:
    """Add the chord wherever the score has it."""
    length = round((score.seconds_per_chord + _BLEND) * RATE)
    block = 1 << (length - 1).bit_length()
    spectrum = np.zeros(block // 2 + 1, np.float32)
    timbre = score.timbre
    for pitch in chord.notes:
        _add_hills(spectrum, _hertz(pitch), brightness=timbre.brightness, breadth=timbre.breadth)
    _add_hills(
        spectrum, _hertz(chord.bass), brightness=0.35 * timbre.brightness, breadth=0, level=1.2
    )
    swell = np.ones(length, np.float32)
    ramp = np.sin(np.linspace(0, np.pi / 2, round(_BLEND * RATE), dtype=np.float32))
    swell[: len(ramp)], swell[-len(ramp) :] = ramp, ramp[::-1]
    both_turns = 2 * np.pi * chance.random((2, len(spectrum)), np.float32)
    low = round(_CENTRED * block / RATE)
    both_turns[1, :low] = both_turns[0, :low]  # else a mono phone loses the bass
    for side, turns in zip(tune, both_turns, strict=True):
        pad = np.fft.irfft(spectrum * (np.cos(turns) + 1j * np.sin(turns)), block)[:length]
        swelling: Sound = swell * pad.astype(np.float32)
        for index, other in enumerate(score.chords):
            if other == chord:
                _add(side, swelling, round((index * score.seconds_per_chord - _BLEND / 2) * RATE))


def _add_hills(
    spectrum: Sound, hertz: float, *, brightness: float, breadth: float, level: float = 1.0
) -> None:
    bins_per_hertz = 2 * (len(spectrum) - 1) / RATE
    for overtone in range(1, _OVERTONES + 1):
        middle = hertz * overtone
        if middle > _CUT:
            return
        strength = level / overtone / (1 + (middle / brightness) ** 2)
        width = max(0.3, middle * (2 ** (breadth / 1200) - 1) / 2 * bins_per_hertz)
        reach = int(4 * width) + 1
        centre = round(middle * bins_per_hertz)  # between two bins a narrow hill is weak and beats
        first, last = max(1, centre - reach), min(len(spectrum), centre + reach + 1)
        away = (np.arange(first, last, dtype=np.float32) - centre) / width
        # a hill has the same power at any breadth
        spectrum[first:last] += strength / np.sqrt(width) * np.exp(-(away**2) / 2)


def _add_note(tune: Sound, score: Score, note: Note) -> None:
    """A soft hammer on a string: higher overtones fade faster."""
    timbre, hertz = score.timbre, _hertz(note.pitch)
    at = np.arange(round(7 * timbre.ring * RATE), dtype=np.float32) / RATE
    sound: Sound = np.zeros_like(at)
    for overtone in range(1, _STRUCK_OVERTONES + 1):
        middle = hertz * overtone * (1 + 0.0004 * overtone**2) ** 0.5  # strings are slightly stiff
        if middle > _CUT:
            break
        fade = np.exp2(-at / timbre.ring * overtone**0.7)
        strength = timbre.struck * note.strength ** (0.7 + 0.3 * overtone) / overtone**1.7
        sound += strength * fade * np.sin(2 * np.pi * middle * at)
    attack = round(0.012 * RATE)
    sound[:attack] *= np.sin(np.linspace(0, np.pi / 2, attack, dtype=np.float32)) ** 2
    sound[-attack:] *= np.linspace(1, 0, attack, dtype=np.float32)
    angle = (note.place + 1) * np.pi / 4
    for side, share in zip(tune, (np.cos(angle), np.sin(angle)), strict=True):
        _add(side, np.float32(share) * sound, round(note.at * score.seconds_per_beat * RATE))


def _add_pulse(tune: Sound, score: Score) -> None:
    """A soft low beat like a heartbeat: two strokes, the second weaker."""
    at = np.arange(round(0.45 * RATE), dtype=np.float32) / RATE
    fall = 52 * at + 1.4 * (1 - np.exp(-at * 30))  # cycles: from about 94 Hz down to 52
    stroke = np.sin(2 * np.pi * fall) * np.exp(-at * 11) * np.minimum(1, at * 120)
    stroke *= np.linspace(1, 0, len(at), dtype=np.float32)
    beats = len(score.chords) * score.beats_per_chord
    for later, share in ((0.0, 2.2), (0.32, 1.3)):
        sound: Sound = np.float32(share * score.timbre.pulse) * stroke.astype(np.float32)
        for beat in range(0, beats, 2):
            for side in tune:
                _add(side, sound, round((beat * score.seconds_per_beat + later) * RATE))


def _add(side: Sound, sound: Sound, start: int) -> None:
    """Add a sound to a loop; what runs past the end continues at the start."""
    start %= len(side)
    while len(sound):
        fits = min(len(sound), len(side) - start)
        side[start : start + fits] += sound[:fits]
        sound, start = sound[fits:], 0


def _room(side: Sound, echo: float, chance: np.random.Generator) -> None:
    at = np.arange(min(len(side), round(echo * RATE)), dtype=np.float32) / RATE
    answer = chance.standard_normal(len(at), np.float32) * np.exp(-6.9 * at / echo)
    answer[: round(0.018 * RATE)] = 0  # the nearest wall
    answer /= np.sqrt(np.sum(answer**2))
    hertz = np.fft.rfftfreq(len(side), 1 / RATE).astype(np.float32)
    heard = np.fft.rfft(answer, len(side))
    heard *= _WET * _above(hertz, _CENTRED)
    heard /= 1 + (hertz / 1500) ** 2  # walls absorb the highest first
    heard += 1 - _WET
    heard /= 1 + (hertz / _CUT) ** 4
    heard *= _above(hertz, _LOW)
    heard *= np.fft.rfft(side)
    side[:] = np.fft.irfft(heard, len(side))


def _above(hertz: Sound, edge: float) -> Sound:
    """Gain of a filter that falls by 24 dB per octave below ``edge``."""
    power = (hertz / edge) ** 4
    return power / (1 + power)


def _hertz(pitch: int) -> float:
    return float(440 * 2 ** ((pitch - 69) / 12))


def _write(path: Path, tune: Sound) -> None:
    with av.open(str(path), "w", format="flac") as container:
        stream: Any = container.add_stream("flac", rate=RATE)
        stream.layout, stream.format = "stereo", "s16"
        for begin in range(0, tune.shape[1], RATE):
            block = np.rint(tune[:, begin : begin + RATE].T * 32_767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="s16", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())

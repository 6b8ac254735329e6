"""Finds when each word begins by comparing the sound with a reading whose word times are known.

A recogniser's times are off by a tenth of a second, each model's in its own way. So espeak-ng reads
the same words, and the two sounds are laid over each other by dynamic time warping, as aeneas does.
The recogniser says where to look, and whether what was found can be right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import structlog
from numpy.typing import ArrayLike, NDArray

from adapters.ports import Speech, WordTiming
from adapters.speech.espeak import EspeakSynthesizer
from adapters.speech.espeak_library import espeak_library
from adapters.speech.recognition.sound_features import RATE, STEP, Features, described
from adapters.speech.recognition.warping import Rows, warped
from adapters.speech.samples import read, resampled
from core.errors import Permanent

log = structlog.get_logger(__name__)

Sound = NDArray[np.float32]
"""Mono, ``RATE`` samples a second, full scale is 1."""

Times = NDArray[np.float64]

_TIMBRE = "f3"
_WORDS_PER_MINUTE = 150
_SILENCE = 0.2
"""Seconds added to both ends of both sounds, so that the ends fit whatever they begin with."""
_REACH = 2.0
"""Seconds around the expected place in which a word is looked for."""
_NEAR = 0.25
"""Seconds within which the recogniser's time, without its usual shift, confirms what was found: its
own 95th percentile."""
_CONFIRMED = 0.7
"""Share of the recogniser's words that must be confirmed."""
_PASSAGE = 0.02
"""Seconds from where the reading's word begins to where the narration's does. A voice passes over
from one word to the next in about 40 ms: espeak-ng counts them as the second word's, Piper as
neither's (its gaps are 46 ms at the median). This is the middle, near to both."""
_PAUSE = 0.1
"""Shortest pause in seconds; the silence before the sound of a "t" belongs to its word."""
_EARLY = 0.06
"""Seconds by which a word may begin before the pause that it is moved behind."""
_SILENT = 10 ** (-35 / 20)
"""Highest level of a pause, as a share of the loud frames' level."""
_FRAME = 0.005
_STRAY = 0.7
"""Seconds from its neighbours' shift at which one of the recogniser's times is a mistake."""
_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Found:
    words: tuple[WordTiming, ...]
    confirmed: float
    """Share of the recogniser's words whose times confirm them, 0 to 1."""

    @property
    def sure(self) -> bool:
        return self.confirmed >= _CONFIRMED


def reader(language: str) -> str | None:
    """Name and version of the voice that reads ``language``; None if espeak-ng has no such voice.

    It reads in a timbre of its own: that the reader's words are timed well must not depend on the
    narrator having the same voice.
    """
    with espeak_library() as library:
        known = language in library.voices()
        return f"espeak-ng/{library.version}/{language}+{_TIMBRE}" if known else None


def found(
    words: Sequence[str], heard: Mapping[int, WordTiming], sound: Sound, language: str
) -> Found | None:
    """Time ``words`` by the reading in ``language``.

    Args:
        words: the words spoken in ``sound``.
        heard: the recogniser's times, by the word's index, of those that it heard.
        sound: the narration.
        language: an espeak-ng voice without a timbre; ``reader`` knows it.

    Returns:
        None if the words can't be read.
    """
    if not heard:
        return None
    reading = _read(words, language)
    if reading is None:
        return None
    spoken, ours = reading
    seconds = len(sound) / RATE
    path = _path(spoken, heard, described(_framed(ours)), described(_framed(sound)), seconds)
    starts, ends = (
        np.clip(_seconds(np.interp(_row(moments), np.arange(len(path)), path)), 0, seconds)
        for moments in zip(*((word.start, word.end) for word in spoken.words), strict=True)
    )
    starts = _after_pauses(np.minimum(starts + _PASSAGE, np.maximum(starts, ends)), ends, sound)
    timed = tuple(
        WordTiming(word, float(start), float(max(start, end)))
        for word, start, end in zip(words, starts, ends, strict=True)
    )
    shifts = np.array([heard[index].start - timed[index].start for index in heard])
    confirmed = np.abs(shifts - np.median(shifts)) <= _NEAR
    return Found(timed, float(confirmed.mean()))


def _read(words: Sequence[str], language: str) -> tuple[Speech, Sound] | None:
    """Have espeak-ng read the words; its sound is returned too."""
    voice = EspeakSynthesizer(voice=f"{language}+{_TIMBRE}", words_per_minute=_WORDS_PER_MINUTE)
    with TemporaryDirectory() as folder:
        try:
            spoken = voice.speak(" ".join(words), Path(folder) / "reading.wav")
        except Permanent as error:
            log.warning("words_not_read", reason=str(error))
            return None
        return spoken, heard_sound(spoken.path)


def heard_sound(path: Path) -> Sound:
    """Read a mono 16-bit WAV file as the recogniser and ``found`` take it."""
    samples, rate = read(path)
    return resampled(samples, rate, RATE).astype(np.float32) / np.float32(32_768)


def _path(
    spoken: Speech,
    heard: Mapping[int, WordTiming],
    ours: Features,
    theirs: Features,
    seconds: float,
) -> Rows:
    """Lay the reading over the narration, near where the recogniser heard each word."""
    read_at = np.array([spoken.words[index].start for index in heard])
    heard_at = np.array([word.start for word in heard.values()])
    ahead = heard_at - read_at * seconds / spoken.seconds
    usual = [
        np.median(ahead[max(0, index - _NEIGHBOURS) : index + _NEIGHBOURS + 1])
        for index in range(len(ahead))
    ]
    kept = np.abs(ahead - usual) < _STRAY
    known = np.concatenate([[-_SILENCE], read_at[kept], [spoken.seconds + _SILENCE]])
    there = np.concatenate([[-_SILENCE], heard_at[kept], [seconds + _SILENCE]])
    around = np.interp(_seconds(np.arange(len(ours))), known, there)
    return warped(ours, theirs, _row(around), round(_REACH / STEP))


def _after_pauses(starts: Times, ends: Times, sound: Sound) -> Times:
    """Move a word that begins with a pause to where the pause ends: the reading may have none."""
    moved = starts.copy()
    for begin, end in _pauses(sound):
        moved[(starts >= begin - _EARLY) & (starts < end) & (ends >= end)] = end
    return moved


def _pauses(sound: Sound) -> Iterator[tuple[float, float]]:
    frame = round(_FRAME * RATE)
    pieces = sound[: len(sound) // frame * frame].reshape(-1, frame)
    levels = np.sqrt((pieces**2).mean(axis=1))
    quiet = levels <= np.percentile(levels, 99) * _SILENT
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]))) * _FRAME
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - begin >= _PAUSE:
            yield begin, end


def _framed(sound: Sound) -> Sound:
    silence = np.zeros(round(_SILENCE * RATE), np.float32)
    return np.concatenate([silence, sound, silence])


def _row(seconds: ArrayLike) -> NDArray[np.float64]:
    return (np.asarray(seconds) + _SILENCE) / STEP


def _seconds(row: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(row) * STEP - _SILENCE

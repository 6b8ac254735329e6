"""Narration with espeak-ng, the voice that is always installed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from adapters.ports import Progress, Speech
from adapters.speech.espeak_library import EspeakLibrary, Mark, espeak_library
from adapters.speech.timeline import (
    PARAGRAPH_PAUSE,
    SENTENCE_PAUSE,
    Block,
    Phone,
    Span,
    Timeline,
    WavFile,
    Word,
    align,
    blocks,
)
from core.errors import ConfigurationError
from core.settings import WORDS_PER_MINUTE

RATE_PER_WORD = 0.9
"""espeak-ng's rate for one real word a minute, pauses included. Its own rate counts words of a
fixed length, so normal English comes out faster. Measured over 2,375 words of twelve stories at
three paces: 8 % slower than set in short paragraphs, 4 % in long ones; text with short words is
spoken up to 15 % faster."""

_PITCHES = range(100)
_PITCH_RANGE = 60
"""0 (monotone) to 99; a little above espeak-ng's 50 keeps a long story lively."""


class EspeakSynthesizer:
    """Speaks with espeak-ng at 22,050 samples a second; the engine reports every word's time.

    Args:
        voice: an espeak-ng language, optionally with a timbre: ``en-us+f3``.
        words_per_minute: real words a minute, pauses included; within 10 % for English stories.
        pitch: 0 to 99; slightly below espeak-ng's 50 is easier on the ear.
        paragraph_pause: seconds of silence after each paragraph, including the last.

    Raises:
        ConfigurationError: a number is out of range.
    """

    def __init__(
        self,
        *,
        voice: str = "en-us",
        words_per_minute: int = 170,
        pitch: int = 45,
        paragraph_pause: float = PARAGRAPH_PAUSE,
    ) -> None:
        slowest, fastest = WORDS_PER_MINUTE
        if not slowest <= words_per_minute <= fastest:
            raise ConfigurationError(
                f"{words_per_minute} words a minute is out of range; choose {slowest} to {fastest}."
            )
        if pitch not in _PITCHES:
            raise ConfigurationError(f"Pitch {pitch} is out of range; choose 0 to 99.")
        self._voice = voice
        self._words_per_minute = words_per_minute
        self._pitch = pitch
        self._paragraph_pause = paragraph_pause

    @property
    def identity(self) -> str:
        with espeak_library() as library:
            version = library.version
        return (
            f"espeak-ng/{version}/{self._voice}/pace={self._words_per_minute},pitch={self._pitch},"
            f"range={_PITCH_RANGE},pause={self._paragraph_pause:g}"
        )

    def speak(self, text: str, into: Path, progress: Progress | None = None) -> Speech:
        report = progress or (lambda _share: None)
        timeline = Timeline()
        inside: list[tuple[tuple[int, float], ...]] = []
        with espeak_library() as library:
            library.select(
                self._voice,
                rate=round(self._words_per_minute * RATE_PER_WORD),
                pitch=self._pitch,
                pitch_range=_PITCH_RANGE,
            )
            with WavFile(into, rate=library.sample_rate) as wav:
                pause = 0.0
                for block in blocks(text):
                    sound = bytearray()
                    marks = library.synthesize(
                        block.spoken,
                        on_audio=sound.extend,
                        on_sentence=_share(report, block, len(text)),
                    )
                    begun = wav.write(np.frombuffer(sound, "<i2"), after=pause)
                    words = block.words()
                    phones = _phones(marks, words, library.sample_rate, begun, wav.seconds)
                    timeline.add(words, _spans(words, phones, library))
                    inside += _inside(marks, words, library.sample_rate, begun)
                    pause = self._paragraph_pause if block.ends_paragraph else SENTENCE_PAUSE
                wav.pause(pause)
                timed = timeline.finished()
        report(1.0)
        pairs = zip(timed, inside, strict=True)
        spoken_words = tuple(replace(timing, inside=moments) for timing, moments in pairs)
        return Speech(path=into, seconds=wav.seconds, words=spoken_words, timed_by="synthesizer")


def _share(report: Progress, block: Block, characters: int) -> Callable[[int], None]:
    return lambda at: report((block.at + at) / characters)


def _phones(
    marks: Sequence[Mark], words: Sequence[Word], rate: int, begun: float, ended: float
) -> dict[int, list[Phone]]:
    """Group the sounds by the index of the word that the engine marked before them."""
    offsets = [word.at for word in words]
    sounds = [mark for mark in marks if mark.kind != "word"]
    ends = iter([*(begun + mark.sample / rate for mark in sounds[1:]), ended])
    phones: dict[int, list[Phone]] = {}
    word = 0
    for mark in marks:
        if mark.kind == "word":
            # Marks inside a word ("3:30pm" has three) belong to it; indexes never decrease.
            word = max(word, bisect_right(offsets, mark.character) - 1)
            phones.setdefault(word, [])
            continue
        end = next(ends)
        if mark.kind == "phoneme":
            phone = Phone(mark.phoneme, begun + mark.sample / rate, end)
            phones.setdefault(word, []).append(phone)
    return phones


def _inside(
    marks: Sequence[Mark], words: Sequence[Word], rate: int, begun: float
) -> Iterator[tuple[tuple[int, float], ...]]:
    """Yield for each word when its marked characters sound; in Chinese nearly all are marked.

    A mark without a sound (as for some Burmese signs) is ignored; offsets never decrease.
    """
    offsets = [word.at for word in words]
    found: list[dict[int, float]] = [{} for _ in words]
    character = offsets[0]
    for mark in marks:
        if mark.kind == "word":
            character = max(character, mark.character)
        elif mark.kind == "phoneme":
            word = bisect_right(offsets, character) - 1
            at = character - offsets[word]
            if 0 < at < len(words[word].text):
                found[word].setdefault(at, begun + mark.sample / rate)
    return (tuple(moments.items()) for moments in found)


def _spans(
    words: Sequence[Word], phones: dict[int, list[Phone]], library: EspeakLibrary
) -> list[Span | None]:
    """Find when each word sounds.

    Words that the engine joins ("of the") share one mark; their sounds are divided by comparing
    them with each word spoken alone.
    """
    spans: list[Span | None] = []
    for marked, following in pairwise([*phones, len(words)]):
        together = words[len(spans) : following]
        heard = phones[marked]
        if len(together) > 1:
            spans += align(heard, [library.phonemes(word.spoken) for word in together])
        else:
            spans.append(Span(heard[0].start, heard[-1].end) if heard else None)
    return spans or [None] * len(words)

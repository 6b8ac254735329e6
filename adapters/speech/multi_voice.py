"""Narration with two voices: the narrator, and a second voice for quoted text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from adapters.ports import Progress, Speech, Synthesizer, WordTiming
from adapters.speech.samples import Samples, level, louder, quiet_ends, read, resampled
from adapters.speech.timeline import PARAGRAPH_PAUSE, SENTENCE_PAUSE, WavFile

_PARAGRAPH = re.compile(r"[^\n]+(?:\n(?!\s*\n)[^\n]+)*")
_QUOTED = re.compile(r"(?<!\S)[^\s\w“”\"]*[“\"]([^“”\"]+)[”\"](?!\w)[^\s\w“”\"]*(?!\S)")
"""Includes adjacent punctuation, so words are never cut."""
_LEAST_WORDS = 3
"""A shorter quotation counts as speech only if it ends like speech: He calls it "art"."""
_SPEECH_END = re.compile(r"[,.!?…—-]$")
_SENTENCE_END = re.compile(r"[.!?…][\"”')\]]*$")
_SWITCH_PAUSE = 0.22
"""Seconds between two voices in the middle of a sentence: as after a comma."""
_GAINS = 0.25, 4.0
"""Limits for the volume change of the second voice (12 dB)."""


class Run(NamedTuple):
    text: str
    quoted: bool
    ends_paragraph: bool


class _Take(NamedTuple):
    run: Run
    samples: Samples
    words: tuple[WordTiming, ...]
    """Times count from the start of the take."""


class MultiVoiceSynthesizer:
    """Implements ``ports.Synthesizer`` with two synthesizers, run by run.

    Args:
        narrator: speaks the narration; its sample rate and loudness are used.
        quoted: speaks quoted text, adjusted to the narrator's loudness.
    """

    def __init__(self, *, narrator: Synthesizer, quoted: Synthesizer) -> None:
        self._narrator = narrator
        self._quoted = quoted

    @property
    def identity(self) -> str:
        return f"{self._narrator.identity} quoting {self._quoted.identity}"

    def speak(self, text: str, into: Path, progress: Progress | None = None) -> Speech:
        report = progress or (lambda _share: None)
        spoken = list(runs(text))
        if not any(run.quoted for run in spoken):
            return self._narrator.speak(text, into, progress)
        timed_by: set[str] = set()
        takes: list[_Take] = []
        rate = 0
        with TemporaryDirectory(dir=into.parent) as folder:
            for run in spoken:
                voice = self._quoted if run.quoted else self._narrator
                made = voice.speak(run.text, Path(folder) / "run.wav")
                samples, own_rate = read(made.path)
                rate = rate or own_rate
                takes.append(_Take(run, resampled(samples, own_rate, rate), made.words))
                timed_by.add(made.timed_by)
                report(min(1.0, sum(len(take.run.text) for take in takes) / len(text)))
        words: list[WordTiming] = []
        gain = _gain(takes, rate)
        with WavFile(into, rate=rate) as wav:
            pause = 0.0
            for run, samples, timed in takes:
                sound = _without_end(samples, rate)
                begun = wav.write(louder(sound, gain) if run.quoted else sound, after=pause)
                words += [word.later(begun) for word in timed]
                pause = _pause_after(run)
            wav.pause(pause)
        report(1.0)
        worst = next(kind for kind in ("estimate", "whisper", "synthesizer") if kind in timed_by)
        return Speech(into, wav.seconds, tuple(words), worst)


def _gain(takes: Sequence[_Take], rate: int) -> float:
    narrated = level((take.samples for take in takes if not take.run.quoted), rate)
    quoted = level((take.samples for take in takes if take.run.quoted), rate)
    least, most = _GAINS
    return min(most, max(least, narrated / quoted)) if narrated and quoted else 1.0


def _without_end(samples: Samples, rate: int) -> Samples:
    _, behind = quiet_ends(samples, rate)
    return samples[: len(samples) - round(behind * rate)]


def _pause_after(run: Run) -> float:
    if run.ends_paragraph:
        return PARAGRAPH_PAUSE
    return SENTENCE_PAUSE if _SENTENCE_END.search(run.text) else _SWITCH_PAUSE


def runs(text: str) -> Iterator[Run]:
    """Split ``text`` into narration and quotations; together they contain exactly its words."""
    for paragraph in _PARAGRAPH.finditer(text):
        pieces = _pieces(paragraph.group())
        for index, (piece, quoted) in enumerate(pieces, start=1):
            yield Run(piece, quoted, ends_paragraph=index == len(pieces))


def _pieces(paragraph: str) -> list[tuple[str, bool]]:
    pieces: list[tuple[str, bool]] = []
    at = 0
    for found in _QUOTED.finditer(paragraph):
        inside = found.group(1).strip()
        if len(inside.split()) < _LEAST_WORDS and not _SPEECH_END.search(inside):
            continue
        narrated, quoted = paragraph[at : found.start()], found.group()
        if _has_words(narrated):
            pieces.append((narrated.strip(), False))
        else:
            quoted = narrated + quoted  # a lone dash or bracket can't be spoken
        pieces.append((quoted.strip(), True))
        at = found.end()
    rest = paragraph[at:]
    if _has_words(rest) or not pieces:
        pieces.append((rest.strip(), False))
    elif rest.strip():
        last, is_quoted = pieces[-1]
        pieces[-1] = (f"{last}{rest.rstrip()}", is_quoted)
    return pieces


def _has_words(text: str) -> bool:
    return any(map(str.isalnum, text))

"""Narration by two voices: the narrator, and another one for what is said in quotation marks."""

from __future__ import annotations

import re
import wave
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from adapters.ports import Progress, Speech, Synthesizer, WordTiming
from adapters.speech import WavFile

_PARAGRAPH = re.compile(r"[^\n]+(?:\n(?!\s*\n)[^\n]+)*")
_QUOTED = re.compile(r"(?<!\S)[^\s\w“”\"]*[“\"]([^“”\"]+)[”\"](?!\w)[^\s\w“”\"]*(?!\S)")
"""With the marks that stick to it: words are never cut."""
_LEAST_WORDS = 3
"""Shorter ones are spoken by somebody only if they end like speech: He calls it "art"."""
_SPEECH_END = re.compile(r"[,.!?…—-]$")
_TURN_PAUSE = 0.12
"""Seconds between two voices in the middle of a paragraph."""


class Run(NamedTuple):
    text: str
    quoted: bool
    ends_paragraph: bool


class DuetSynthesizer:
    """Implements ``ports.Synthesizer`` over two others, run by run.

    Args:
        narrator: speaks what is told; the sound has its rate.
        quoted: speaks what is said.
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
        words: list[WordTiming] = []
        told: set[str] = set()
        with TemporaryDirectory(dir=into.parent) as folder:
            rate, done = 0, 0
            parts: list[tuple[bytes, float]] = []
            for run in spoken:
                voice = self._quoted if run.quoted else self._narrator
                made = voice.speak(run.text, Path(folder) / "run.wav")
                samples, own_rate = _read(made.path)
                rate = rate or own_rate
                last = max(word.end for word in made.words)
                end = made.seconds if run.ends_paragraph else min(made.seconds, last + _TURN_PAUSE)
                parts.append((_at_rate(samples[: round(end * own_rate)], own_rate, rate), end))
                begun = sum(seconds for _, seconds in parts[:-1])
                words += [WordTiming(w.word, begun + w.start, begun + w.end) for w in made.words]
                told.add(made.timed_by)
                done += len(run.text)
                report(min(1.0, done / len(text)))
            with WavFile(into, rate=rate) as wav:
                for samples_of_part, _ in parts:
                    wav.write(samples_of_part)
        report(1.0)
        worst = next(kind for kind in ("estimate", "whisper", "synthesizer") if kind in told)
        return Speech(into, wav.seconds, tuple(words), worst)


def runs(text: str) -> Iterator[Run]:
    """Cut ``text`` into what is told and what is said; together they hold its very words."""
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
        told, said = paragraph[at : found.start()], found.group()
        if _has_words(told):
            pieces.append((told.strip(), False))
        else:
            said = told + said  # a dash or a bracket is nothing to say alone
        pieces.append((said.strip(), True))
        at = found.end()
    rest = paragraph[at:]
    if _has_words(rest) or not pieces:
        pieces.append((rest.strip(), False))
    elif rest.strip():
        last, quoted = pieces[-1]
        pieces[-1] = (f"{last}{rest.rstrip()}", quoted)
    return pieces


def _has_words(text: str) -> bool:
    return any(map(str.isalnum, text))


def _read(path: Path) -> tuple[np.ndarray, int]:
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def _at_rate(samples: np.ndarray, own: int, rate: int) -> bytes:
    if own == rate:
        return samples.tobytes()
    count = round(len(samples) * rate / own)
    at = np.arange(count) * own / rate
    resampled: bytes = np.interp(at, np.arange(len(samples)), samples).astype("<i2").tobytes()
    return resampled

"""Compare the times that an aligner finds with those that the synthesizer itself reports.

Each voice reads the same stories. The recogniser's own times (before) and those of
``WhisperAligner`` (after) are measured in one run. The aligner compares the sound with a reading by
espeak-ng in British English, with another timbre (f3) and pace (150 words a minute) than any voice
that is measured. Still, two of these are espeak-ng too and so the easier ones: look at Piper first.

The method was tuned on the first six stories; the others were not looked at meanwhile. Work is
processor time after the model is loaded, a second of sound.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import numpy as np

from adapters.ports import Speech, Synthesizer, WordTiming
from adapters.speech.recognition import refinement
from adapters.speech.recognition.whisper import WhisperAligner
from benchmarks.rows import Row
from benchmarks.speech import models
from benchmarks.speech.models import Text
from core import log
from core.errors import Permanent

CLOSE = 0.060
"""Seconds between a word and its caption that nobody notices."""
LEAST_CLOSE = 90.0
MOST_P95 = 120.0
MOST_WORK = 0.3

TUNED = ("02", "03", "04", "05", "06", "14")
HELD_OUT = ("20", "07", "21", "08", "18", "19")


@dataclass
class _Measured:
    """Errors in seconds of some texts, before and after; and the work of both."""

    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    work_before: float = 0.0
    work_after: float = 0.0
    seconds: float = 0.0


def run(texts: int = 3) -> list[Row]:
    """Measure ``texts`` stories that the method was tuned on, and as many that it was not."""
    log.configure("bench", "ERROR")
    sets = {"tuned on": TUNED[:texts], "held out": HELD_OUT[:texts]}
    rows = [Row(f"the reading: {refinement.reader('en')}", 150, "words a minute")]
    with TemporaryDirectory() as name:
        folder = Path(name)
        spoken = {
            (voice, what): list(_spoken(synthesizer, models.texts(*names), folder))
            for voice, synthesizer in models.voices().items()
            for what, names in sets.items()
        }
        for model, path in (("tiny.en", models.tiny()), ("base", models.base(folder))):
            aligner = WhisperAligner(model=path, language="en")
            _measure(aligner, next(iter(spoken.values()))[:1])  # loads the model
            for voice in models.voices():
                measured = {what: _measure(aligner, spoken[voice, what]) for what in sets}
                rows += _rows(f"{voice}, {model}", measured)
    return rows


def _spoken(voice: Synthesizer, texts: Sequence[Text], folder: Path) -> Iterator[Speech]:
    for text in texts:
        speech = voice.speak(text.text, Path(mkdtemp(dir=folder)) / "speech.wav")
        if speech.timed_by != "synthesizer":
            raise Permanent(f"{voice.identity} doesn't report its words' times.", code="no_times")
        yield speech


def _measure(aligner: WhisperAligner, speeches: Sequence[Speech]) -> _Measured:
    measured = _Measured()
    for speech in speeches:
        samples = refinement.heard_sound(speech.path)
        begun = time.process_time()
        heard = aligner.heard(samples, [word.word for word in speech.words])
        listened = time.process_time()
        refined = aligner.refined(heard, samples)
        measured.work_after += time.process_time() - begun
        measured.work_before += listened - begun
        measured.seconds += speech.seconds
        measured.before += _off(heard.words, speech.words)
        measured.after += _off(refined, speech.words)
    return measured


def _off(found: Sequence[WordTiming], spoken: Sequence[WordTiming]) -> Iterator[float]:
    for ours, true in zip(found, spoken, strict=True):
        yield ours.start - true.start


def _rows(what: str, measured: dict[str, _Measured]) -> Iterator[Row]:
    before = [error for each in measured.values() for error in each.before]
    seconds = sum(each.seconds for each in measured.values())
    share, shift, p95, worst = _figures(before)
    yield Row(f"{what}: words", len(before), "words")
    yield Row(f"{what}, before: within 60 ms", share, "%")
    yield Row(f"{what}, before: median shift", shift, "ms")
    yield Row(f"{what}, before: p95", p95, "ms")
    yield Row(f"{what}, before: worst", worst, "ms")
    work = sum(each.work_before for each in measured.values()) / seconds
    yield Row(f"{what}, before: work", work, "s/s")
    for texts, each in measured.items():
        share, shift, p95, worst = _figures(each.after)
        after = f"{what}, after, {texts}"
        enough, close = f">= {LEAST_CLOSE:g}", share >= LEAST_CLOSE
        yield Row(f"{after}: within 60 ms", share, "%", enough, close)
        yield Row(f"{after}: median shift", shift, "ms")
        yield Row(f"{after}: p95", p95, "ms", f"<= {MOST_P95:g}", p95 <= MOST_P95)
        yield Row(f"{after}: worst", worst, "ms")
    work = sum(each.work_after for each in measured.values()) / seconds
    yield Row(f"{what}, after: work", work, "s/s", f"<= {MOST_WORK}", work <= MOST_WORK)


def _figures(errors: Sequence[float]) -> tuple[float, float, float, float]:
    """Percentage within 60 ms; median, 95th percentile and worst in ms."""
    off = np.array(errors) * 1000
    far = np.abs(off)
    share = float((far <= CLOSE * 1000).mean()) * 100
    return share, float(np.median(off)), float(np.percentile(far, 95)), float(far.max())

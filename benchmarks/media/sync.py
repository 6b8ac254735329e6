"""Compare caption times with the sound, word by word.

A voice speaks a text, captions are written and read back from the ASS text, and the audio is
searched for sounds that start after silence, without knowing the words. A word that follows
another without a pause has no such start. So there are two texts: *separate words*, each its own
sentence, where every word is measured; and *sentences*, where only words after a pause can be
measured. Both report how many words were measured.

Left out are numbers and spelled capitals ("1974" and "TL;DR" are spoken as several words), and
single letters ("A." is an initial and has no pause after it).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from pysubs2 import SSAFile

from adapters.ports import Synthesizer
from adapters.speech.espeak import EspeakSynthesizer
from adapters.speech.piper import PiperSynthesizer
from benchmarks.rows import Row
from core import log
from core.settings import ROOT
from pipelines.production.captions import ass_markup, subtitle_writer
from pipelines.production.captions.caption_style import Style
from tests.adapters.measured_sound import sounding
from tests.adapters.speech.voices import make_voice

MOST = 0.060
"""Largest allowed error in seconds."""

_STORIES = ROOT / "sandbox" / "stories"
_SENTENCE = 9  # words; shorter paragraphs and notes are left out
_AT_ONCE = 200  # words in one narration
_REACH = 0.25  # seconds; a sound that starts further away belongs to another word
_PAUSE = 0.12  # seconds of silence; the closure before a p, t or k is shorter
_SEPARATE = "separate words"
_TONE_PAUSE = 0.02  # between words of the generated voice, whose sounds have no closures
_SPELLED = re.compile(r"\d|[A-Z].*[A-Z]|^\W+$")
_BLOCK = re.compile(r"\{[^}]*\}")
_COLOUR = re.compile(r"(?:\\t\((\d+),\d+,)?\\1c(&H[0-9A-F]+&)")


@dataclass(frozen=True, slots=True)
class Shown:
    """A captioned word, and the second at which the video highlights it."""

    word: str
    start: float


def run(words: int = 2000) -> list[Row]:
    """Measure at least ``words`` words per voice and text, in the karaoke and pop styles."""
    log.configure("bench", "ERROR")
    spoken = [word for sentence in _sentences() for word in sentence]
    separate = [[f"{bare.capitalize()}." for bare in map(_bare, spoken) if len(bare) > 1]]
    rows: list[Row] = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        espeak = EspeakSynthesizer()
        piper = PiperSynthesizer(voice=make_voice(folder))
        voices: tuple[tuple[str, Synthesizer, float], ...] = (
            ("espeak-ng", espeak, _PAUSE),
            ("test Piper voice", piper, _TONE_PAUSE),
        )
        for title, voice, silence in voices:
            for kind, text in ((_SEPARATE, separate), ("sentences", list(_sentences()))):
                rows += _measure(f"{title}, {kind}", voice, text, words, silence, folder)
    return rows


def _measure(
    what: str,
    voice: Synthesizer,
    text: Sequence[Sequence[str]],
    words: int,
    silence: float,
    folder: Path,
) -> list[Row]:
    errors: dict[Style, list[float]] = {"karaoke": [], "pop": []}
    spoken = 0
    every = what.endswith(_SEPARATE)
    for piece in _pieces(text, words):
        speech = voice.speak(piece, folder / "speech.wav")
        heard = [start for start, _ in sounding(speech.path, silence=silence)]
        spoken += len(speech.words)
        for style, found in errors.items():
            made = subtitle_writer.build(
                speech.words,
                caption_style=subtitle_writer.CaptionStyle(style=style),
                part=(1, 1),
                seconds=speech.seconds,
            )
            found.extend(_errors(shown(made.ass, style), heard, every=every))
    rows = [
        Row(f"{what}: spoken", spoken, "words"),
        Row(f"{what}: measured", len(errors["karaoke"]), "words"),
    ]
    for style, found in errors.items():
        share = sum(error <= MOST for error in found) / len(found)
        rows += [
            Row(f"{what}, {style}: 99th percentile", float(np.percentile(found, 99)) * 1000, "ms"),
            Row(f"{what}, {style}: worst", max(found) * 1000, "ms", "<= 60", max(found) <= MOST),
            Row(f"{what}, {style}: within 60 ms", share * 100, "%", ">= 100", share == 1),
        ]
    return rows


def _errors(words: Sequence[Shown], heard: Sequence[float], *, every: bool) -> Iterator[float]:
    """Distances between captions and sound, for every word or only for those that were heard.

    A separate word that was not heard counts with the maximum distance: none is left out.
    """
    if every:
        for word in words:
            yield min(_REACH, abs(_nearest(heard, word.start) - word.start))
        return
    starts = [word.start for word in words]
    for start in heard:
        yield min(_REACH, abs(_nearest(starts, start) - start))


def _nearest(times: Sequence[float], at: float) -> float:
    index = bisect_left(times, at)
    return min(times[max(0, index - 1) : index + 1], key=lambda time: abs(time - at))


def shown(ass_text: str, style: Style) -> list[Shown]:
    """Read back when each captioned word appears (pop) or changes colour (karaoke)."""
    events = [
        event
        for event in SSAFile.from_string(ass_text, "ass")
        if event.style == subtitle_writer.CAPTION_STYLE
    ]
    if style == "pop":
        return [
            Shown(word, event.start / 1000)
            for event in events
            for word in ass_markup.plain(event.text).split()
        ]
    # The first word of a cue is highlighted from the start.
    first = _COLOUR.search(events[0].text)
    spoken = first.group(2) if first else ""
    words: list[Shown] = []
    for event in events:
        marks = [
            int(offset or 0)
            for block in _BLOCK.findall(event.text)
            for offset, colour in _COLOUR.findall(block)
            if colour == spoken
        ]
        texts = ass_markup.plain(event.text).split()
        words += [
            Shown(text, (event.start + mark) / 1000)
            for text, mark in zip(texts, marks, strict=True)
        ]
    return words


def _sentences() -> Iterator[list[str]]:
    """The sandbox's English stories as sentences, without notes."""
    for path in sorted(_STORIES.glob("*.md")):
        for paragraph in path.read_text(encoding="utf-8").split("\n\n"):
            words = paragraph.split()
            if paragraph.isascii() and len(words) >= _SENTENCE and paragraph[0].isalpha():
                yield [word for word in words if not _SPELLED.search(word)]


def _bare(word: str) -> str:
    return re.sub(r"[^a-z']", "", word.lower()).strip("'")


def _pieces(text: Sequence[Sequence[str]], words: int) -> Iterator[str]:
    """Cut ``text`` into narrations; repeat it until there are ``words`` words."""
    piece: list[str] = []
    total = 0
    for group in cycle(text):
        for word in group:
            piece.append(word)
            total += 1
            if len(piece) >= _AT_ONCE and word.endswith("."):
                yield " ".join(piece)
                piece = []
                if total >= words:
                    return

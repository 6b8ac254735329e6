"""Code shared by the synthesizers: splitting text, timing words, writing the WAV file.

A narration is spoken block by block (a paragraph, or a piece of a very long one). So memory use
stays constant, and a timing error can't spread beyond its block. In each block the synthesizer
reports sounds, and every word of ``text.split()`` gets the span of its own sounds.
"""

from __future__ import annotations

import os
import re
import unicodedata
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
import structlog
from rapidfuzz.distance import Levenshtein

from adapters.ports import WordTiming
from adapters.speech.samples import Samples, quiet_ends, softened
from core.errors import Permanent, Retryable
from core.files import disk

log = structlog.get_logger(__name__)

BLOCK_CHARACTERS = 1000
"""A longer paragraph (about a minute of speech) is split at its next sentence end."""

SENTENCE_PAUSE = 0.4
"""Seconds of silence between sentences, for every engine: espeak-ng's own pause at 170 words a
minute."""

PARAGRAPH_PAUSE = 0.75
"""Seconds of silence between paragraphs: clearly longer, so a new paragraph is heard as one."""

SAMPLE_BYTES = 2

_PARAGRAPH_BREAK = re.compile(r"\n\s*\n")
_WORD = re.compile(r"\S+")  # finds exactly the words of str.split()
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’)\]]*\s+")  # noqa: RUF001 - East Asian stops
_TITLE = re.compile(r"\b(Mrs?|Ms|Dr|Prof|Rev|Hon|Capt|Col|Gen|Lt|Sgt|vs)\.(?=\s)")
_DASH = re.compile(r"(?<=\s)-{1,3}(?=\s)|(?<=\w)--(?=\w)")
_NOT_TEXT = {"Cc", "Cn", "Co", "Cs"}


class Word(NamedTuple):
    text: str
    spoken: str
    """The text as sent to the synthesizer; may contain blanks or be blank."""
    at: int
    """Offset in the block, in characters."""


@dataclass(frozen=True, slots=True)
class Block:
    """Text that is spoken in one go."""

    text: str
    spoken: str
    """The text as sent to the synthesizer, of the same length."""
    at: int
    """Offset in the whole text, in characters."""
    ends_paragraph: bool

    def words(self) -> list[Word]:
        return [
            Word(found.group(), self.spoken[found.start() : found.end()], found.start())
            for found in _WORD.finditer(self.text)
        ]


class Phone(NamedTuple):
    """One speech sound; times in seconds from the start of the file."""

    name: str
    start: float
    end: float


class Span(NamedTuple):
    start: float
    end: float


def blocks(text: str) -> Iterator[Block]:
    """Split ``text`` into paragraphs, and long paragraphs after a sentence; never inside a word."""
    spoken = _speakable(text)
    start = 0
    for gap in (*_PARAGRAPH_BREAK.finditer(text), None):
        end = gap.start() if gap else len(text)
        for stop in _SENTENCE_END.finditer(spoken, start, end):
            cut = stop.end()
            # A blank in ``spoken`` can be a sign that was blanked out inside a word.
            if cut - start > BLOCK_CHARACTERS and cut < end and text[cut - 1].isspace():
                yield Block(text[start:cut], spoken[start:cut], start, ends_paragraph=False)
                start = cut
        if text[start:end].strip():
            yield Block(text[start:end], spoken[start:end], start, ends_paragraph=True)
        start = gap.end() if gap else end


def _speakable(text: str) -> str:
    """Blank out what a synthesizer must not read; every character keeps its position.

    This covers control characters, private use and lone surrogates, some of which are commands to
    espeak-ng (0x01 begins one, 0x00 ends the text). It also covers the full stop of a title, which
    both engines take for the end of a sentence ("I saw Dr. Brown"). Hyphens used as a dash become
    a dash: espeak-ng hardly pauses at " - ", and Piper not at all.
    """
    allowed = (
        sign if sign == "\n" or unicodedata.category(sign) not in _NOT_TEXT else " "
        for sign in text
    )
    untitled = _TITLE.sub(r"\1 ", "".join(allowed))
    return _DASH.sub(lambda hyphens: "–".ljust(len(hyphens.group())), untitled)  # noqa: RUF001


def align(spoken: Sequence[Phone], expected: Sequence[Sequence[str]]) -> list[Span | None]:
    """Assign sounds to the words that made them.

    Args:
        spoken: the sounds of consecutive words, in order.
        expected: for each word, the names of its sounds when it is spoken alone.

    Returns:
        One span per word: from the start of its first sound to the end of its last. None for a
        word that made no sound. Words may be slurred ("of the") or sound different in context, so
        the two lists are matched by least edit distance; an extra sound belongs to the word before
        it.
    """
    alone = [name for names in expected for name in names]
    owners = [word for word, names in enumerate(expected) for _ in names] or [0]
    spans: list[Span | None] = [None] * len(expected)
    for edit in Levenshtein.opcodes(alone, [phone.name for phone in spoken]):
        for index in range(edit.dest_start, edit.dest_end):
            extra = edit.tag == "insert"
            source = edit.src_start - 1 if extra else edit.src_start + index - edit.dest_start
            owner = owners[max(source, 0)]
            span = spans[owner]
            begun = span.start if span else spoken[index].start
            spans[owner] = Span(begun, spoken[index].end)
    return spans


class Timeline:
    """The timed words of a narration, added block by block."""

    def __init__(self) -> None:
        self.words: list[WordTiming] = []
        self._mute: list[str] = []

    def add(self, words: Sequence[Word], spans: Sequence[Span | None]) -> None:
        """Add a block. A word without a sound gets an empty span after the word before it."""
        for word, span in zip(words, spans, strict=True):
            last = self.words[-1] if self.words else WordTiming("", 0.0, 0.0)
            if span is None:
                self._mute.append(word.text)
                span = Span(last.end, last.end)  # noqa: PLW2901 - each word is added once
            start = max(span.start, last.start)
            self.words.append(WordTiming(word.text, start, max(span.end, start)))

    def finished(self) -> tuple[WordTiming, ...]:
        """Return the words.

        Raises:
            Permanent: no word made a sound (code ``nothing_to_say``).
        """
        if len(self._mute) == len(self.words):
            raise Permanent(
                "The text has nothing to speak; give it at least one word.", code="nothing_to_say"
            )
        if self._mute:
            unheard = [word for word in self._mute if any(map(str.isalnum, word))]
            log.info("signs_made_no_sound", count=len(self._mute) - len(unheard))
            if unheard:
                log.warning("words_made_no_sound", count=len(unheard), first=unheard[:5])
        return tuple(self.words)


class WavFile:
    """A mono 16-bit WAV file that gets its name only when it is complete.

    It has a hidden name in the same folder, and is renamed at the end of the ``with`` block; an
    error inside removes it. One writer per target: each stage works in its own directory.

    Raises:
        Retryable: the file can't be written; ``disk_full`` if there is no room for it.
    """

    def __init__(self, path: Path, *, rate: int) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._rate = rate
        self._frames = 0
        self._quiet = 0.0

    @property
    def seconds(self) -> float:
        return self._frames / self._rate

    def write(self, samples: Samples, after: float = 0.0) -> float:
        """Append a piece of sound; returns the second at which it begins.

        Args:
            samples: the sound; its ends are softened.
            after: seconds of silence before it, including silence that is already there.
        """
        before, behind = quiet_ends(samples, self._rate)
        self.pause(after - before)
        begun = self.seconds
        self._append(softened(samples, self._rate))
        self._quiet = behind
        return begun

    def pause(self, seconds: float) -> None:
        """Extend the silence at the end to ``seconds``, if it is shorter."""
        missing = round((seconds - self._quiet) * self._rate)
        if missing > 0:
            self._append(np.zeros(missing, np.int16))
            self._quiet = seconds

    def _append(self, samples: Samples) -> None:
        self._frames += len(samples)
        try:
            self._wave.writeframesraw(samples.astype("<i2").tobytes())
        except OSError as error:
            raise self._refused(error) from error

    def __enter__(self) -> Self:
        try:
            self._file = self._part.open("wb")
        except OSError as error:
            raise self._refused(error) from error
        self._wave = wave.open(self._file, "wb")
        self._wave.setparams((1, SAMPLE_BYTES, self._rate, 0, "NONE", "not compressed"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._complete()
        except OSError as failure:
            raise self._refused(failure) from failure
        finally:
            self._discard()

    def _complete(self) -> None:
        self._wave.close()
        self._file.flush()
        os.fsync(self._file.fileno())  # the database must never name a file that a power cut lost
        self._part.replace(self._path)

    def _discard(self) -> None:
        """Delete the hidden file, if it is still there."""
        for close in (self._wave.close, self._file.close):
            try:
                close()
            except OSError as error:
                log.debug("part_file_not_flushed", reason=error.strerror)
        self._part.unlink(missing_ok=True)

    def _refused(self, error: OSError) -> Retryable:
        if error.errno in disk.FULL:
            return Retryable(
                f"{self._path.name} could not be written: the disk is full; free some space.",
                code="disk_full",
            )
        return Retryable(
            f"{self._path} could not be written ({error.strerror}); check the directory.",
            code="write_failed",
        )

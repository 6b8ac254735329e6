"""Interfaces of speech synthesizers and voices, and the timing of spoken words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from adapters.ports.progress import Progress


@dataclass(frozen=True, slots=True)
class WordTiming:
    """One spoken word; seconds from the start of the sound, ``start <= end``."""

    word: str
    start: float
    end: float
    inside: tuple[tuple[int, float], ...] = ()
    """Times inside the word, if the voice reports them: the offset of a character and the second
    at which it is spoken, both rising. Most voices report none."""

    def later(self, seconds: float) -> WordTiming:
        """The same word, ``seconds`` later."""
        return WordTiming(
            self.word,
            seconds + self.start,
            seconds + self.end,
            tuple((at, seconds + moment) for at, moment in self.inside),
        )


@dataclass(frozen=True, slots=True)
class Speech:
    """A narration on disk: mono 16-bit WAV."""

    path: Path
    seconds: float
    words: tuple[WordTiming, ...]
    """Exactly one entry for each of ``text.split()``, in order; starts never decrease."""
    timed_by: Literal["synthesizer", "whisper", "estimate"]


@dataclass(frozen=True, slots=True)
class KnownVoice:
    """A voice installed on this machine."""

    voice: str
    """As written in ``VOICE`` and in a channel: ``espeak:en-us``, ``piper:<name>``."""
    label: str
    """Name shown to people: ``English (Great Britain)``."""


@dataclass(frozen=True, slots=True)
class Saying:
    """A text that is being said in the background."""

    share: float
    """How much of it is said, 0 to 1; 0 while the voice loads."""
    sound: Path | None
    """The WAV file, once it is said."""


class Voices(Protocol):
    """The voices of this machine."""

    def here(self) -> list[KnownVoice]:
        """Every voice, Piper's first."""

    def timbres(self) -> list[str]:
        """What can follow an espeak voice after a plus: ``f3`` in ``espeak:en-us+f3``."""

    def check(self, voice: str) -> None:
        """Raises InputError if ``voice`` can't be used here; the message says what to do."""

    def say(self, voice: str, text: str, words_per_minute: int) -> bytes:
        """Say a few words in a separate process, within seconds; returns a WAV file.

        Raises:
            InputError: the text is too long, ``voice`` can't say it, or another text is being said.
        """

    def begin_saying(self, voice: str, text: str, words_per_minute: int) -> str:
        """Begin to say a few words in the background; returns a key for ``saying``.

        Raises:
            InputError: ``voice`` can't be used here, or too many texts are being said.
        """

    def saying(self, key: str) -> Saying:
        """What became of ``begin_saying``; sounds are kept for a day.

        Raises:
            InputError: the voice couldn't say it, took too long, or nobody has begun it.
        """


class Synthesizer(Protocol):
    @property
    def identity(self) -> str:
        """Engine, version, voice and settings: part of the content key of a narration."""

    def speak(self, text: str, into: Path, progress: Progress | None = None) -> Speech:
        """Speak ``text`` sentence by sentence into the WAV file ``into``.

        Raises:
            Permanent: the text has no words to speak, or the voice can't speak it.
            Retryable: the engine failed; the message names it.
        """

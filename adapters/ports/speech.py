"""Who speaks, and when each word begins."""

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
    """What the voice tells of moments in the word: offset of a character, and the second at which
    it begins to sound; both rising, within the word. Most voices tell none."""

    def later(self, seconds: float) -> WordTiming:
        """The same word in a sound that begins ``seconds`` later."""
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
    """Exactly one entry for each of ``text.split()``, in order, starts never going back."""
    timed_by: Literal["synthesizer", "whisper", "estimate"]


@dataclass(frozen=True, slots=True)
class KnownVoice:
    """A voice that can speak here."""

    voice: str
    """As the setting ``VOICE`` and a channel name it: ``espeak:en-us``, ``piper:<name>``."""
    label: str
    """For a person: ``English (Great Britain)``."""


class Voices(Protocol):
    """The voices of this machine."""

    def here(self) -> list[KnownVoice]:
        """Every voice, Piper's first."""

    def timbres(self) -> list[str]:
        """What can follow an espeak voice behind a plus: ``f3`` in ``espeak:en-us+f3``."""

    def check(self, voice: str) -> None:
        """Raises InputError where ``voice`` can't speak here; the sentence says what to do."""


class Synthesizer(Protocol):
    @property
    def identity(self) -> str:
        """Engine, version, voice and settings: part of the content key of a narration."""

    def speak(self, text: str, into: Path, progress: Progress | None = None) -> Speech:
        """Speak ``text`` sentence by sentence into the WAV file ``into``.

        Raises:
            Permanent: the text has nothing to say, or the voice can't say it.
            Retryable: the engine failed; the sentence names it.
        """

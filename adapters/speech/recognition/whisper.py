"""Word times from faster-whisper, for voices without timestamps.

The recogniser says where about each word is; ``refinement.py`` finds when it begins. The model is a
CTranslate2 folder (``model.bin`` and its other files); nothing is downloaded. It is loaded on first
use and kept in memory.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog

from adapters.ports import Progress, Speech, Synthesizer, WordTiming
from adapters.speech.recognition import refinement
from adapters.speech.recognition.alignment import Fit, fit
from adapters.speech.recognition.refinement import Sound
from adapters.speech.recognition.sound_features import RATE
from core.errors import Permanent, Retryable

log = structlog.get_logger(__name__)

LEAST_HEARD = 0.6
"""Share of the script that must be recognised. Below it the recogniser heard another language or
noise, and its times are worse than an estimate."""

_WHISPER_CODES = {"cmn": "zh", "nb": "no", "jv": "jw", "fil": "tl"}
"""Whisper's codes for languages that voices name differently."""


class NotHeardError(Retryable):
    """The recogniser did not find the script in the sound."""

    default_code = "not_heard"


class WhisperAligner:
    """Finds when each word of a known text is spoken.

    Args:
        model: folder of a CTranslate2 Whisper model.
        language: code of the spoken language, such as ``en``.
    """

    def __init__(self, *, model: Path, language: str) -> None:
        self._folder = model
        self._spoken = language
        self._language = _WHISPER_CODES.get(language, language)
        self._one_at_a_time = threading.Lock()

    @property
    def identity(self) -> str:
        return f"whisper/{self._folder.name}/{self._language},reader={self._reader}"

    def align(self, sound: Path, words: Sequence[str]) -> tuple[WordTiming, ...]:
        """Return the time of each of ``words`` in ``sound``, a mono 16-bit WAV file.

        Raises:
            NotHeardError: the model doesn't know the language, or recognises too few of the words.
            Permanent: the model can't be used (code ``whisper_model``).
        """
        samples = refinement.heard_sound(sound)
        return self.refined(self.heard(samples, words), samples)

    def heard(self, samples: Sound, words: Sequence[str]) -> Fit:
        """Return the recogniser's own times of ``words``; raises the errors of ``align``."""
        with self._one_at_a_time:
            if self._language not in self._model.supported_languages:
                raise NotHeardError(
                    f"The Whisper model {self._folder.name} doesn't support the language "
                    f"{self._language}: set WHISPER_MODEL to one that does (without .en)."
                )
            segments, _ = self._model.transcribe(
                samples,
                language=self._language,
                word_timestamps=True,
                condition_on_previous_text=False,
                beam_size=1,
                temperature=0.0,
                initial_prompt=None,
            )
            heard = [
                WordTiming(word.word.strip(), float(word.start), float(word.end))
                for segment in segments
                for word in segment.words or ()
            ]
        found = fit(words, heard, len(samples) / RATE)
        if found.heard < LEAST_HEARD:
            raise NotHeardError(
                f"Only {found.heard:.0%} of the text was recognised in the sound: check that the "
                f"Whisper model supports the language {self._language}."
            )
        return found

    def refined(self, found: Fit, samples: Sound) -> tuple[WordTiming, ...]:
        """Return the times by a reading of the words, or the recogniser's if those can't be right.

        Args:
            found: what ``heard`` returned for ``samples``.
            samples: the sound.
        """
        words = [timing.word for timing in found.words]
        timed = None
        if self._reader:
            timed = refinement.found(words, found.sure, samples, self._spoken)
        if timed is None or not timed.sure:
            log.warning(
                "words_timed_by_recogniser_alone",
                reader=self._reader,
                confirmed=None if timed is None else round(timed.confirmed, 2),
            )
            return found.words
        return timed.words

    @cached_property
    def _reader(self) -> str | None:
        return refinement.reader(self._spoken)

    @cached_property
    def _model(self) -> Any:
        if not (self._folder / "model.bin").is_file():
            raise Permanent(
                f"The folder {self._folder} has no Whisper model (model.bin): correct "
                "WHISPER_MODEL.",
                code="whisper_model",
            )
        from faster_whisper import WhisperModel  # noqa: PLC0415 - heavy, and rarely needed

        try:
            # One thread: every core has its own job, and threads that wait for a busy core spin.
            return WhisperModel(
                str(self._folder), device="cpu", cpu_threads=1, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise Permanent(
                f"The Whisper model in {self._folder} can't be loaded: download it again.",
                code="whisper_model",
            ) from error


class AlignedSynthesizer:
    """Implements ``ports.Synthesizer``: another synthesizer's sound, timed by the aligner.

    The aligner is used only if the synthesizer's word times are estimates. If it doesn't recognise
    the text, the estimates stay and ``timed_by`` says so.
    """

    def __init__(self, synthesizer: Synthesizer, aligner: WhisperAligner) -> None:
        self._synthesizer = synthesizer
        self._aligner = aligner

    @property
    def identity(self) -> str:
        return f"{self._synthesizer.identity}+{self._aligner.identity}"

    def speak(self, text: str, into: Path, progress: Progress | None = None) -> Speech:
        speech = self._synthesizer.speak(text, into, progress)
        if speech.timed_by != "estimate":
            return speech
        try:
            words = self._aligner.align(speech.path, [timing.word for timing in speech.words])
        except NotHeardError as error:
            log.warning("words_stay_estimated", reason=str(error))
            return speech
        return Speech(speech.path, speech.seconds, words, "whisper")

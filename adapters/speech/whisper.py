"""Word times by faster-whisper, for sound whose synthesizer tells none.

The model is a folder as CTranslate2 has it (``model.bin`` and its companions); nothing is ever
downloaded from here. It is loaded at the first sound, and kept.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from adapters.ports import Progress, Speech, Synthesizer, WordTiming
from adapters.speech.alignment import fit
from adapters.speech.samples import read, resampled
from core.errors import Permanent, Retryable

log = structlog.get_logger(__name__)

LEAST_HEARD = 0.6
"""Share of the script that must have been heard; below it the recogniser listens to another
language or to noise, and its times are worth less than an estimate."""

_RATE = 16_000
_WHISPERS_NAMES = {"cmn": "zh", "nb": "no", "jv": "jw", "fil": "tl"}
"""Of languages that voices call otherwise."""


class NotHeardError(Retryable):
    """The recogniser did not hear the script in the sound."""

    default_code = "not_heard"


class WhisperAligner:
    """Finds when each word of a known text is spoken.

    Args:
        model: folder of a CTranslate2 Whisper model.
        language: code of the language that is spoken, such as ``en``.
    """

    def __init__(self, *, model: Path, language: str) -> None:
        self._folder = model
        self._language = _WHISPERS_NAMES.get(language, language)
        self._one_at_a_time = threading.Lock()

    @property
    def identity(self) -> str:
        return f"whisper/{self._folder.name}/{self._language}"

    def align(self, sound: Path, words: Sequence[str]) -> tuple[WordTiming, ...]:
        """Give each of ``words`` its time in ``sound``, a mono 16-bit WAV file.

        Raises:
            NotHeardError: the model doesn't know the language, or too little of the words is in
                what it hears.
            Permanent: the model can't be used (code ``whisper_model``).
        """
        samples, rate = read(sound)
        heard_by_model = resampled(samples, rate, _RATE).astype(np.float32) / np.float32(32_768)
        with self._one_at_a_time:
            if self._language not in self._model.supported_languages:
                raise NotHeardError(
                    f"The Whisper model {self._folder.name} doesn't know the language "
                    f"{self._language}: take one that does (those without .en) as WHISPER_MODEL."
                )
            segments, _ = self._model.transcribe(
                heard_by_model,
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
        found = fit(words, heard, len(samples) / rate)
        if found.heard < LEAST_HEARD:
            raise NotHeardError(
                f"Of the text only {found.heard:.0%} was heard in the sound: check that the "
                f"Whisper model knows the language {self._language}."
            )
        return found.words

    @cached_property
    def _model(self) -> Any:
        if not (self._folder / "model.bin").is_file():
            raise Permanent(
                f"The folder {self._folder} holds no Whisper model (model.bin): correct "
                "WHISPER_MODEL.",
                code="whisper_model",
            )
        from faster_whisper import WhisperModel  # noqa: PLC0415 - heavy, and rarely needed

        try:
            return WhisperModel(str(self._folder), device="cpu", local_files_only=True)
        except (RuntimeError, ValueError, OSError) as error:
            raise Permanent(
                f"The Whisper model in {self._folder} can't be loaded: download it again.",
                code="whisper_model",
            ) from error


class AlignedSynthesizer:
    """Implements ``ports.Synthesizer``: another one's sound, its words timed by the aligner.

    Only sound whose words its synthesizer could but estimate is listened to. What can't be heard
    keeps the estimate, and says so.
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

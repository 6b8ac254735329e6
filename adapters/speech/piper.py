"""Narration with Piper: a neural voice from a file (``voice.onnx`` and ``voice.onnx.json``)."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import os
import re
import threading
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from adapters.ports import Progress, Speech
from adapters.speech import piper_model
from adapters.speech.timeline import (
    PARAGRAPH_PAUSE,
    SENTENCE_PAUSE,
    Block,
    Phone,
    Timeline,
    WavFile,
    align,
    blocks,
)
from core.errors import Permanent, Retryable, VoiceUnusableError
from core.voices import configuration_of, missing_library, remedy

if TYPE_CHECKING:
    from piper import AudioChunk, PiperVoice

log = structlog.get_logger(__name__)

_AT_ONCE = min(4, os.cpu_count() or 1)
"""Blocks of one narration that are spoken at once, by one thread each."""
_PAD, _BEGIN, _END = "_", "^", "$"
_STRESS_MARKS = "ˈˌ"
_MARKS = {"Lm", "Mn", "Sk"}
_BRACKETS = str.maketrans("[]", "()")
"""Piper reads ``[[...]]`` as raw phonemes, so square brackets are replaced."""
_DASH_INSIDE = re.compile(r"(?<=\w)—(?=\w)")
"""Without spaces around the dash, Piper joins the two words."""
_ELLIPSIS = re.compile(r"\s*(?:\.\.+|…)+(?=(\W*)(\w?))")
"""Piper drops it and the space after it: "Wait... what" is spoken as one word."""


class PiperSynthesizer:
    """Speaks with a Piper voice. The voice is loaded on first use and kept in memory.

    Word times come from the voice's own durations if its model has them. Otherwise phonemes are
    spread evenly over each sentence, whose bounds are exact, and ``timed_by`` is ``estimate``.

    Args:
        voice: the ``.onnx`` file; its configuration is next to it as ``.onnx.json``.
        speaker: which speaker of a voice with several; None means the voice's default.
        length_scale: pace, above 1 is slower; None means the voice's own.
        sentence_pause: seconds of silence after a sentence, including the voice's own.
        paragraph_pause: seconds of silence after a paragraph, including the last.
    """

    def __init__(
        self,
        *,
        voice: Path,
        speaker: int | None = None,
        length_scale: float | None = None,
        sentence_pause: float = SENTENCE_PAUSE,
        paragraph_pause: float = PARAGRAPH_PAUSE,
    ) -> None:
        self._path = voice
        self._speaker = speaker
        self._length_scale = length_scale
        self._sentence_pause = sentence_pause
        self._paragraph_pause = paragraph_pause
        self._loading = threading.Lock()
        self._loaded: PiperVoice | None = None
        self._mark = ""  # of the files that were loaded

    @cached_property
    def language(self) -> str:
        """Code of the voice's language (``en``), from its configuration.

        Older voices name no language; then it is that of the espeak-ng voice they use.
        """
        configuration = self._configuration()
        language = configuration.get("language", {})
        code = language.get("family") or language.get("code") or configuration["espeak"]["voice"]
        return str(re.split("[-_]", code)[0])

    @property
    def identity(self) -> str:
        """Until the voice is loaded, based on the current files: a damaged one may be replaced."""
        self._require_libraries()
        version = importlib.metadata.version("piper-tts")
        mark = self._mark or self._fingerprint()
        return (
            f"piper/{version}/{self._path.stem}@{mark}/speaker={self._speaker},"
            f"length={self._length_scale},pauses={self._sentence_pause:g}+{self._paragraph_pause:g}"
        )

    def speak(self, text: str, into: Path, progress: Progress | None = None) -> Speech:
        report = progress or (lambda _share: None)
        voice = self._voice()
        estimated = 0
        with WavFile(into, rate=voice.config.sample_rate) as wav:
            timeline = Timeline()
            pause = 0.0
            for block, sentences in self._spoken(voice, text):
                words = block.words()
                expected = [_names(voice, word.spoken) for word in words]
                phones: list[Phone] = []
                for chunk in sentences:
                    begun = wav.write(chunk.audio_int16_array, after=pause)
                    pause = self._sentence_pause
                    spoken, exact = _phones(voice, chunk, begun)
                    phones += spoken
                    estimated += not exact
                    done = min(1.0, len(phones) / max(1, sum(map(len, expected))))
                    report((block.at + done * len(block.text)) / len(text))
                timeline.add(words, align(phones, expected))
                pause = self._pause_after(block)
            wav.pause(pause)
            timed = timeline.finished()
        if estimated:
            log.warning("words_timed_by_estimate", voice=self._path.name, sentences=estimated)
        report(1.0)
        return Speech(
            path=into,
            seconds=wav.seconds,
            words=timed,
            timed_by="estimate" if estimated else "synthesizer",
        )

    def _pause_after(self, block: Block) -> float:
        return self._paragraph_pause if block.ends_paragraph else self._sentence_pause

    def _spoken(self, voice: PiperVoice, text: str) -> Iterator[tuple[Block, list[AudioChunk]]]:
        """Yield each block with its sound, while the next ones are spoken on the other cores."""
        ahead: deque[tuple[Block, Future[list[AudioChunk]]]] = deque()
        pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="piper")
        try:
            for block in blocks(text):
                ahead.append((block, pool.submit(self._sentences, voice, block.spoken)))
                if len(ahead) > _AT_ONCE:
                    first, sentences = ahead.popleft()
                    yield first, sentences.result()
            for block, sentences in ahead:
                yield block, sentences.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _sentences(self, voice: PiperVoice, text: str) -> list[AudioChunk]:
        from piper import SynthesisConfig  # noqa: PLC0415 - heavy, and only workers speak

        settings = SynthesisConfig(speaker_id=self._speaker, length_scale=self._length_scale)
        try:
            return list(voice.synthesize(_readable(text), settings, include_alignments=True))
        except Exception as error:  # onnxruntime's errors have no common base
            raise Retryable(
                f"Piper failed to speak with {self._path.name} ({type(error).__name__}).",
                code="engine_failed",
            ) from error

    def _voice(self) -> PiperVoice:
        with self._loading:
            if self._loaded is None:
                mark = self._fingerprint()
                self._loaded = self._load()
                self._mark = mark
            return self._loaded

    def _load(self) -> PiperVoice:
        configuration = self._configuration()
        self._require_libraries()
        try:
            voice = piper_model.load(self._path, configuration)
            for _chunk in voice.synthesize("one"):  # a damaged voice fails now, not later
                pass
        except ImportError as error:
            raise VoiceUnusableError(
                f"The libraries of Piper can't be loaded ({error.name}): install piper-tts and "
                "onnxruntime again, or set VOICE=espeak:en-us.",
                code="no_engine",
            ) from error
        except Exception as error:  # errors of four libraries share no base
            raise self._damaged() from error
        speakers = voice.config.num_speakers
        if self._speaker is not None and not 0 <= self._speaker < speakers:
            raise Permanent(
                f"The Piper voice {self._path.name} has no speaker {self._speaker}; "
                f"choose one from 0 to {speakers - 1}.",
                code="unknown_voice",
            )
        log.info("piper_voice_loaded", voice=self._path.name, rate=voice.config.sample_rate)
        return voice

    def _configuration(self) -> dict[str, Any]:
        self._require_files()
        _, file = self._files
        try:
            configuration: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            kind = str(configuration.get("phoneme_type", "espeak"))
            # Some catalogue voices (es_MX-ald-medium) say "PhonemeType.ESPEAK", which an older
            # Piper wrote and the present one can't read.
            configuration["phoneme_type"] = kind.rpartition(".")[2].lower()
            _ = configuration["espeak"]["voice"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged() from error
        return configuration

    def _damaged(self) -> VoiceUnusableError:
        return VoiceUnusableError(
            f"The Piper voice {self._path} or its configuration is damaged: {remedy(self._path)}",
            code="bad_voice",
        )

    @staticmethod
    def _require_libraries() -> None:
        if sentence := missing_library():
            raise VoiceUnusableError(sentence, code="no_engine")

    def _require_files(self) -> None:
        for file in self._files:
            if not file.is_file():
                raise VoiceUnusableError(
                    f"The Piper voice {self._path.name} needs the file {file}, which is missing: "
                    f"{remedy(self._path)}",
                    code="unknown_voice",
                )

    @property
    def _files(self) -> tuple[Path, Path]:
        return self._path, configuration_of(self._path)

    def _fingerprint(self) -> str:
        """Hash the voice's files, so a different voice with the same name has another identity."""
        self._require_files()
        digest = hashlib.sha256()
        for file in self._files:
            known = file.stat()
            digest.update(_digest(file, known.st_size, known.st_mtime_ns))
        return digest.hexdigest()[:16]


@functools.lru_cache(maxsize=64)
def _digest(file: Path, _size: int, _changed: int) -> bytes:
    """SHA-256 of a file, read again only after a change: a voice has 60 MB."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()


def _readable(text: str) -> str:
    """Rewrite what Piper would misread; an ellipsis becomes a pause."""
    return _ELLIPSIS.sub(_pause, _DASH_INSIDE.sub(" — ", text.translate(_BRACKETS)))


def _pause(ellipsis: re.Match[str]) -> str:
    signs, letter = ellipsis.groups()
    if signs[:1] in {"?", "!"} or not any(map(str.isalnum, ellipsis.string[: ellipsis.start()])):
        return ""
    return "; " if letter and not letter.isupper() else ". "


def _names(voice: PiperVoice, word: str) -> list[str]:
    """Return the names of the sounds of ``word`` spoken alone."""
    alone = [phoneme for sentence in voice.phonemize(_readable(word)) for phoneme in sentence]
    return [name for name, _first, _last in _sounds(alone)]


def _sounds(phonemes: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Yield each sound with the indexes of its first and last phoneme.

    Piper counts code points. A stress mark belongs to the next sound, a length mark or an accent
    to the previous one; spaces and punctuation are pauses.
    """
    sound: tuple[str, int, int] | None = None
    stressed: int | None = None
    for index, phoneme in enumerate(phonemes):
        if phoneme in _STRESS_MARKS:
            stressed = index
            continue
        kind = unicodedata.category(phoneme[0])
        if kind in _MARKS and sound:
            sound = (sound[0], sound[1], index)
            continue
        if sound:
            yield sound
        letter = kind[0] in "LN"
        sound = (phoneme, index if stressed is None else stressed, index) if letter else None
        stressed = None
    if sound:
        yield sound


def _phones(voice: PiperVoice, chunk: AudioChunk, begun: float) -> tuple[list[Phone], bool]:
    """Time the sounds of a sentence that begins at ``begun``, and say if the times are exact."""
    samples = _samples_by_phoneme(chunk, voice.config.phoneme_id_map)
    lead, *lengths = samples or [0, *(1 for _ in chunk.phonemes), 0]
    bounds = list(accumulate(lengths, initial=lead))
    seconds = len(chunk.audio_float_array) / chunk.sample_rate
    scale = seconds / max(bounds[-1], 1)
    phones = [
        Phone(name, begun + bounds[first] * scale, begun + bounds[last + 1] * scale)
        for name, first, last in _sounds(chunk.phonemes)
    ]
    return phones, samples is not None


def _samples_by_phoneme(chunk: AudioChunk, ids: Mapping[str, Sequence[int]]) -> list[int] | None:
    """Count the samples of the lead-in, of each phoneme and of the end; None if not reported.

    Like ``chunk.phoneme_alignments``, but that is missing if a single phoneme is unknown to the
    voice. Here such a phoneme has no samples, and the others keep theirs.
    """
    if chunk.phoneme_id_samples is None:
        return None
    pads = len(ids[_PAD])
    inner = (len(ids[phoneme]) + pads if phoneme in ids else 0 for phoneme in chunk.phonemes)
    counts = [len(ids[_BEGIN]) + pads, *inner, len(ids[_END])]
    if sum(counts) != len(chunk.phoneme_id_samples):
        return None
    bounds = pairwise(accumulate(counts, initial=0))
    return [int(chunk.phoneme_id_samples[first:last].sum()) for first, last in bounds]

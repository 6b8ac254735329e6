"""Wraps libespeak-ng: text in; sound, and the times of its words and phonemes, out.

The library comes with ``espeakng-loader``. It is used through its C interface, because only that
reports when each sound begins. Names and numbers are from its ``speak_lib.h``, revision 12.
"""

from __future__ import annotations

import ctypes as c
import difflib
import functools
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import espeakng_loader
import structlog

from core.errors import ConfigurationError, Retryable, VoiceUnusableError

log = structlog.get_logger(__name__)

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_PHONEME_EVENTS, _INITIALIZE_DONT_EXIT = 0x0001, 0x8000
_POS_CHARACTER = 1
_CHARS_UTF8 = 1  # without espeakSSML and espeakPHONEMES, so "<" and "[[" are plain text
_RATE, _PITCH, _RANGE = 1, 3, 4
_LIST_TERMINATED, _WORD, _SENTENCE, _PHONEME = 0, 1, 2, 7
_SEPARATOR = "|"
_STRESS_MARKS = "',%="
_PAUSE = "_"
_OPENING_PAUSE = re.compile(rf"^(?:{_PAUSE}[:!]?)+")


class _Id(c.Union):
    _fields_ = (("number", c.c_int), ("name", c.c_void_p), ("string", c.c_char * 8))


class _Event(c.Structure):
    _fields_ = (
        ("type", c.c_int),
        ("unique_identifier", c.c_uint),
        ("text_position", c.c_int),
        ("length", c.c_int),
        ("audio_position", c.c_int),
        ("sample", c.c_int),
        ("user_data", c.c_void_p),
        ("id", _Id),
    )


class _Voice(c.Structure):
    _fields_ = (
        ("name", c.c_char_p),
        ("languages", c.c_char_p),
        ("identifier", c.c_char_p),
        ("traits", c.c_ubyte * 4),
        ("score", c.c_int),
        ("spare", c.c_void_p),
    )


_Callback = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_short), c.c_int, c.POINTER(_Event))


class Mark(NamedTuple):
    """A word, phoneme or pause that begins at ``sample`` of the sound."""

    kind: Literal["word", "phoneme", "pause"]
    sample: int
    character: int
    """For a word its offset in the text, from 0; for others that of the clause."""
    phoneme: str
    """The phoneme's name without stress marks; empty for other kinds."""


class EspeakLibrary:
    """libespeak-ng, initialised once per process; get it from ``espeak_library()``."""

    def __init__(self) -> None:
        self._lib = c.CDLL(espeakng_loader.get_library_path())
        self._lib.espeak_Info.restype = c.c_char_p
        self._lib.espeak_TextToPhonemes.restype = c.c_char_p
        self._lib.espeak_ListVoices.restype = c.POINTER(c.POINTER(_Voice))
        data = espeakng_loader.get_data_path()
        self.sample_rate: int = self._lib.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS,
            0,
            data.encode(),
            _INITIALIZE_PHONEME_EVENTS | _INITIALIZE_DONT_EXIT,
        )
        if self.sample_rate <= 0:
            raise ConfigurationError(
                f"espeak-ng can't read its data at {data}; reinstall espeakng-loader, in a folder "
                "whose path is shorter than 150 characters."
            )
        self.version: str = self._lib.espeak_Info(None).decode()
        self._callback = _Callback(self._receive)  # keep it alive: C holds no reference
        self._lib.espeak_SetSynthCallback(self._callback)

    def select(
        self, voice: str, *, rate: int = 175, pitch: int = 50, pitch_range: int = 50
    ) -> None:
        """Set the voice and its parameters; the defaults are espeak-ng's own.

        Raises:
            VoiceUnusableError: there is no such voice; the message suggests similar ones.
        """
        language, _, variant = voice.partition("+")
        # The library reports an unknown language, but silently ignores an unknown variant.
        if variant and variant not in self.variants():
            near = _nearest(variant, self.variants())
            raise _unknown(voice, near, "a channel's page lists all timbres")
        if not language or self._lib.espeak_SetVoiceByName(voice.encode()):
            near = _nearest(language, self.voices())
            raise _unknown(voice, near, "scripts/manage voices list shows all voices")
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, pitch_range)):
            self._lib.espeak_SetParameter(parameter, value, 0)

    def voices(self) -> list[str]:
        return sorted(self.labels())

    def labels(self) -> dict[str, str]:
        """Return each voice's language label: ``en-us`` is ``English (America)``."""
        return {name.lower(): label for name, label in self._listed(None).items()}

    def variants(self) -> list[str]:
        """Return the timbres that can follow a voice, as in ``en-us+f3``."""
        return sorted(self._listed(_Voice(languages=b"variant")))

    def _listed(self, like: _Voice | None) -> dict[str, str]:
        listed = self._lib.espeak_ListVoices(c.byref(like) if like else None)
        labels: dict[str, str] = {}
        number = 0
        while listed[number]:
            voice = listed[number].contents
            labels[voice.identifier.decode().rpartition("/")[2]] = voice.name.decode()
            number += 1
        return labels

    def phonemes(self, word: str) -> list[str]:
        """Return the phoneme names of ``word`` spoken alone by the selected voice."""
        text = c.create_string_buffer(word.encode())
        cursor = c.c_void_p(c.addressof(text))
        names: list[str] = []
        while cursor.value:  # the library advances it by a clause, and clears it at the end
            clause: bytes = self._lib.espeak_TextToPhonemes(
                c.byref(cursor), _CHARS_UTF8, ord(_SEPARATOR) << 8
            )
            # The pause of an opening quotation mark is joined to the next sound: "_:_:D".
            sounds = clause.decode().replace(_SEPARATOR, " ").split()
            names += [_OPENING_PAUSE.sub("", sound) for sound in sounds]
        return [name.lstrip(_STRESS_MARKS) for name in names if name]

    def synthesize(
        self,
        text: str,
        *,
        on_audio: Callable[[bytes], None],
        on_sentence: Callable[[int], None],
    ) -> list[Mark]:
        """Speak ``text`` with the selected voice. The sound is passed on, not stored.

        Args:
            text: without control characters, some of which are commands to the library.
            on_audio: receives the sound as it is made, in 16-bit samples.
            on_sentence: receives the offset of each sentence that begins.

        Raises:
            Retryable: the library failed.
            BaseException: whatever a callback raised; it stops the synthesis.
        """
        self._marks: list[Mark] = []
        self._on_audio, self._on_sentence = on_audio, on_sentence
        self._raised: BaseException | None = None
        encoded = text.encode() + b"\0"
        status = self._lib.espeak_Synth(
            encoded, len(encoded), 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None
        )
        if self._raised:
            raise self._raised
        if status:
            raise Retryable(f"espeak-ng failed with status {status}.", code="engine_failed")
        return self._marks

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        """Receive a block of sound and its events; return 1 to stop."""
        try:
            if count:
                self._on_audio(c.string_at(samples, count * c.sizeof(c.c_short)))
            for event in events:  # the pointer has no length
                if event.type == _LIST_TERMINATED:
                    break
                self._note(event)
        except BaseException as error:  # noqa: BLE001 - can't cross C; synthesize() raises it
            self._raised = error
            return 1
        return 0

    def _note(self, event: _Event) -> None:
        character = event.text_position - 1
        if event.type == _WORD:
            self._marks.append(Mark("word", event.sample, character, ""))
        elif event.type == _SENTENCE:
            self._on_sentence(character)
        elif event.type == _PHONEME:
            name = event.id.string.decode()
            kind: Literal["pause", "phoneme"] = "pause" if name.startswith(_PAUSE) else "phoneme"
            self._marks.append(Mark(kind, event.sample, character, name.lstrip(_STRESS_MARKS)))


def _nearest(asked: str, available: list[str]) -> list[str]:
    return difflib.get_close_matches(asked.lower(), available, n=3, cutoff=0.5)


def _unknown(voice: str, near: list[str], where: str) -> VoiceUnusableError:
    meant = f" (did you mean {', '.join(near)}?)" if near else ""
    return VoiceUnusableError(
        f"espeak-ng has no voice {voice!r}{meant}: {where}.", code="unknown_voice"
    )


_LOCK = threading.RLock()


@contextmanager
def espeak_library() -> Iterator[EspeakLibrary]:
    """Yield the library to one thread at a time; the first call loads it.

    Raises:
        ConfigurationError: the library's data is missing or can't be read.
    """
    with _LOCK:
        yield _load()


@functools.cache
def _load() -> EspeakLibrary:
    loaded = EspeakLibrary()
    log.info("espeak_loaded", version=loaded.version)
    return loaded

"""Builds the synthesizer of a voice by its name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.voices import piper_file

if TYPE_CHECKING:
    from adapters.speech.espeak import EspeakSynthesizer
    from adapters.speech.piper import PiperSynthesizer


def build(voice: str, folder: Path, words_per_minute: int) -> PiperSynthesizer | EspeakSynthesizer:
    """The synthesizer of ``espeak:<voice>``, ``piper:<name>`` or ``piper:<path>``.

    Args:
        voice: as ``VOICE`` or a channel names it.
        folder: Piper's voices.
        words_per_minute: the pace of an espeak-ng voice.
    """
    engine, _, name = voice.partition(":")
    if engine == "piper":
        from adapters.speech.piper import PiperSynthesizer  # noqa: PLC0415 - needs numpy

        return PiperSynthesizer(voice=piper_file(name, folder))
    from adapters.speech.espeak import EspeakSynthesizer  # noqa: PLC0415 - as above

    return EspeakSynthesizer(voice=name, words_per_minute=words_per_minute)

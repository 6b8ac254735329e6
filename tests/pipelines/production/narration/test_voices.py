from __future__ import annotations

import pytest

from pipelines.production.narration import voices


@pytest.mark.parametrize(
    ("voice", "language"),
    [
        ("espeak:en-us+f3", "en"),
        ("espeak:de", "de"),
        ("espeak:cmn-latn-pinyin", "zh"),
        ("piper:nb_NO-talesyntese-medium", "no"),
        ("piper:/voices/pt_BR-faber-medium.onnx", "pt"),
        ("piper:/voices/narrator.onnx", ""),
        ("piper:/voices/my-voice.onnx", ""),  # not Burmese
        ("piper:amy", ""),
        ("espeak:mb-de2", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_voice_is_read_from_its_name(voice: str, language: str) -> None:
    assert voices.speaks(voice) == language


def test_only_a_voice_that_clearly_speaks_another_language_is_refused() -> None:
    assert not voices.can_tell("espeak:en-us", "ar")
    assert voices.can_tell("espeak:en-us", "en")
    assert voices.can_tell("espeak:en-us", "und")
    assert voices.can_tell("piper:narrator", "ar")
    assert voices.can_tell("espeak:nb", "no")
    assert voices.can_tell("espeak:nb", "nn")
    assert voices.can_tell("espeak:pt-br", "pt-BR")
    assert not voices.can_tell("espeak:pt-br", "gl")

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.speech.espeak_library import espeak_library
from core.errors import VoiceUnusableError
from core.voices import DEFAULT
from models import Channel
from pipelines.production.narration import voices
from pipelines.production.production_settings import ProductionSettings
from tests.pipelines.production.making import STUDIO, a_source, a_story


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


@pytest.mark.parametrize(
    ("language", "voice"),
    [
        ("en", DEFAULT),
        ("en-GB", DEFAULT),
        ("und", DEFAULT),
        ("de", "espeak:de"),
        ("pt-BR", "espeak:pt"),
        ("zh", "espeak:cmn"),
        ("nn", "espeak:nb"),
        ("ja", DEFAULT),  # espeak-ng can't read kanji
        ("zu", DEFAULT),
    ],
)
def test_espeak_tells_what_the_default_voice_does_not_speak(language: str, voice: str) -> None:
    assert voices.default_for(DEFAULT, language, espeak=True) == voice
    assert voices.default_for(DEFAULT, language, espeak=False) == DEFAULT


def test_espeak_has_a_voice_for_each_language_that_it_is_given() -> None:
    languages = [*voices._ESPEAK_LANGUAGES.split(), *voices._ESPEAK_NAMES]  # noqa: SLF001
    with espeak_library() as library:
        names = library.voices()
    for language in languages:
        other = "piper:xx_XX-nobody-low"
        assert voices.default_for(other, language, espeak=True).removeprefix("espeak:") in names


@pytest.mark.usefixtures("record")
def test_only_a_story_whose_channel_names_no_voice_gets_espeaks() -> None:
    # Given German stories with no channel, with one that names no voice, and with one that does
    defaults = replace(STUDIO, voice=DEFAULT, espeak_other_languages=True)
    silent, english = Channel.create(name="a"), Channel.create(name="b", voice="espeak:en-us")
    by: list[ProductionSettings] = [
        defaults.of(a_story(source=a_source(channel=channel), language="de"))
        for channel in (None, silent, english)
    ]

    # Then the person's choice stays, and needs a person
    assert [production.voice for production in by] == ["espeak:de", "espeak:de", "espeak:en-us"]
    assert by[0].voice_note == f"Told by espeak:de: the default voice {DEFAULT} doesn't speak de."
    assert voices.fitting(by[1], "de") is by[1]
    with pytest.raises(VoiceUnusableError, match="speaks en, but the story is in de"):
        voices.fitting(by[2], "de")


def test_a_fallback_tells_only_what_it_speaks() -> None:
    # Given a voice of another language, and a fallback
    english = replace(STUDIO, voice_fallback="espeak:de", quote_voice="espeak:en-us+f3")

    told = voices.fitting(english, "de")
    assert (told.voice, told.quote_voice) == ("espeak:de", "")
    assert told.voice_note.startswith("Told by espeak:de (VOICE_FALLBACK) instead. The voice")
    with pytest.raises(VoiceUnusableError, match="the story is in fr"):
        voices.fitting(english, "fr")

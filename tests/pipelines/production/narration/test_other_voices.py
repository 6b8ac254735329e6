"""A part is told by another voice only where the settings allow it, and says so."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from adapters.ports import Synthesizer
from adapters.speech.voice import build
from core.errors import VoiceUnusableError
from core.files.storage import MediaStore
from models import Narration
from pipelines.production.narration.narrate import narrate
from pipelines.production.narration.narration_cache import timings
from pipelines.production.production_settings import ProductionSettings
from tests.adapters.speech.voices import make_voice
from tests.pipelines.production.making import STUDIO, a_part, claimed

pytestmark = pytest.mark.usefixtures("record")

PIPER = replace(STUDIO, voice="piper:tone")


def voices_in(folder: Path) -> Callable[[ProductionSettings], Synthesizer]:
    return lambda production: build(production.voice, folder, production.words_per_minute)


def by_other_voice(why: str) -> float:
    name = "storymill_narrations_by_other_voice_total"
    return REGISTRY.get_sample_value(name, {"why": why}) or 0


def _missing(voice: Path, _: pytest.MonkeyPatch) -> None:
    voice.unlink()


def _half_installed(voice: Path, _: pytest.MonkeyPatch) -> None:
    voice.with_name("tone.onnx.json").unlink()


def _cut_off(voice: Path, _: pytest.MonkeyPatch) -> None:
    voice.write_bytes(voice.read_bytes()[:500])


def _broken_configuration(voice: Path, _: pytest.MonkeyPatch) -> None:
    voice.with_name("tone.onnx.json").write_text("{", encoding="utf-8")


def _no_library(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_missing, "needs the file .*tone.onnx, which is missing: download it"),
        (_half_installed, "needs the file .*tone.onnx.json, which is missing: download it"),
        (_cut_off, "tone.onnx or its configuration is damaged: download it"),
        (_broken_configuration, "tone.onnx or its configuration is damaged: download it"),
        (_no_library, "need the package onnxruntime, which is not installed: install it"),
    ],
)
def test_a_broken_voice_is_replaced_only_where_a_setting_allows_it(
    media: MediaStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Path, pytest.MonkeyPatch], None],
    sentence: str,
) -> None:
    # Given a Piper voice that can't speak
    spoil(make_voice(tmp_path), monkeypatch)
    part, before = a_part(), by_other_voice("fallback")

    # When a part is narrated without a fallback, then it fails with one sentence
    with pytest.raises(VoiceUnusableError, match=sentence):
        narrate(part.id, claimed("narrate", part.id), voices_in(tmp_path), media, PIPER)
    assert Narration.select().count() == 0

    # When there is one, then that voice tells the next, and says why
    part = a_part()
    allowed = replace(PIPER, voice_fallback="espeak:en-us")
    narrate(part.id, claimed("narrate", part.id), voices_in(tmp_path), media, allowed)
    narration = Narration.get()
    assert narration.voice.startswith("espeak-ng/")
    assert narration.voice_note.startswith("Told by espeak:en-us (VOICE_FALLBACK) instead. ")
    assert narration.voice_note.endswith("set VOICE=espeak:en-us.")
    assert by_other_voice("fallback") == before + 1


def test_a_voice_that_speaks_again_takes_over(media: MediaStore, tmp_path: Path) -> None:
    part = a_part()
    allowed = replace(PIPER, voice_fallback="espeak:en-us")
    narrate(part.id, claimed("narrate", part.id), voices_in(tmp_path), media, allowed)

    make_voice(tmp_path)
    narrate(part.id, claimed("narrate", part.id), voices_in(tmp_path), media, allowed)

    assert (Narration.get().voice.split("/")[0], Narration.get().voice_note) == ("piper", "")


def test_a_fallback_that_can_not_speak_either_fails_once(media: MediaStore, tmp_path: Path) -> None:
    part, both = a_part(), replace(PIPER, voice_fallback="piper:other")
    with pytest.raises(VoiceUnusableError, match=r"needs the file .*other.onnx"):
        narrate(part.id, claimed("narrate", part.id), voices_in(tmp_path), media, both)


def test_a_story_in_another_language_is_told_by_espeak_and_says_so(media: MediaStore) -> None:
    part, before = a_part("Die Lampe ging aus."), by_other_voice("language")
    story = part.script.story
    story.language = "de"
    story.save()
    defaults = replace(STUDIO, voice="piper:en_US-joe-medium", espeak_other_languages=True)

    narrate(part.id, claimed("narrate", part.id), voices_in(media.folder), media, defaults)

    narration = Narration.get()
    assert "/de/" in narration.voice
    assert "doesn't speak de" in narration.voice_note
    assert by_other_voice("language") == before + 1


def test_a_changed_pronunciation_narrates_only_the_parts_with_its_word_again(
    media: MediaStore, tmp_path: Path
) -> None:
    # Given two parts, one with a word that the table will have
    make_voice(tmp_path)
    with_word, without = a_part("Nguyen asked: AITA?"), a_part("The lamp went out.")

    def told(production: ProductionSettings) -> list[Narration]:
        for part in (with_word, without):
            narrate(part.id, claimed("narrate", part.id), voices_in(tmp_path), media, production)
        return list(Narration.select().order_by(Narration.part))

    as_written = told(PIPER)

    # When the table gets it
    table = (("Nguyen", "win"), ("AITA", "am I the asshole"))
    said = told(replace(PIPER, pronunciations=table))

    # Then only that part has a new sound, and its words are still those that are written
    assert said[0].path != as_written[0].path
    assert said[1].path == as_written[1].path
    words = timings(said[0])
    assert [word.word for word in words] == with_word.spoken.split()
    asked = next(word for word in words if word.word == "AITA?")
    before = next(word for word in timings(as_written[0]) if word.word == "AITA?")
    assert asked.end - asked.start > before.end - before.start
    # And the part is as before when the entry goes
    assert told(PIPER)[0].path == as_written[0].path

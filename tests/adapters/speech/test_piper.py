from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.speech.piper import PiperSynthesizer
from core.errors import Permanent
from tests.adapters.measured_sound import sounding
from tests.adapters.speech.voices import HOP, RATE, make_voice

FRAME = HOP / RATE
APART = "Seven apples rolled down, past nine doors. Nobody ran! Chloé laughed: 40 — naïve cats?"
"""Words that Piper keeps apart, so that the tiny voice puts silence between them."""


def test_words_are_timed_where_they_sound(tmp_path: Path) -> None:
    speech = PiperSynthesizer(voice=make_voice(tmp_path)).speak(APART, tmp_path / "speech.wav")

    heard = sounding(speech.path, silence=2 * FRAME)
    spoken = [timing for timing in speech.words if timing.word != "—"]
    assert speech.timed_by == "synthesizer"
    assert [timing.start for timing in spoken] == pytest.approx(
        [start for start, _ in heard], abs=FRAME
    )
    assert [timing.end for timing in spoken] == pytest.approx([end for _, end in heard], abs=FRAME)


def test_words_said_as_one_share_their_sound(tmp_path: Path) -> None:
    # Given "of the", which Piper turns into one word of four sounds, two each
    speech = PiperSynthesizer(voice=make_voice(tmp_path)).speak(
        "Best of the lot.", tmp_path / "speech.wav"
    )

    _, of, the, _ = speech.words
    assert of.end == the.start
    assert of.end - of.start == pytest.approx(the.end - the.start, abs=10 * FRAME)


def test_a_voice_without_durations_is_an_estimate(tmp_path: Path) -> None:
    voice = make_voice(tmp_path, tells_durations=False)

    speech = PiperSynthesizer(voice=voice, sentence_pause=0.6).speak(APART, tmp_path / "speech.wav")

    assert speech.timed_by == "estimate"
    # Sentences are exact even so.
    sentences = sounding(speech.path, silence=0.5)
    firsts = [timing for timing in speech.words if timing.word in {"Seven", "Nobody", "Chloé"}]
    assert [timing.start for timing in firsts] == pytest.approx(
        [start for start, _ in sentences], abs=0.15
    )


def test_a_sound_that_the_voice_lacks_affects_only_itself(tmp_path: Path) -> None:
    voice = make_voice(tmp_path)
    config = voice.with_name("tone.onnx.json")
    settings = json.loads(config.read_text(encoding="utf-8"))
    del settings["phoneme_id_map"]["l"]
    config.write_text(json.dumps(settings), encoding="utf-8")

    speech = PiperSynthesizer(voice=voice).speak("Apples fall.", tmp_path / "speech.wav")

    assert speech.timed_by == "synthesizer"
    starts = [start for start, _ in sounding(speech.path, silence=2 * FRAME)]
    assert [timing.start for timing in speech.words] == pytest.approx(starts, abs=FRAME)


def test_sentences_and_paragraphs_breathe(tmp_path: Path) -> None:
    piper = PiperSynthesizer(voice=make_voice(tmp_path), sentence_pause=0.4, paragraph_pause=0.8)

    speech = piper.speak("Anna ran. Bob hid.\n\nNobody won.", tmp_path / "speech.wav")

    first, second, third = sounding(speech.path, silence=0.3)
    # The voice's own silence is included.
    assert second[0] - first[1] == pytest.approx(0.4, abs=0.02)
    assert third[0] - second[1] == pytest.approx(0.8, abs=0.02)
    assert speech.seconds - third[1] == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    "sign",
    ["... ", "… ", "...", ", ", "; ", " - ", "--", " – ", " — ", "—", ": "],  # noqa: RUF001
)
@pytest.mark.parametrize("following", ["nobody", "Nobody"])
def test_a_sign_between_words_is_a_pause(tmp_path: Path, sign: str, following: str) -> None:
    piper = PiperSynthesizer(voice=make_voice(tmp_path))

    sounds = sounding(
        piper.speak(f"Wait{sign}{following} came.", tmp_path / "told.wav").path, silence=2 * FRAME
    )

    (_, wait), (nobody, end), (came, _) = sounds
    assert nobody - wait > 1.5 * (came - end), "longer than between words"


@pytest.mark.parametrize("text", ["...and then?", "What...?", "“No…”", "One.. two…!"])
def test_an_ellipsis_loses_no_word(tmp_path: Path, text: str) -> None:
    speech = PiperSynthesizer(voice=make_voice(tmp_path)).speak(text, tmp_path / "speech.wav")

    assert [timing.word for timing in speech.words] == text.split()
    assert all(timing.end > timing.start for timing in speech.words)


def test_brackets_are_not_phonemes(tmp_path: Path) -> None:
    piper = PiperSynthesizer(voice=make_voice(tmp_path))

    bracketed = piper.speak("We met [[seven]] cats.", tmp_path / "bracketed.wav")
    rounded = piper.speak("We met ((seven)) cats.", tmp_path / "rounded.wav")

    assert bracketed.seconds == rounded.seconds


def test_a_voice_is_loaded_once(tmp_path: Path) -> None:
    voice = make_voice(tmp_path)
    piper = PiperSynthesizer(voice=voice)
    piper.speak("Once.", tmp_path / "speech.wav")

    voice.unlink()

    assert piper.speak("Twice.", tmp_path / "speech.wav").words[0].word == "Twice."


def reconfigure(voice: Path, **changes: object) -> None:
    file = voice.with_name(f"{voice.name}.json")
    configuration = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**configuration, **changes}), encoding="utf-8")


def test_a_voice_that_writes_its_phonemes_kind_the_old_way_speaks(tmp_path: Path) -> None:
    # Given a configuration as that of es_MX-ald-medium in the catalogue
    voice = make_voice(tmp_path, language="es")
    reconfigure(voice, phoneme_type="PhonemeType.ESPEAK")

    speech = PiperSynthesizer(voice=voice).speak("Menos mal.", tmp_path / "speech.wav")

    assert [timing.word for timing in speech.words] == ["Menos", "mal."]


@pytest.mark.parametrize(
    ("reads", "named", "language"),
    [
        ("en-us", {"code": "en_US", "family": "en"}, "en"),
        ("ja", {"code": "ja"}, "ja"),
        ("pt-br", {}, "pt"),
        ("cmn", {}, "cmn"),
    ],
)
def test_a_voice_has_a_language(
    tmp_path: Path, reads: str, named: dict[str, str], language: str
) -> None:
    voice = make_voice(tmp_path, language=reads)
    reconfigure(voice, language=named)

    assert PiperSynthesizer(voice=voice).language == language


def _no_voice(voice: Path) -> None:
    voice.unlink()


def _no_configuration(voice: Path) -> None:
    voice.with_name("tone.onnx.json").unlink()


def _torn_voice(voice: Path) -> None:
    voice.write_bytes(voice.read_bytes()[:500])


def _page_instead_of_voice(voice: Path) -> None:
    voice.write_text("<html>Not found</html>", encoding="utf-8")


def _torn_configuration(voice: Path) -> None:
    voice.with_name("tone.onnx.json").write_text('{"num_symbols": 256', encoding="utf-8")


def _unknown_language(voice: Path) -> None:
    make_voice(voice.parent, language="klingonese")


@pytest.mark.parametrize(
    ("spoil", "code", "says"),
    [
        (_no_voice, "unknown_voice", "needs the file .*tone.onnx, which is missing"),
        (_no_configuration, "unknown_voice", "needs the file .*tone.onnx.json, which is missing"),
        (_torn_voice, "bad_voice", "damaged"),
        (_page_instead_of_voice, "bad_voice", "damaged"),
        (_torn_configuration, "bad_voice", "damaged"),
        (_unknown_language, "bad_voice", "damaged"),
    ],
)
def test_a_voice_that_can_not_speak_is_permanent(
    tmp_path: Path, spoil: object, code: str, says: str
) -> None:
    voice = make_voice(tmp_path)
    assert callable(spoil)
    spoil(voice)

    with pytest.raises(Permanent, match=says) as caught:
        PiperSynthesizer(voice=voice).speak("Hello.", tmp_path / "speech.wav")

    assert caught.value.code == code
    assert not list(tmp_path.glob("*speech.wav*"))


def test_a_speaker_that_the_voice_lacks_is_permanent(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="no speaker 3; choose one from 0 to 0"):
        PiperSynthesizer(voice=make_voice(tmp_path), speaker=3).speak("Hi.", tmp_path / "hi.wav")


def test_another_voice_under_the_same_name_is_another_identity(tmp_path: Path) -> None:
    first = PiperSynthesizer(voice=make_voice(tmp_path)).identity
    again = PiperSynthesizer(voice=make_voice(tmp_path)).identity
    other = PiperSynthesizer(voice=make_voice(tmp_path, tells_durations=False)).identity
    slower = PiperSynthesizer(voice=make_voice(tmp_path), length_scale=1.1).identity

    assert first == again
    assert len({first, other, slower}) == 3


def test_a_damaged_voice_that_was_replaced_speaks_under_its_own_identity(tmp_path: Path) -> None:
    # given a voice that was damaged when it was first used
    whole = make_voice(tmp_path).read_bytes()
    voice = make_voice(tmp_path)
    synthesizer = PiperSynthesizer(voice=voice)
    voice.write_bytes(whole[:1000])
    torn = synthesizer.identity
    with pytest.raises(Permanent):
        synthesizer.speak("Hello.", tmp_path / "speech.wav")

    # when it is downloaded again
    voice.write_bytes(whole)
    synthesizer.speak("Hello.", tmp_path / "speech.wav")

    # then its narrations are cached under its own identity, not the damaged one's
    assert torn != synthesizer.identity == PiperSynthesizer(voice=voice).identity

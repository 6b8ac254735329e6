"""Times from a recogniser, fitted to the words that are known."""

from __future__ import annotations

import random
import wave
from pathlib import Path

import numpy as np
import pytest

from adapters.ports import WordTiming
from adapters.speech.piper import PiperSynthesizer
from adapters.speech.recognition.alignment import fit
from adapters.speech.recognition.whisper import AlignedSynthesizer, NotHeardError, WhisperAligner
from core.errors import Permanent
from tests.adapters.speech.recognition.whisper_models import make_model
from tests.adapters.speech.voices import make_voice

SENTENCE = "the lamp went out at nine and nobody lit it again"
SYLLABLES = ("ka", "lo", "mi", "ren", "tas", "ul", "vo", "pes", "dar", "ni", "shu", "fel")


def script(chance: random.Random, words: int) -> list[WordTiming]:
    """Words as they are truly spoken, 2.5 a second, with pauses now and then."""
    spoken, at = [], 0.3
    for _ in range(words):
        word = "".join(chance.choices(SYLLABLES, k=chance.randint(1, 3)))
        length = 0.12 * len(word) / 2
        spoken.append(WordTiming(word, at, at + length))
        at += length + chance.choice([0.02, 0.05, 0.4])
    return spoken


def misheard(spoken: list[WordTiming], chance: random.Random, share: float) -> list[WordTiming]:
    """As a recogniser may answer: words wrong, left out, or made up, its times a little off."""
    heard = []
    for word in spoken:
        start, end = (
            word.start + chance.uniform(-0.02, 0.02),
            word.end + chance.uniform(-0.02, 0.02),
        )
        outcome = chance.choice(["wrong", "left out", "made up"]) if chance.random() < share else ""
        if outcome == "left out":
            continue
        text = "".join(chance.choices("bcghjqwxyz", k=4)) if outcome == "wrong" else word.word
        heard.append(WordTiming(text, start, end))
        if outcome == "made up":
            heard.append(WordTiming("hmm", end, end + 0.02))
    return heard


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_a_fifth_of_the_words_heard_wrong_moves_no_other_word(seed: int) -> None:
    # Given 250 words, of which a recogniser gets every fifth wrong, misses it or makes one up
    chance = random.Random(seed)  # noqa: S311  # the same words in every run
    spoken = script(chance, 250)
    heard = misheard(spoken, chance, 0.2)

    # When its times are fitted to the script
    found = fit([word.word for word in spoken], heard, spoken[-1].end + 0.5)

    # Then all words are there, in order, and those that it heard are where they are spoken
    assert [word.word for word in found.words] == [word.word for word in spoken]
    starts = [word.start for word in found.words]
    assert starts == sorted(starts)
    off = [abs(a.start - b.start) for a, b in zip(found.words, spoken, strict=True)]
    assert sum(distance <= 0.06 for distance in off) >= 0.92 * len(off)
    assert max(off) < 1.0
    assert 0.75 < found.heard < 0.95


def test_words_that_were_not_heard_are_placed_between_those_that_were() -> None:
    heard = [WordTiming("one", 1.0, 1.4), WordTiming("four", 3.0, 3.4)]

    found = fit(["One,", "two", "three", "four!"], heard, 4.0)

    assert [word.word for word in found.words] == ["One,", "two", "three", "four!"]
    assert found.words[0].start == 1.0
    assert 1.4 <= found.words[1].start < found.words[2].start < 3.0
    assert found.words[3].start == 3.0
    assert found.heard == 0.5


def test_nothing_heard_is_spread_over_the_sound() -> None:
    found = fit(["All", "alone"], [], 2.0)

    assert found.heard == 0
    assert found.words[0].start == 0
    assert found.words[-1].end == 2.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("whisper") / "model", SENTENCE)


def hum(path: Path, seconds: float = 5.0) -> Path:
    samples = (np.sin(np.arange(int(22_050 * seconds)) / 20) * 9_000).astype("<i2")
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 22_050, 0, "NONE", "not compressed"))
        sound.writeframes(samples.tobytes())
    return path


def test_the_times_of_the_model_are_aligned(model: Path, tmp_path: Path) -> None:
    # Given a model that hears the sentence in everything
    aligner = WhisperAligner(model=model, language="en")

    # When it listens for the sentence as the script has it
    words = ["The", "lamp", "went", "out", "at", "nine,", "and", "nobody", "lit", "it", "again."]
    found = aligner.align(hum(tmp_path / "hum.wav"), words)

    assert [word.word for word in found] == words
    assert all(0 <= word.start <= word.end <= 5.0 for word in found)


def test_another_text_is_not_aligned_with_what_was_heard(model: Path, tmp_path: Path) -> None:
    with pytest.raises(NotHeardError, match="was recognised in the sound"):
        WhisperAligner(model=model, language="en").align(
            hum(tmp_path / "hum.wav"), ["Quite", "different", "words", "are", "spoken", "here"]
        )


def test_a_folder_without_a_usable_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="has no Whisper model"):
        WhisperAligner(model=tmp_path, language="en").align(hum(tmp_path / "hum.wav"), ["word"])
    (tmp_path / "model.bin").write_bytes(b"not a model")
    with pytest.raises(Permanent, match="can't be loaded"):
        WhisperAligner(model=tmp_path, language="en").align(hum(tmp_path / "hum.wav"), ["word"])


@pytest.mark.parametrize(
    ("text", "timed_by"),
    [
        ("The lamp went out at nine, and nobody lit it again.", "whisper"),
        ("Something else was said.", "estimate"),
    ],
)
def test_a_voice_without_timestamps_is_timed_by_whisper(
    model: Path, tmp_path: Path, text: str, timed_by: str
) -> None:
    # Given a Piper voice whose model gives no durations
    voice = PiperSynthesizer(voice=make_voice(tmp_path, tells_durations=False))
    synthesizer = AlignedSynthesizer(voice, WhisperAligner(model=model, language="en"))

    # When it speaks what the recogniser hears, or something else
    speech = synthesizer.speak(text, tmp_path / "speech.wav")

    # Then the row says who timed the words, and they are all there
    assert speech.timed_by == timed_by
    assert [word.word for word in speech.words] == text.split()
    assert "whisper/model/en" in synthesizer.identity


@pytest.mark.parametrize(("reads", "timed_by"), [("en-us", "whisper"), ("es", "estimate")])
def test_a_model_is_used_only_for_a_language_that_it_supports(
    model: Path, tmp_path: Path, reads: str, timed_by: str
) -> None:
    # Given an English-only model, and a voice in another language
    made = make_voice(tmp_path, tells_durations=False, language=reads)
    voice = PiperSynthesizer(voice=made)
    aligner = WhisperAligner(model=model, language=voice.language)

    # When the voice says what the model would hear
    speech = AlignedSynthesizer(voice, aligner).speak(f"{SENTENCE}.", tmp_path / "speech.wav")

    # Then the model is used only for its language
    assert speech.timed_by == timed_by
    assert [word.word for word in speech.words] == f"{SENTENCE}.".split()


def test_an_english_model_is_not_used_for_another_language(model: Path, tmp_path: Path) -> None:
    with pytest.raises(NotHeardError, match="doesn't support the language es: set WHISPER_MODEL"):
        WhisperAligner(model=model, language="es").align(hum(tmp_path / "hum.wav"), ["farola"])


def test_whispers_own_language_code_is_used(model: Path) -> None:
    identity = WhisperAligner(model=model, language="cmn").identity

    # Whisper's name for the language, and espeak-ng's for the voice that reads it
    assert identity.startswith("whisper/model/zh,")
    assert identity.endswith("/cmn+f3")

"""When words begin, found by comparing the sound with another reading of the same words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from adapters.ports import Speech, Synthesizer, WordTiming
from adapters.speech.espeak import EspeakSynthesizer
from adapters.speech.recognition import refinement
from adapters.speech.recognition.sound_features import RATE
from adapters.speech.recognition.whisper import WhisperAligner
from tests.adapters.speech.recognition.recognisers import joe, tiny_model

TEXT = (
    "The baker on our street never says good morning. She says the number of loaves that are left, "
    "and you answer with how many you want. Yesterday she said nothing, and I waited, because the "
    "shelf behind her was empty. Then she reached under the counter and gave me a warm bag. "
    '"I kept it for you," she said, "because you always count along."'
)
CLOSE = 0.06


def near(found: Sequence[WordTiming], spoken: Sequence[WordTiming]) -> list[float]:
    assert [word.word for word in found] == [word.word for word in spoken]
    return [abs(ours.start - true.start) for ours, true in zip(found, spoken, strict=True)]


def misplaced(spoken: Sequence[WordTiming], shift: float) -> dict[int, WordTiming]:
    """As a recogniser hears words: late or early in its own way, and one in ten not at all."""
    chance = random.Random(11)  # noqa: S311  # the same times in every run
    return {
        index: word.later(shift + chance.uniform(-0.15, 0.15))
        for index, word in enumerate(spoken)
        if chance.random() > 0.1
    }


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    """A voice of another country, sex and pace than the reader's."""
    return EspeakSynthesizer(voice="en-us").speak(TEXT, tmp_path_factory.mktemp("s") / "s.wav")


@pytest.mark.parametrize("shift", [-0.1, 0.1])
def test_words_begin_where_they_sound_not_where_the_recogniser_puts_them(
    speech: Speech, shift: float
) -> None:
    words = [word.word for word in speech.words]

    found = refinement.found(
        words, misplaced(speech.words, shift), refinement.heard_sound(speech.path), "en"
    )

    assert found
    assert found.sure
    off = near(found.words, speech.words)
    assert sum(distance <= CLOSE for distance in off) >= 0.95 * len(off)
    assert max(off) <= 2 * CLOSE


def test_a_word_after_a_pause_that_the_reading_lacks_begins_after_it(speech: Speech) -> None:
    # Given half a second of silence before "want", in the middle of a sentence
    words = [word.word for word in speech.words]
    number = words.index("want.")
    at = speech.words[number].start
    sound = refinement.heard_sound(speech.path)
    cut, pause = round(at * RATE), 0.5
    silence = np.zeros(round(pause * RATE), np.float32)
    longer = np.concatenate([sound[:cut], silence, sound[cut:]])
    heard = {
        index: word.later(pause if index >= number else 0)
        for index, word in enumerate(speech.words)
    }

    found = refinement.found(words, heard, longer, "en")

    assert found
    assert found.words[number].start == pytest.approx(at + pause, abs=CLOSE)
    assert found.words[number + 1].start == pytest.approx(
        speech.words[number + 1].start + pause, abs=CLOSE
    )


def test_another_sound_is_not_trusted(speech: Speech, tmp_path: Path) -> None:
    # Given times from a sound that says these words, and a sound that says others
    words = [word.word for word in speech.words]
    other = EspeakSynthesizer().speak(
        "Nobody in the village could say who had painted the bridge, or why it was painted at "
        "night. The mayor asked for a list. The list came back with one name on it, and that name "
        "was his own. He laughed for a week, and then he bought a brush and finished the railing. "
        "Children still ask him for the colour.",
        tmp_path / "other.wav",
    )

    found = refinement.found(
        words, dict(enumerate(speech.words)), refinement.heard_sound(other.path), "en"
    )

    assert found
    assert not found.sure


def test_words_that_cannot_be_read_are_left_to_the_recogniser(speech: Speech) -> None:
    sound = refinement.heard_sound(speech.path)

    assert refinement.found(["…"], {0: WordTiming("…", 0.0, 0.1)}, sound, "en") is None
    assert refinement.found(["word"], {}, sound, "en") is None
    assert refinement.reader("en")
    assert refinement.reader("yo") is None  # Whisper hears Yoruba, espeak-ng can't read it


@pytest.mark.slow
@pytest.mark.parametrize(
    ("voice", "readings"), [(joe(), 3), (EspeakSynthesizer(), 1)], ids=["Piper", "espeak-ng"]
)
def test_a_real_recogniser_times_a_real_voice(
    voice: Synthesizer, readings: int, tmp_path: Path
) -> None:
    aligner = WhisperAligner(model=tiny_model(), language="en")
    off: list[float] = []
    for number in range(readings):  # Piper says a text a little differently each time
        # Given a narration whose word times its synthesizer knows
        spoken = voice.speak(TEXT, tmp_path / f"speech-{number}.wav")
        assert spoken.timed_by == "synthesizer"

        # When Whisper tiny.en listens to it
        found = aligner.align(spoken.path, [word.word for word in spoken.words])
        off += near(found, spoken.words)

    # Then nine words of ten are captioned within 60 ms of when they are said
    assert sum(distance <= CLOSE for distance in off) >= 0.9 * len(off)
    assert np.percentile(off, 95) <= 0.12

"""Guarantees of every synthesizer, whatever its engine."""

from __future__ import annotations

import wave
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.ports import Synthesizer
from adapters.speech.espeak import EspeakSynthesizer
from adapters.speech.piper import PiperSynthesizer
from core.errors import Permanent, Retryable
from tests.adapters.measured_sound import sounding
from tests.adapters.speech.voices import make_voice

AWKWARD = (
    'The end of the road — it cost $500 & more... At 3:30pm a 23-year-old said: "Été?" 😀\n\n'
    "There was, in the <b>box</b>, [[one]] naïve 中文 sign\x00 and\x01 no \ud800 [end]"
)


@pytest.fixture(params=["espeak", "piper"])
def synthesizer(request: pytest.FixtureRequest, tmp_path: Path) -> Synthesizer:
    if request.param == "espeak":
        return EspeakSynthesizer()
    return PiperSynthesizer(voice=make_voice(tmp_path))


def test_every_word_has_its_time_in_order(synthesizer: Synthesizer, tmp_path: Path) -> None:
    speech = synthesizer.speak(AWKWARD, tmp_path / "speech.wav")

    assert [timing.word for timing in speech.words] == AWKWARD.split()
    assert speech.timed_by == "synthesizer"
    for before, after in pairwise(speech.words):
        assert 0 <= before.start <= before.end <= after.start <= after.end <= speech.seconds
    # Only what has nothing to pronounce takes no time.
    mute = [timing.word for timing in speech.words if timing.start == timing.end]
    assert set(mute) <= {"—", "&", "😀", "\ud800", "中文"}
    with wave.open(str(speech.path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert file.getnframes() / file.getframerate() == pytest.approx(speech.seconds)


@pytest.mark.slow
def test_a_text_without_a_break_is_spoken_to_its_end(
    synthesizer: Synthesizer, tmp_path: Path
) -> None:
    sentence = "On the far side of the valley, Dr. Hale kept 14 bees and a very patient goat. "
    shares: list[float] = []

    speech = synthesizer.speak(sentence * 40, tmp_path / "speech.wav", shares.append)

    assert len(speech.words) == 40 * len(sentence.split())
    goats = [timing.start for timing in speech.words if timing.word == "goat."]
    pace = [after - before for before, after in pairwise(goats)]
    assert max(pace) - min(pace) < 0.5  # times don't drift over the length of the text
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) >= 40


def test_a_title_does_not_end_a_sentence(synthesizer: Synthesizer, tmp_path: Path) -> None:
    speech = synthesizer.speak("I saw Dr. Brown.", tmp_path / "speech.wav")

    _, _, doctor, brown = speech.words
    assert brown.start - doctor.end < 0.1


def test_pauses_are_the_same_with_every_voice(synthesizer: Synthesizer, tmp_path: Path) -> None:
    def pause(sign: str) -> float:
        speech = synthesizer.speak(f"Seven apples{sign}Bob came.", tmp_path / "speech.wav")
        heard = sounding(speech.path, silence=0.02)
        return max(after - before for (_, before), (after, _) in pairwise(heard))

    assert pause(". ") == pytest.approx(0.4, abs=0.03)
    assert pause(".\n\n") == pytest.approx(0.75, abs=0.03)
    assert pause("\n\n") == pytest.approx(0.75, abs=0.03)
    assert pause(" - ") == pytest.approx(pause(" — "), abs=0.03)
    assert pause(" - ") > 1.5 * pause(" ")


@pytest.mark.parametrize("text", ["", " \n\n ", "...", "— —", "\x00\x01"])
def test_nothing_to_say_is_permanent(synthesizer: Synthesizer, tmp_path: Path, text: str) -> None:
    before = sorted(tmp_path.iterdir())

    with pytest.raises(Permanent) as caught:
        synthesizer.speak(text, tmp_path / "speech.wav")

    assert caught.value.code == "nothing_to_say"
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_a_full_disk_is_worth_another_try(synthesizer: Synthesizer, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / ".speech.wav.part").symlink_to("/dev/full")

    with pytest.raises(Retryable) as caught:
        synthesizer.speak("Room for one more?", out / "speech.wav")

    assert caught.value.code == "disk_full"
    assert not list(out.iterdir())


def test_a_missing_folder_is_named(synthesizer: Synthesizer, tmp_path: Path) -> None:
    with pytest.raises(Retryable, match="no_such_folder") as caught:
        synthesizer.speak("Hello.", tmp_path / "no_such_folder" / "speech.wav")

    assert caught.value.code == "write_failed"


def test_cancelling_leaves_nothing_and_the_voice_unharmed(
    synthesizer: Synthesizer, tmp_path: Path
) -> None:
    class CancelledError(Exception):
        pass

    def cancel(share: float) -> None:
        if share > 0:
            raise CancelledError

    out = tmp_path / "out"
    out.mkdir()

    with pytest.raises(CancelledError):
        synthesizer.speak("One went. Two came. Three left. Four won.", out / "one.wav", cancel)

    assert not list(out.iterdir())
    assert len(synthesizer.speak("And on it goes.", out / "two.wav").words) == 4

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from adapters.speech.espeak import EspeakSynthesizer
from adapters.speech.samples import read
from core.errors import ConfigurationError, Permanent
from core.settings import ROOT
from tests.adapters.measured_sound import sounding

STORIES = ROOT / "sandbox" / "stories"
STORY = (
    "When I rented the flat above the bakery, nobody told me about the bell. It rang at four in "
    "the morning, every morning, and it rang for a long time. I asked the baker to stop. He said "
    "that the bell was older than both of us, and that his bread would not rise without it!\n\n"
    "So I bought a second bell. On Sunday I hung it in the hall, and at three I rang it back. By "
    "the end of the week we had become friends, and he was bringing me a warm loaf with every "
    "ring. Have you ever been woken up by something you grew to love?"
)


def test_words_are_timed_where_they_sound(tmp_path: Path) -> None:
    # Given words that are set apart by silence, accents and other scripts among them
    text = "Apples. Chloé! — Naïve? Bread, Ünder; 中文: river: Ñandú. Seven. (Maybe.) 😀"

    # When they are spoken
    speech = EspeakSynthesizer(voice="en-us").speak(text, tmp_path / "speech.wav")

    # Then each word begins and ends where the sound itself does
    heard = sounding(speech.path, silence=0.05)
    starts = [start for start, _ in heard]
    ends = [end for _, end in heard]
    apart = [timing for timing in speech.words if timing.word not in {"—", "中文:", "😀"}]
    assert len(apart) == 9
    for timing in apart:
        assert min(abs(timing.start - start) for start in starts) < 0.03, timing
        assert min(abs(timing.end - end) for end in ends) < 0.06, timing


@pytest.mark.parametrize(
    ("sign", "least"),
    [
        (", ", 0.15),
        (" - ", 0.25),
        (" -- ", 0.25),
        ("--", 0.25),
        (" — ", 0.25),
        ("... ", 0.25),
        ("… ", 0.25),
        (". ", 0.35),
        ("\n\n", 0.7),
    ],
)
def test_signs_between_words_are_pauses(tmp_path: Path, sign: str, least: float) -> None:
    speech = EspeakSynthesizer().speak(f"Seven apples{sign}Nobody came.", tmp_path / "a.wav")

    heard = sounding(speech.path, silence=0.09)
    assert max(b - a for (_, a), (b, _) in pairwise(heard)) >= least


def test_offsets_are_counted_in_characters(tmp_path: Path) -> None:
    text = "你好 世界。 我们 走 吧。 Ça été où?"

    speech = EspeakSynthesizer(voice="cmn").speak(text, tmp_path / "speech.wav")

    assert all(timing.end - timing.start > 0.05 for timing in speech.words)


def test_words_said_as_one_share_their_sound(tmp_path: Path) -> None:
    # Given pairs that espeak-ng slurs into one word
    text = "There was the end of the day, and it could have been for a long time."

    speech = EspeakSynthesizer().speak(text, tmp_path / "speech.wav")

    assert all(0.04 < timing.end - timing.start < 0.8 for timing in speech.words)
    there, was, *_ = speech.words
    assert there.end == was.start
    # "was" has the longer half: the bounds follow the sounds, not the letters
    assert was.start - there.start < 0.6 * (was.end - there.start)


def test_a_word_after_an_opening_mark_has_its_share(tmp_path: Path) -> None:
    # Given "I am", spoken as one word after a quotation mark, which is a pause
    speech = EspeakSynthesizer().speak('"I am deaf," he said. (The end.)', tmp_path / "speech.wav")

    i, am, deaf, *_, the, _ = speech.words
    assert min(word.end - word.start for word in (i, am, the)) > 0.03
    assert i.end == am.start < deaf.start


def test_text_is_never_a_command(tmp_path: Path) -> None:
    synthesizer = EspeakSynthesizer()
    plain = synthesizer.speak("one two", tmp_path / "plain.wav")
    # 0x01 would change the pace, 0x00 end the text, <break> pause, [[...]] be phonemes
    commanded = synthesizer.speak("one\x0190S \x00 two", tmp_path / "commanded.wav")
    tagged = synthesizer.speak('one <break time="9s"/> two', tmp_path / "tagged.wav")

    assert commanded.words[-1].end > commanded.words[-1].start
    assert commanded.seconds > plain.seconds  # "90S" is read out
    assert tagged.seconds < 9


@pytest.mark.slow
def test_the_pace_is_in_real_words_a_minute(tmp_path: Path) -> None:
    stories = [path.read_text(encoding="utf-8") for path in sorted(STORIES.glob("*.md"))[4:9]]
    text = "\n\n".join(story.split("---")[2].strip() for story in stories)
    words = len(text.split())
    assert words > 1000
    for pace in (140, 170, 200):
        speech = EspeakSynthesizer(words_per_minute=pace).speak(text, tmp_path / "speech.wav")
        assert words / speech.seconds * 60 == pytest.approx(pace, rel=0.1)


def test_no_silence_begins_with_a_click(tmp_path: Path) -> None:
    # Given sentences that espeak-ng ends in the middle of a wave
    speech = EspeakSynthesizer().speak(STORY, tmp_path / "speech.wav")

    # Then the sound steps by less than -50 dB into silence and out of it
    samples, rate = read(speech.path)
    silent = np.concatenate([[False], samples == 0, [False]])
    edges = np.flatnonzero(np.diff(silent))
    long = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 0.1 * rate]
    steps = [abs(int(samples[at])) for a, b in long for at in (a - 1, b) if 0 < at < len(samples)]
    assert len(steps) > 15
    assert max(steps) < 0.003 * 32_768


def test_a_paragraph_ends_with_a_breath(tmp_path: Path) -> None:
    speech = EspeakSynthesizer(paragraph_pause=0.9).speak(
        "First one.\n\n\nSecond one.", tmp_path / "speech.wav"
    )

    first, second = sounding(speech.path, silence=0.5)
    assert second[0] - first[1] == pytest.approx(0.9, abs=0.06)
    assert speech.seconds - second[1] == pytest.approx(0.9, abs=0.06)


@pytest.mark.parametrize(
    ("voice", "hint"),
    [
        ("en-uk", "did you mean en-us"),
        ("klingonese", "scripts/manage voices list"),
        ("", "scripts/manage voices list"),
        ("en-us+annabel", "announcer"),
        ("en-us+nosuchtimbre", "a channel's page"),
    ],
)
def test_an_unknown_voice_names_the_nearest_few(tmp_path: Path, voice: str, hint: str) -> None:
    with pytest.raises(Permanent) as caught:
        EspeakSynthesizer(voice=voice).speak("Hello.", tmp_path / "speech.wav")

    assert hint in str(caught.value)
    assert len(str(caught.value)) < 150
    assert caught.value.code == "unknown_voice"


def test_a_pace_nobody_can_follow_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="100 to 400"):
        EspeakSynthesizer(words_per_minute=1000)


def test_threads_wait_for_each_other(tmp_path: Path) -> None:
    # Given two voices over the one library of the process
    voices = [EspeakSynthesizer(voice="en-us+f3"), EspeakSynthesizer(voice="de")] * 3
    alone = [voice.speak(STORY, tmp_path / "alone.wav") for voice in voices[:2]] * 3

    # When several threads speak at once
    with ThreadPoolExecutor(len(voices)) as pool:
        together = [
            pool.submit(voice.speak, STORY, tmp_path / f"{number}.wav")
            for number, voice in enumerate(voices)
        ]

    # Then each says what it says alone (within a few milliseconds)
    for future, expected in zip(together, alone, strict=True):
        starts = [timing.start for timing in expected.words]
        assert [timing.start for timing in future.result().words] == pytest.approx(starts, abs=0.1)


def test_another_setting_is_another_identity() -> None:
    identities = {
        EspeakSynthesizer().identity,
        EspeakSynthesizer(voice="en-gb-x-rp").identity,
        EspeakSynthesizer(words_per_minute=171).identity,
        EspeakSynthesizer(pitch=44).identity,
        EspeakSynthesizer(paragraph_pause=0.4).identity,
    }

    assert len(identities) == 5
    assert EspeakSynthesizer().identity in identities

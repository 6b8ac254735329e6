"""The length of parts is estimated with the measured pace of the voice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.ports import Progress, Speech, Synthesizer
from adapters.speech.espeak import EspeakSynthesizer
from adapters.speech.piper import PiperSynthesizer
from core.errors import Permanent
from core.voices import DEFAULT, piper_file
from models import Narration, Part, Story
from pipelines.production.production_settings import ProductionSettings
from pipelines.production.script import pace
from pipelines.stories.text import normalize
from pipelines.stories.text.rules.sentences import closed
from sandbox.stories import shipped_stories
from tests.pipelines.production.making import STUDIO, a_part, a_story
from tests.pipelines.production.script.test_script import Writer, a_long_story, batch, write

pytestmark = pytest.mark.usefixtures("record")


class Unheard:
    """A voice that has never spoken."""

    identity = "unheard"

    def speak(self, text: str, into: Path, progress: Progress | None = None) -> Speech:
        raise NotImplementedError


def heard(story: Story, voice: str, words: int, seconds: float) -> None:
    """A narration that this voice made before."""
    part = a_part()
    Narration.create(
        part=part,
        key=str(part.id),
        path="",
        seconds=seconds,
        voice=voice,
        timed_by="synthesizer",
        words=[["word", 0.0, 0.1]] * words,
    )


def test_parts_are_cut_by_the_pace_that_the_voice_really_has() -> None:
    # Given a voice measured at 110 words a minute, whatever its setting
    story = a_long_story()
    for _ in range(3):
        heard(story, STUDIO.voice, words=220, seconds=120)
        heard(story, "another voice", words=600, seconds=120)

    # When a story is written for it
    write(batch(story), Writer())

    # Then it has more parts than at the set pace, each within its seconds at the real one
    parts = list(Part.select().where(Part.of > 1))
    assert len(parts) > 3
    assert all(len(part.spoken.split()) * 60 / 110 <= 90 for part in parts)


def test_a_pace_is_only_used_after_some_hundred_words() -> None:
    story = a_story()
    assert pace.measured(STUDIO.voice) is None
    heard(story, STUDIO.voice, words=pace.FEWEST_WORDS - 1, seconds=60)
    assert pace.measured(STUDIO.voice) is None
    heard(story, STUDIO.voice, words=pace.FEWEST_WORDS, seconds=60)
    assert pace.measured(STUDIO.voice) == pytest.approx(399 / 2)
    # and old narrations don't count
    for _ in range(pace.NARRATIONS):
        heard(story, STUDIO.voice, words=100, seconds=60)
    assert pace.measured(STUDIO.voice) == pytest.approx(100)


def test_a_voice_that_can_not_be_found_uses_the_set_pace() -> None:
    def missing(_production: ProductionSettings) -> Synthesizer:
        raise Permanent("There is no such voice.")

    assert pace.words_per_minute(STUDIO, missing) == pytest.approx(170 * pace.SPOKEN_SHARE)


def test_a_voice_is_measured_in_a_script_without_spaces_too() -> None:
    # Given a minute of Japanese, a word of 400 characters to the eye of a machine
    part = a_part()
    Narration.create(
        part=part,
        key="x",
        path="x.wav",
        seconds=60,
        voice="ja",
        timed_by="synthesizer",
        words=[["雨" * 400, 0, 60]],
    )

    assert pace.measured("ja") == pytest.approx(200)


def test_a_piper_voice_has_its_own_pace_whatever_is_set() -> None:
    slow = replace(STUDIO, voice=DEFAULT, words_per_minute=100)

    assert pace.words_per_minute(slow, lambda _: Unheard()) == pace.PIPER_PACE


@pytest.mark.slow
def test_the_share_of_the_pace_that_is_spoken_is_what_the_voice_really_does(tmp_path: Path) -> None:
    # Given stories as parts are made of them, and a voice that is set to 170 words a minute
    voice, words, seconds = EspeakSynthesizer(words_per_minute=170), 0, 0.0
    for post in shipped_stories()[1:9]:
        text = normalize.narratable(post.title, post.body)
        speech = voice.speak(f"{closed(text.title)}\n\n{text.text}", tmp_path / "speech.wav")
        words += len(speech.words)
        seconds += speech.seconds

    # Then its pace has the share that estimates use
    assert words * 60 / seconds == pytest.approx(170 * pace.SPOKEN_SHARE, rel=0.03)


@pytest.mark.slow
def test_the_pace_of_the_default_voice_is_what_it_really_does(tmp_path: Path) -> None:
    # Given two stories, told by the voice that speaks unless another is chosen
    voice = PiperSynthesizer(voice=piper_file(DEFAULT.removeprefix("piper:"), tmp_path))
    words, seconds = 0, 0.0
    for post in shipped_stories()[1:3]:
        text = normalize.narratable(post.title, post.body)
        spoken = f"{closed(text.title)}\n\n{text.text}"
        speech = voice.speak(spoken, tmp_path / "speech.wav")

        # Then every word has its time, by the voice's own measure
        assert [word.word for word in speech.words] == spoken.split()
        assert all(word.end > word.start for word in speech.words)
        assert speech.timed_by == "synthesizer"
        words += len(speech.words)
        seconds += speech.seconds

    # And its pace is the one that is assumed before it was measured
    assert words * 60 / seconds == pytest.approx(pace.PIPER_PACE, rel=0.08)

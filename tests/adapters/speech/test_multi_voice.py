"""Two voices in one narration: every word once, in order, and timed."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from adapters.ports import Progress, Speech
from adapters.speech.espeak import EspeakSynthesizer
from adapters.speech.multi_voice import MultiVoiceSynthesizer, runs
from adapters.speech.piper import PiperSynthesizer
from adapters.speech.samples import level, louder, read
from adapters.speech.timeline import WavFile
from tests.adapters.measured_sound import sounding
from tests.adapters.speech.voices import make_voice

TEXT = """He looked at the fence. "I never liked it," he said, "and neither did you."

It was "art", he claimed. “Go home!” she cried (“now!”).

\"Unclosed, and nobody answered."""


def test_quotations_are_separated_from_narration() -> None:
    said = [run.text for run in runs(TEXT) if run.quoted]

    assert said == ['"I never liked it,"', '"and neither did you."', "“Go home!”", "(“now!”)."]
    assert [word for run in runs(TEXT) for word in run.text.split()] == TEXT.split()


@pytest.mark.parametrize("text", ["“No.”", '""', "— “Yes, I did!” —", 'a"b"c d', "…"])
def test_no_word_is_ever_lost(text: str) -> None:
    assert [word for run in runs(text) for word in run.text.split()] == text.split()


def test_two_voices_make_one_timed_sound(tmp_path: Path) -> None:
    # Given an espeak-ng narrator and a Piper voice for quotations
    narrator = EspeakSynthesizer()
    quoted = PiperSynthesizer(voice=make_voice(tmp_path))
    duet = MultiVoiceSynthesizer(narrator=narrator, quoted=quoted)

    # When they speak
    shares: list[float] = []
    speech = duet.speak(TEXT, tmp_path / "speech.wav", shares.append)

    # Then each word is there once, in order, inside the sound
    assert [word.word for word in speech.words] == TEXT.split()
    starts = [word.start for word in speech.words]
    assert starts == sorted(starts)
    assert speech.words[-1].end <= speech.seconds
    with wave.open(str(speech.path)) as sound:
        assert sound.getnframes() / sound.getframerate() == pytest.approx(speech.seconds, abs=0.01)
    assert speech.timed_by == "synthesizer"
    assert shares[-1] == 1.0
    assert list(tmp_path.glob("tmp*")) == []
    # And the key of the sound names both
    assert narrator.identity in duet.identity
    assert quoted.identity in duet.identity


def test_both_voices_are_equally_loud(tmp_path: Path) -> None:
    # Given a second voice of half the narrator's loudness
    class Quiet(EspeakSynthesizer):
        def speak(self, text: str, into: Path, progress: Progress | None = None) -> Speech:
            made = super().speak(text, into, progress)
            samples, rate = read(made.path)
            with WavFile(into, rate=rate) as wav:
                wav.write(louder(samples, 0.5))
            return made

    narrator, quoted = EspeakSynthesizer(), Quiet(voice="en-us+f3")
    text = 'He shook his head at the old clock. "Nobody rings that bell any more," she said.'

    # When they speak
    speech = MultiVoiceSynthesizer(narrator=narrator, quoted=quoted).speak(
        text, tmp_path / "speech.wav"
    )

    # Then quotations are as loud as the narration
    samples, rate = read(speech.path)
    clock, nobody, more, she = (speech.words[index] for index in (7, 8, 13, 14))
    narrated = level([samples[: round(clock.end * rate)]], rate)
    said = level([samples[round(nobody.start * rate) : round(more.end * rate)]], rate)
    assert said == pytest.approx(narrated, rel=0.1)
    # And the pauses between voices are those of sentences and commas
    assert nobody.start - clock.end == pytest.approx(0.4, abs=0.05)
    assert she.start - more.end == pytest.approx(0.22, abs=0.05)


def test_a_text_without_speech_is_the_narrators_alone(tmp_path: Path) -> None:
    narrator = EspeakSynthesizer()
    duet = MultiVoiceSynthesizer(
        narrator=narrator, quoted=PiperSynthesizer(voice=make_voice(tmp_path))
    )

    both = duet.speak("The lamp went out.", tmp_path / "both.wav")
    alone = narrator.speak("The lamp went out.", tmp_path / "alone.wav")

    assert [word.word for word in both.words] == [word.word for word in alone.words]
    assert both.seconds == pytest.approx(alone.seconds, abs=0.05)


def test_times_inside_a_word_are_kept(tmp_path: Path) -> None:
    # Given a quotation in Chinese, two clauses in one word
    narrator = EspeakSynthesizer(voice="cmn")
    duet = MultiVoiceSynthesizer(narrator=narrator, quoted=EspeakSynthesizer(voice="cmn", pitch=70))

    speech = duet.speak("他问我: “谁也不忍心，悄悄换了…”", tmp_path / "speech.wav")  # noqa: RUF001

    # Then the time of the second clause is reported
    *_, (heard, _) = sounding(speech.path, silence=0.12)
    said = speech.words[-1]
    moments = dict(said.inside)
    assert moments[said.word.index("悄")] == pytest.approx(heard, abs=0.03)

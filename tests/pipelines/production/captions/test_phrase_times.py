"""Phrases of scripts without spaces come when the voice says them."""

# ruff: noqa: RUF001  (full-width signs are what is written there)

from __future__ import annotations

from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from pysubs2 import SSAFile

from adapters.ports import WordTiming
from adapters.speech.espeak import RATE_PER_WORD, EspeakSynthesizer
from adapters.speech.espeak_library import espeak_library
from pipelines.production.captions import cues, subtitle_writer
from pipelines.production.captions.caption_style import CaptionStyle
from tests.adapters.measured_sound import sounding

MOST = 0.060
"""Seconds."""

MANDARIN = (
    "我的邻居给植物浇了三年的水，谁也不忍心告诉他。上个星期，他问我：“为什么它不长？”"
    "我晚上买了一棵真的，悄悄换了。"
)
BRACKETS = "「“"
TOLD = {
    "cmn": MANDARIN,
    "yue": "今日朝早我去商店買咗三個蘋果，然後返屋企煮飯。我嘅鄰居幫植物淋咗三年水。",
    "ja": "きのうのよる、「2024年の夏に」会社をやめた。もう誰も教えてくれない。",
    "th": "เพื่อนบ้านของฉันรดน้ำต้นไม้พลาสติกมาสามปีแล้ววันนี้ฉันไปตลาดซื้อผลไม้และกลับบ้าน",
    "my": "ကျွန်တော်ဒီနေ့ဈေးကိုသွားတယ်။ဒီနေ့ဈေးကိုသွားတယ်။",
}


def own_marks(voice: str, text: str) -> dict[int, float]:
    """When espeak-ng itself says that what it marked begins to sound."""
    with espeak_library() as library:
        library.select(voice, rate=round(170 * RATE_PER_WORD), pitch=45, pitch_range=60)
        marks = library.synthesize(text, on_audio=lambda _: None, on_sentence=lambda _: None)
        rate = library.sample_rate
    marked: dict[int, float] = {}
    character = 0
    for mark in marks:
        if mark.kind == "word":
            character = mark.character
        elif mark.kind == "phoneme":
            marked.setdefault(character, mark.sample / rate)
    return marked


@pytest.mark.parametrize(
    ("voice", "least"), [("cmn", 25), ("yue", 20), ("ja", 2), ("th", 3), ("my", 4)]
)
def test_phrases_begin_where_the_voice_marks_them(voice: str, least: int, tmp_path: Path) -> None:
    # Given a text that is one "word", and the engine's own marks
    text = TOLD[voice]
    marks = own_marks(voice, text)

    # When it is spoken, and shown phrase by phrase
    speech = EspeakSynthesizer(voice=voice).speak(text, tmp_path / "speech.wav")
    phrases = cues.phrased(speech.words)

    # Then each phrase whose first letter has a mark begins there
    assert "".join(phrase.text for phrase in phrases) == text
    ends = accumulate(len(phrase.text) for phrase in phrases)
    availabilities = [
        end - len(phrase.text.lstrip(BRACKETS)) for phrase, end in zip(phrases, ends, strict=True)
    ]
    marked = [
        (phrase, marks[at])
        for phrase, at in zip(phrases, availabilities, strict=True)
        if at in marks
    ]
    assert len(marked) >= least
    for phrase, second in marked:
        assert abs(phrase.start - second) <= MOST, phrase
    # And the others come in between
    assert all(before.start < after.start for before, after in pairwise(phrases))


def test_phrases_after_a_pause_begin_with_the_sound(tmp_path: Path) -> None:
    speech = EspeakSynthesizer(voice="cmn").speak(MANDARIN, tmp_path / "speech.wav")

    heard = [start for start, _ in sounding(speech.path, silence=0.12)]
    starts = [phrase.start for phrase in cues.phrased(speech.words)]
    assert len(heard) == 7
    for second in heard:
        assert min(abs(start - second) for start in starts) <= MOST


def test_phrases_begin_when_they_do_with_spaces_between_them(tmp_path: Path) -> None:
    # Given the same text with a space before each phrase, so that each is timed as a word
    voice = EspeakSynthesizer(voice="yue")
    phrases = cues.phrased(voice.speak(TOLD["yue"], tmp_path / "speech.wav").words)
    parted = voice.speak(" ".join(phrase.text for phrase in phrases), tmp_path / "parted.wav")

    for phrase, word in zip(phrases, parted.words, strict=True):
        assert phrase.start == pytest.approx(word.start, abs=MOST)


def test_subtitles_turn_to_a_sentence_inside_a_word_when_it_is_heard(tmp_path: Path) -> None:
    # Given two sentences without a space, a slow one and a quick one
    text = "2024年，他买了三百六十五本书。我也不知道为什么。"
    speech = EspeakSynthesizer(voice="cmn").speak(text, tmp_path / "speech.wav")

    made = subtitle_writer.build(
        speech.words, caption_style=CaptionStyle(), part=(1, 1), seconds=speech.seconds
    )

    # Then the second is there when its sound is
    _, second = SSAFile.from_string(made.srt, "srt")
    *_, (heard, _) = sounding(speech.path, silence=0.2)
    assert second.start / 1000 == pytest.approx(heard, abs=MOST)


def test_between_two_known_moments_phrases_share_the_time_by_their_lengths() -> None:
    word = WordTiming("今日は、さあ、出かけよう。", 2.0, 6.0, inside=((7, 4.25),))

    first, second, last = cues.phrased([word])

    assert (first.text, second.text, last.text) == ("今日は、", "さあ、", "出かけよう。")
    # "今日は、" has six and a half beats of the ten before the moment that is known
    assert (first.start, second.start, last.start) == pytest.approx((2.0, 2 + 2.25 * 0.65, 4.25))
    assert (first.end, second.end, last.end) == pytest.approx((second.start, 4.25, 6.0))


def test_a_phrase_in_brackets_begins_with_its_first_letter() -> None:
    word = WordTiming("他说：“你好！”", 0.0, 3.0, inside=((1, 0.3), (4, 2.0)))

    assert cues.phrased([word])[-1].start == 2.0


def test_a_word_of_a_script_with_spaces_stays_one_phrase(tmp_path: Path) -> None:
    speech = EspeakSynthesizer().speak("Back at 3:30pm it was.", tmp_path / "speech.wav")

    assert [(phrase.text, phrase.start, phrase.end) for phrase in cues.phrased(speech.words)] == [
        (word.word, word.start, word.end) for word in speech.words
    ]


@pytest.mark.parametrize("emoji", [True, False])
def test_the_picture_shows_a_phrase_when_it_is_heard(emoji: bool, tmp_path: Path) -> None:
    # Given emoji in a "word", which a style may hide
    text = MANDARIN.replace("邻居", "邻居😀").replace("真的", "真的😀😀")
    speech = EspeakSynthesizer(voice="cmn").speak(text, tmp_path / "speech.wav")
    caption_style = CaptionStyle(style="pop", emoji=emoji)

    made = subtitle_writer.build(
        speech.words, caption_style=caption_style, part=(1, 1), seconds=speech.seconds
    )

    # Then phrases after a pause appear with their sound
    events = SSAFile.from_string(made.ass, "ass")
    starts = [
        event.start / 1000 for event in events if event.style == subtitle_writer.CAPTION_STYLE
    ]
    behind = [start for start, _ in sounding(speech.path, silence=0.12)][1:]
    assert len(behind) >= 6
    for second in behind:
        assert min(abs(start - second) for start in starts) <= MOST

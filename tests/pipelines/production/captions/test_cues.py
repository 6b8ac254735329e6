"""Cues: which words are shown together, and when."""
# ruff: noqa: RUF001  (letters of other scripts look like ours)

from __future__ import annotations

from itertools import pairwise

import pytest
from pysubs2 import SSAEvent, SSAFile

from adapters.ports import WordTiming
from pipelines.production.captions import ass_markup, cues, subtitle_writer
from pipelines.production.captions.caption_style import CaptionStyle, Style
from pipelines.production.captions.cues import Phrase
from pipelines.stories.text import letters
from tests.pipelines.production.captions.captioning import (
    PLAIN,
    POP,
    STORY,
    build,
    captions_of,
    spoken,
)

PHRASES = {
    "Japanese": "彼は|「2024年の|夏に」会社を|やめた。|もう|誰も|教えてくれない。",
    "Chinese": "我的|邻居|给|植物|浇了|三年的|水，|谁|也|不忍心|告诉|他。",
    "Thai": "เพื่อน|บ้าน|ของ|ฉัน|รดน้ำ|ต้นไม้|พลาสติก|มา|สาม|ปี|แล้ว",
    "Lao": "ເພື່ອນບ້ານ|ຂອງ|ຂ້ອຍ|ຫົດ|ນ້ຳ|ຕົ້ນໄມ້",
    "Khmer": "អ្នកជិតខាង|របស់ខ្ញុំ|បាន|ស្រោចទឹក|រុក្ខជាតិ|ប្លាស្ទិក",
    "Burmese": "အိမ်နီးချင်း|က ပလတ်စတစ်|အပင်|ကို ရေလောင်း|ခဲ့|သည်။",
    "mixed": "iPhoneを|買った！ 😀今天😀|天气|很好 ——そう……なの？ now",
}


def test_cues_end_with_sentences_and_pauses() -> None:
    words = spoken("Wait. She said nothing at all for a while, then laughed out loud.")
    words[6] = WordTiming("for", words[6].start, words[6].end - 0.2)  # longer before "a"
    late = [WordTiming(w.word, w.start + 0.3, w.end + 0.3) for w in words[7:]]

    shown = cues.cut(cues.phrased([*words[:7], *late]), PLAIN, seconds=20.0)

    assert [" ".join(phrase.text for phrase in cue.phrases) for cue in shown] == [
        "Wait.",
        "She said nothing",
        "at all for",
        "a while,",
        "then laughed out loud.",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # not "… sea was | flat …", "I gave him every | turn, every stone, every | …"
        ("The sea was flat and empty.", ["The sea was flat", "and empty."]),
        ("I came back, and the line was dead.", ["I came back,", "and the line", "was dead."]),
        ("It rang in my second winter.", ["It rang", "in my second winter."]),
        ('I said, "I was just leaving, too."', ["I said,", '"I was just', 'leaving, too."']),
        # a title is no end
        ("I met Mr. Brown.", ["I met Mr. Brown."]),
    ],
)
def test_cues_end_where_a_reader_would_pause(text: str, shown: list[str]) -> None:
    cut = cues.cut(cues.phrased(spoken(text, pause=0.0)), PLAIN, seconds=20.0)

    assert [" ".join(phrase.text for phrase in cue.phrases) for cue in cut] == shown


def test_there_is_no_short_gap_between_cues_or_at_the_end() -> None:
    # Given paragraphs 0.75 s apart, then a long silence, then the last words
    words = spoken("So I ran. He ran too. Then we laughed.", pause=0.72)
    late = [WordTiming(w.word, w.start + 3, w.end + 3) for w in words[6:]]

    ran, he, laughed = cues.cut(cues.phrased([*words[:6], *late]), PLAIN, late[-1].end + 0.75)

    assert ran.end == he.start
    assert he.end == pytest.approx(words[5].end + 0.6)  # spoken words do not stay forever
    assert laughed.end == late[-1].end + 0.75


@pytest.mark.parametrize(("style", "most"), [("karaoke", 4), ("pop", 1), ("block", 3)])
def test_a_cue_begins_with_its_first_word_and_never_overlaps(style: Style, most: int) -> None:
    words = spoken(STORY)

    events = captions_of(build(words, CaptionStyle(style=style)).ass)

    starts = {round(word.start * 1000) for word in words}
    for event in events:
        assert len(event.text.split()) <= most * 3  # words and their tags
        assert min(abs(event.start - start) for start in starts) <= 10
    assert all(a.end <= b.start for a, b in pairwise(events))
    assert all(
        len(cue.phrases) <= most
        for cue in cues.cut(cues.phrased(words), CaptionStyle(style=style), 60.0)
    )


def test_words_spoken_at_once_are_shown_together() -> None:
    words = [WordTiming("so", 1.0, 1.0), WordTiming("what", 1.0, 1.4), WordTiming("now", 1.4, 1.6)]

    events = captions_of(build(words, POP).ass)

    assert [subtitle_writer.words_in(one_event(event)) for event in events] == [
        ["so", "what"],
        ["now"],
    ]


@pytest.mark.parametrize("written", PHRASES.values(), ids=PHRASES)
def test_scripts_without_spaces_are_shown_phrase_by_phrase(written: str) -> None:
    text = written.replace("|", "")
    words = spoken(text, each=6.0)

    subtitles = build(words, POP)

    events = captions_of(subtitles.ass)
    shown = [ass_markup.plain(event.text) for event in events]
    assert shown == written.replace("|", " ").split()
    assert subtitle_writer.words_in(subtitles.ass) == text.split()
    assert subtitle_writer.missing(words, subtitles.ass, POP) == ()
    sheet = SSAFile.from_string(subtitles.srt, "srt")
    assert "".join("".join(event.plaintext.split()) for event in sheet) == "".join(text.split())


def test_phrases_share_the_time_of_their_word_by_length() -> None:
    first, second, last = cues.phrased([WordTiming("今日は、さあ、出かけよう。", 2.0, 5.3)])

    assert (first.text, second.text, last.text) == ("今日は、", "さあ、", "出かけよう。")
    assert (first.start, last.end) == pytest.approx((2.0, 5.3))
    # An ideograph has two beats, a kana one, a mark in between is a pause of one and a half
    beats = [phrase.end - phrase.start for phrase in (first, second, last)]
    assert beats == pytest.approx([3.3 * n / 17.5 for n in (6.5, 3.5, 7.5)])


def test_rows_end_where_a_reader_expects() -> None:
    caption_style = CaptionStyle(size=120, words_at_once=6)
    assert rows_of("misunderstandings", caption_style) == [
        "misunderstandings"
    ]  # shrunk, not broken
    long = "Donaudampfschifffahrts-elektrizitätenhauptwerk"
    assert rows_of(long, caption_style)[0] == "Donaudampfschifffahrts-"

    for written in PHRASES.values():
        for cue in cues.cut(
            cues.phrased(spoken(written.replace("|", ""), each=2.0)), caption_style, 99.0
        ):
            layout = cues.lay_out(cue.phrases, caption_style)
            assert [piece.text for piece in layout.pieces] == [p.text for p in cue.phrases]
            assert layout.pieces[-1].row <= 2


def test_a_letter_is_never_parted_from_its_marks() -> None:
    for letter in ("क्षि", "น้ำ", "ខ្ញុំ", "👩🏽‍🚀", "é̂"):
        assert letters.clusters(letter) == [letter]
        for row in rows_of(letter * 60, CaptionStyle(size=120)):
            assert len(row) % len(letter) == 0


def rows_of(word: str, caption_style: CaptionStyle) -> list[str]:
    rows: dict[int, str] = {}
    for piece in cues.lay_out([Phrase(word, 0.0, 1.0)], caption_style).pieces:
        rows[piece.row] = rows.get(piece.row, "") + piece.text
    return list(rows.values())


def one_event(event: SSAEvent) -> str:
    file = SSAFile()
    file.append(event)
    return file.to_string("ass")

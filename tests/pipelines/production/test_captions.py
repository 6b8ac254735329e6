"""Captions: every word shown once, in time, readable, and clear of the platform's interface."""
# ruff: noqa: RUF001  (letters of other scripts look like ours)

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import ImageFont
from pysubs2 import SSAEvent, SSAFile

from adapters.ports import WordTiming
from pipelines.production import ass, captions, cues, emoji, fonts, letters
from pipelines.production.captions import Card
from pipelines.production.cards import CARD_STYLE, card_events, compact
from pipelines.production.cues import Phrase
from pipelines.production.look import Look, Style
from pipelines.production.safe_area import COLUMN, HEIGHT, SAFE, WIDTH, Box

if TYPE_CHECKING:
    from pathlib import Path

PLAIN, POP = Look(), Look(style="pop")
LOOKS = {
    "karaoke": PLAIN,
    "pop": POP,
    "block": Look(style="block"),
    "largest letters, at the top": Look(size=120, outline=16, position="top", upper_case=True),
    "six plain words in the middle": Look(
        style="block", font="Noto Sans", size=100, position="middle", words_at_once=6
    ),
    "tall letters, lowest": Look(style="pop", font="Anton", size=120, outline=0, position=1340),
    "highest": Look(font="Anton", upper_case=True, position=500, words_at_once=2),
}
EMOJI = "😭 👍🏽 👨‍👩‍👧 🇩🇪 1️⃣ ❤️ ⭐ ☕ → so✨what"
STORY = (
    "My neighbour has watered a plastic plant for three years. Nobody in the house had the heart "
    "to say so! Last week, he asked me why it never grows. I bought a real one at night."
)
# Words that captions have trouble with: ASS's own commands, other scripts, and no end of letters.
HARD = (
    r"{braces} back\slash \N {\p1}m <i>five</i> a&b été Привет שלום, مرحبا؟ नमस्ते ภาษาไทย Ελλάδα "
    "漢字です。 안녕하세요 Donaudampfschifffahrtselektrizitätenhauptbetriebswerk "
    "今天天气很好我们一起去公园散步然后回家吃饭看电视睡觉明天再来"
)


def spoken(
    text: str, *, start: float = 0.2, each: float = 0.3, pause: float = 0.5
) -> list[WordTiming]:
    """Give each word of ``text`` a time, with a breath after each sentence."""
    words = []
    for word in text.split():
        words.append(WordTiming(word, round(start, 3), round(start + each - 0.03, 3)))
        start += each + (pause if word[-1] in ".!?" else 0)
    return words


def build(words: list[WordTiming], look: Look = PLAIN) -> captions.Subtitles:
    return captions.build(words, look=look, part=(1, 1), seconds=words[-1].end + 0.5)


def frames(made: str, folder: Path, *, seconds: float, fps: int = 30) -> np.ndarray:
    """Draw a subtitle file on black; gives what is bright, one picture a frame."""
    drawn = rendered(made, folder, "gray", seconds, fps)
    return np.frombuffer(drawn, np.uint8).reshape(-1, HEIGHT, WIDTH) > 40


def coloured(made: str, folder: Path, rgb: str, at: float) -> Box | None:
    """The smallest box around what has a colour, at a second of a subtitle file."""
    drawn = rendered(made, folder, "rgb24", at + 0.1, 10)
    picture = np.frombuffer(drawn, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)[-1].astype(int)
    near = (abs(picture - list(bytes.fromhex(rgb))) < 12).all(axis=2)
    return drawn_box(near) if near.any() else None


def rendered(
    made: str, folder: Path, pixels: str, seconds: float, fps: int, *, ground: str = "black"
) -> bytes:
    file = folder / "drawn.ass"
    file.write_text(made, encoding="utf-8")
    return subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin"),
            *("-f", "lavfi", "-i", f"color={ground}:s={WIDTH}x{HEIGHT}:r={fps}"),
            *("-vf", f"format={pixels},ass={file}:fontsdir={fonts.FOLDER}:shaping=complex"),
            *("-t", str(seconds), "-f", "rawvideo", "-pix_fmt", pixels, "pipe:1"),
        ],
        check=True,
        capture_output=True,
    ).stdout


def drawn_box(picture: np.ndarray) -> Box:
    """The smallest box around all that is drawn."""
    rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("text", [STORY, HARD + EMOJI], ids=["story", "hard"])
def test_every_word_is_captioned_once_and_in_order(look: Look, text: str) -> None:
    words = spoken(text)

    subtitles = build(words, look)

    assert captions.words_in(subtitles.ass) == [look.shown(word) for word in text.split()]
    assert subtitles.captioned_words == len(words)
    assert captions.missing(words, subtitles.ass, look) == ()


def test_a_word_that_is_not_captioned_is_named() -> None:
    words = spoken(STORY)
    without = [word for word in words if word.word != "plastic"]
    swapped = [*words[:1], words[2], words[1], *words[3:]]

    assert captions.missing(words, build(without).ass, PLAIN) == ("plastic",)
    assert captions.missing(words, build(swapped).ass, PLAIN) in (("neighbour",), ("has",))


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


def test_the_picture_is_not_empty_for_a_blink_between_cues_nor_at_the_end() -> None:
    # Given paragraphs 0.75 s apart, then a long silence, then the last words
    words = spoken("So I ran. He ran too. Then we laughed.", pause=0.72)
    late = [WordTiming(w.word, w.start + 3, w.end + 3) for w in words[6:]]

    ran, he, laughed = cues.cut(cues.phrased([*words[:6], *late]), PLAIN, late[-1].end + 0.75)

    assert ran.end == he.start
    assert he.end == pytest.approx(words[5].end + 0.6)  # what is said is not on show for ever
    assert laughed.end == late[-1].end + 0.75


@pytest.mark.parametrize(("style", "most"), [("karaoke", 4), ("pop", 1), ("block", 3)])
def test_a_cue_begins_with_its_first_word_and_never_overlaps(style: Style, most: int) -> None:
    words = spoken(STORY)

    events = captions_of(build(words, Look(style=style)).ass)

    starts = {round(word.start * 1000) for word in words}
    for event in events:
        assert len(event.text.split()) <= most * 3  # words and their tags
        assert min(abs(event.start - start) for start in starts) <= 10
    assert all(a.end <= b.start for a, b in pairwise(events))
    assert all(
        len(cue.phrases) <= most for cue in cues.cut(cues.phrased(words), Look(style=style), 60.0)
    )


def test_words_that_come_at_once_are_shown_together_rather_than_not_at_all() -> None:
    words = [WordTiming("so", 1.0, 1.0), WordTiming("what", 1.0, 1.4), WordTiming("now", 1.4, 1.6)]

    events = captions_of(build(words, POP).ass)

    assert [captions.words_in(one_event(event)) for event in events] == [["so", "what"], ["now"]]


def test_captions_appear_with_the_voice(tmp_path: Path) -> None:
    words = spoken("One two three four five six.", start=0.5, each=0.47)

    pictures = frames(build(words, POP).ass, tmp_path, seconds=3.5)

    area = pictures[:, PLAIN.area.top : PLAIN.area.bottom, :]
    changes = [i for i in range(1, len(area)) if (area[i] ^ area[i - 1]).mean() > 0.001]
    for word in words:
        nearest = min(abs(frame / 30 - word.start) for frame in changes)
        assert nearest <= 0.06, word
    assert not area[: int(0.5 * 30) - 1].any(), "nothing may be shown before the voice"


def test_the_spoken_word_is_coloured_while_it_is_spoken() -> None:
    words = [WordTiming("I", 2.0, 2.2), WordTiming("never", 2.25, 2.6), WordTiming("did.", 2.6, 3)]

    (event,) = captions_of(build(words).ass)

    yellow, white = r"\1c&H4DE1FF&", r"\1c&HFFFFFF&"
    first, second, third = (text.split("}")[0] for text in event.text.split(r"{\1c")[1:])
    assert rf"\1c{first}" == rf"{yellow}\t(250,251,{white})"
    assert rf"\1c{second}" == rf"{white}\t(250,251,{yellow})\t(600,601,{white})"
    assert rf"\1c{third}" == rf"{white}\t(600,601,{yellow})"


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_nothing_is_drawn_outside_the_safe_area(look: Look, tmp_path: Path) -> None:
    words = spoken(HARD + EMOJI, each=0.5)
    subtitles = captions.build(
        words,
        look=replace(look, outline_colour="FFFFFF"),  # so that it is seen on black
        shown=[
            Card(
                by="r/" + "AVeryLongNameOfAPlace" * 4,
                text="Is it wrong that I answered honestly? " * 9,
                score=1_234_567,
                comments=98_765,
                end=2.0,
            ),
            Card(
                by="u/" + "AVeryLongNameOfAPerson" * 4,
                text="It is not wrong at all. " * 30,
                score=1_234_567,
                start=2.0,
                end=4.0,
                answer=1,
            ),
        ],
        part=(11, 12),
        seconds=words[-1].end,
    )

    pictures = frames(subtitles.ass, tmp_path, seconds=words[-1].end, fps=5)

    for picture in pictures:
        box = drawn_box(picture)
        assert box.left >= COLUMN.left
        assert box.right <= COLUMN.right <= SAFE.right
        assert box.top >= SAFE.top
        assert box.bottom <= SAFE.bottom


@pytest.mark.parametrize("repeats", [4, 12], ids=["largest letters", "cut short"])
def test_the_title_card_leaves_room_for_badge_and_captions(repeats: int, tmp_path: Path) -> None:
    words = spoken(STORY, start=0.0)
    card = Card("r/Plants", "A title that goes on " * repeats, score=5, comments=5)
    with_card, without = (
        captions.build(words, look=POP, shown=shown, part=(2, 3), seconds=20.0)
        for shown in ([card], [])
    )

    seen = frames(with_card.ass, tmp_path, seconds=1, fps=5)[3]
    bare = frames(without.ass, tmp_path, seconds=1, fps=5)[3]

    only_card = drawn_box(seen & ~bare)
    assert drawn_box(bare[: only_card.top]).bottom < only_card.top
    assert only_card.bottom <= PLAIN.area.top
    assert only_card.height > 300


@pytest.mark.parametrize(
    "title", ["今日は、とても良い天気なので、" * 3, "เพื่อนบ้านของฉันรดน้ำต้นไม้" * 3]
)
def test_a_title_without_spaces_is_broken_into_rows_and_not_cut_off(title: str) -> None:
    made = captions.build([], look=POP, shown=[Card("r/Plants", title)], part=(1, 1), seconds=4.0)

    rows = [
        ass.plain(event.text)
        for event in SSAFile.from_string(made.ass, "ass")
        if event.style == CARD_STYLE and r"\p1" not in event.text
    ]
    assert title in "".join(rows)
    assert len(rows) > 3


@pytest.mark.parametrize("word", ["word ", "ก"])
def test_a_long_answer_is_cut_for_its_card_without_delay(word: str) -> None:
    card = Card(by="u/somebody", text=word * 2000, answer=1)
    began = time.process_time()

    rows = [event.plaintext for event in card_events(card, Look().area)][4:]

    assert time.process_time() - began < 5  # of 110 s, once
    assert len(rows) == 8
    assert rows[-1].endswith("…")


@pytest.mark.parametrize(("name", "initial"), [("🇬🇧bob", "🇬🇧"), ("e\u0301mile", "E\u0301")])
def test_an_avatar_has_the_first_letter_whole(name: str, initial: str) -> None:
    drawn = card_events(Card(by=f"u/{name}", text="Yes.", answer=1), Look().area)[2]
    assert ass.plain(drawn.text) == initial


def test_the_progress_bar_fills_with_the_video(tmp_path: Path) -> None:
    made = captions.build([], look=POP, part=(1, 1), seconds=4.0).ass

    pictures = frames(made, tmp_path, seconds=4, fps=2)

    widths = [drawn_box(picture).width for picture in pictures[1:]]
    assert widths == pytest.approx([COLUMN.width * n / 8 for n in range(1, 8)], abs=4)


def test_the_progress_bar_is_seen_on_white_too(tmp_path: Path) -> None:
    made = captions.build([], look=POP, part=(1, 1), seconds=4.0).ass

    drawn = rendered(made, tmp_path, "gray", 2.0, 2, ground="white")

    last = np.frombuffer(drawn, np.uint8).reshape(-1, HEIGHT, WIDTH)[-1]  # at 1.5 s of 4
    full, empty = COLUMN.left + COLUMN.width // 4, COLUMN.right - 40
    assert (last[COLUMN.top : COLUMN.top + 12, full] < 200).any()
    assert (last[COLUMN.top : COLUMN.top + 12, full] > 240).sum() > (
        last[COLUMN.top : COLUMN.top + 12, empty] > 240
    ).sum()


def test_a_title_is_whole_on_the_first_picture_and_later_cards_fade_in(tmp_path: Path) -> None:
    shown = [Card("r/Plants", "Who waters it?", end=1.0), Card("u/me", "I do.", None, None, 1.0, 2)]
    made = captions.build([], look=POP, shown=shown, part=(1, 1), seconds=3.0).ass

    drawn = rendered(made, tmp_path, "gray", 1.4, 30)

    pictures = np.frombuffer(drawn, np.uint8).reshape(-1, HEIGHT, WIDTH)
    brightest = [int(picture[COLUMN.top + 40 :].max()) for picture in pictures]
    assert brightest[0] > 240
    assert brightest[31] < 200
    assert brightest[36] > 240


def test_every_letter_has_a_shipped_font() -> None:
    """A family that libass does not find by its name is shown in another or as boxes."""
    for face in fonts.FACES:
        font = ImageFont.truetype(str(fonts.FOLDER / face.file))
        assert " ".join(map(str, font.getname())) in (
            face.family,
            f"{face.family} {'Bold' if face.bold else 'Regular'}",
        )

    # A letter that a font lacks is drawn as its empty box, like this private one.
    for look in LOOKS.values():
        for word in (HARD + EMOJI).split():
            for face, run in fonts.runs(look.shown(word), look.face):
                font = ImageFont.truetype(str(fonts.FOLDER / face.file), 40)
                box = bytes(font.getmask("\ue000"))
                if face == fonts.EMOJI:
                    emojis = map(emoji.layers, letters.clusters(run))
                    run = "".join(layer.letter for layers in emojis for layer in layers)  # noqa: PLW2901
                    assert run
                assert all(bytes(font.getmask(letter)) != box for letter in run), (word, face)


def test_two_thousand_words_are_captioned_in_every_look() -> None:
    told = f"{STORY} {HARD} {EMOJI} ".split()
    words = spoken(" ".join(told * (2_000 // len(told) + 1)), each=0.1, pause=0.1)
    assert len(words) > 2_000

    for look in LOOKS.values():
        subtitles = build(words, look)

        assert captions.missing(words, subtitles.ass, look) == ()
        assert subtitles.captioned_words == len(words)


def test_emoji_may_be_left_out_without_losing_a_word() -> None:
    look = Look(emoji=False, upper_case=True)
    words = spoken("Straße 😭 was wet👍🏽 and 1️⃣ red.")

    subtitles = build(words, look)

    assert captions.words_in(subtitles.ass) == ["STRASSE", "WAS", "WET", "AND", "RED."]
    assert captions.missing(words, subtitles.ass, look) == ()
    assert "wet👍🏽 and" in subtitles.srt


def test_emoji_have_their_own_colours_and_words_around_them_keep_theirs(tmp_path: Path) -> None:
    words = [WordTiming("wet👍🏽wet", 0.0, 1.0), WordTiming("😭.", 1.0, 2.0)]
    made = build(words, replace(PLAIN, outline=0)).ass

    skin = coloured(made, tmp_path, "D5AB88", at=0.5)  # of Twemoji's artwork
    spoken_word = coloured(made, tmp_path, PLAIN.spoken_colour, at=0.5)

    assert skin
    assert spoken_word
    assert spoken_word.left < skin.left < skin.right < spoken_word.right
    assert coloured(made, tmp_path, PLAIN.colour, at=0.5), "the full stop behind an emoji"
    assert captions.words_in(made) == ["wet👍🏽wet", "😭."]


def test_an_emoji_too_new_for_the_artwork_is_drawn_as_its_nearest() -> None:
    assert PLAIN.shown("a🧑🏽‍🚀b") == "a🧑🏽‍🚀b"
    assert PLAIN.shown("👩🏽‍🪠") == "👩"  # no plumber yet
    assert PLAIN.shown("so\U0001fadf") == "so"  # no splatter either
    assert PLAIN.shown("1️⃣→☺") == "1️⃣→☺"


@pytest.mark.parametrize(
    ("text", "first_is_left"),
    [
        ("הוא קנה iPhone חדש. 😭", False),
        ("מצאנו 🔥 iPhone חדש. 😭", False),
        ("He said שלום again.", True),
        ("Say so, שלום again.", True),
    ],
)
def test_the_words_of_a_row_run_as_those_of_the_whole_text(
    text: str, first_is_left: bool, tmp_path: Path
) -> None:
    # Given a row that begins with a word of the other direction
    words = spoken(text, start=0.0, each=1.0, pause=0.0)
    made = build(words, Look(words_at_once=2, size=60)).ass

    # When that word is spoken
    first = coloured(made, tmp_path, PLAIN.spoken_colour, at=2.5)

    # Then it stands where a reader begins
    assert first
    assert ((first.left + first.right) / 2 < PLAIN.area.centre[0]) == first_is_left


def test_a_word_that_no_font_can_draw_is_named() -> None:
    words = spoken("She wrote བོད་ཡིག and pre-བོད on paper.")

    for look in LOOKS.values():
        assert captions.missing(words, build(words, look).ass, look) == ("བོད་ཡིག", "pre-བོད")


PHRASES = {
    "Japanese": "彼は|「2024年の|夏に」会社を|やめた。|もう|誰も|教えてくれない。",
    "Chinese": "我的|邻居|给|植物|浇了|三年的|水，|谁|也|不忍心|告诉|他。",
    "Thai": "เพื่อน|บ้าน|ของ|ฉัน|รดน้ำ|ต้นไม้|พลาสติก|มา|สาม|ปี|แล้ว",
    "Lao": "ເພື່ອນບ້ານ|ຂອງ|ຂ້ອຍ|ຫົດ|ນ້ຳ|ຕົ້ນໄມ້",
    "Khmer": "អ្នកជិតខាង|របស់ខ្ញុំ|បាន|ស្រោចទឹក|រុក្ខជាតិ|ប្លាស្ទិក",
    "Burmese": "အိမ်နီးချင်း|က ပလတ်စတစ်|အပင်|ကို ရေလောင်း|ခဲ့|သည်။",
    "mixed": "iPhoneを|買った！ 😀今天😀|天气|很好 ——そう……なの？ now",
}


@pytest.mark.parametrize("written", PHRASES.values(), ids=PHRASES)
def test_scripts_without_spaces_are_shown_phrase_by_phrase(written: str) -> None:
    text = written.replace("|", "")
    words = spoken(text, each=6.0)

    subtitles = build(words, POP)

    events = captions_of(subtitles.ass)
    shown = [ass.plain(event.text) for event in events]
    assert shown == written.replace("|", " ").split()
    assert captions.words_in(subtitles.ass) == text.split()
    assert captions.missing(words, subtitles.ass, POP) == ()
    sheet = SSAFile.from_string(subtitles.srt, "srt")
    assert "".join("".join(event.plaintext.split()) for event in sheet) == "".join(text.split())


def test_phrases_share_the_time_of_their_word_by_what_there_is_to_say() -> None:
    first, second, last = cues.phrased([WordTiming("今日は、さあ、出かけよう。", 2.0, 5.3)])

    assert (first.text, second.text, last.text) == ("今日は、", "さあ、", "出かけよう。")
    assert (first.start, last.end) == pytest.approx((2.0, 5.3))
    # An ideograph has two beats, a kana one, a mark in between is a pause of one and a half
    beats = [phrase.end - phrase.start for phrase in (first, second, last)]
    assert beats == pytest.approx([3.3 * n / 17.5 for n in (6.5, 3.5, 7.5)])


def test_rows_end_where_a_reader_expects() -> None:
    look = Look(size=120, words_at_once=6)
    assert rows_of("misunderstandings", look) == ["misunderstandings"]  # shrunk, not broken
    long = "Donaudampfschifffahrts-elektrizitätenhauptwerk"
    assert rows_of(long, look)[0] == "Donaudampfschifffahrts-"

    for written in PHRASES.values():
        for cue in cues.cut(cues.phrased(spoken(written.replace("|", ""), each=2.0)), look, 99.0):
            layout = cues.lay_out(cue.phrases, look)
            assert [piece.text for piece in layout.pieces] == [p.text for p in cue.phrases]
            assert layout.pieces[-1].row <= 2


def test_a_letter_is_never_parted_from_its_marks() -> None:
    for letter in ("क्षि", "น้ำ", "ខ្ញុំ", "👩🏽‍🚀", "é̂"):
        assert letters.clusters(letter) == [letter]
        for row in rows_of(letter * 60, Look(size=120)):
            assert len(row) % len(letter) == 0


def test_subtitles_beside_the_video_hold_a_sentence_at_a_time() -> None:
    words = spoken(r"He typed {x} & <b> in C:\new. Then he left.")

    subtitles = build(words)

    sheet = SSAFile.from_string(subtitles.srt, "srt", keep_html_tags=True)
    assert len(sheet) == 2
    assert (sheet[0].start, sheet[1].end) == (200, round(words[-1].end * 1000))
    assert "He typed {x} & <b> in C:\\\u2060new." in subtitles.srt
    assert subtitles.vtt.startswith("WEBVTT\n\n")
    assert "00:00:00.200 -->" in subtitles.vtt
    assert "He typed {x} &amp; &lt;b&gt; in C:" in subtitles.vtt


def test_a_long_sentence_is_cut_into_subtitles_of_two_rows() -> None:
    subtitles = build(spoken("and then we walked a little further " * 8 + "home."))

    for event in SSAFile.from_string(subtitles.srt, "srt"):
        rows = event.plaintext.split("\n")
        assert len(rows) <= 2
        assert all(len(row) <= 42 for row in rows)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (-7, "-7"),
        (999, "999"),
        (1_000, "1k"),
        (9_999, "10k"),
        (12_400, "12.4k"),
        (999_949, "999.9k"),
        (999_950, "1M"),
        (-999_999, "-1M"),
        (2_500_000, "2.5M"),
        (999_999_999, "1B"),
    ],
)
def test_large_numbers_are_shortened(number: int, shown: str) -> None:
    assert compact(number) == shown


def rows_of(word: str, look: Look) -> list[str]:
    rows: dict[int, str] = {}
    for piece in cues.lay_out([Phrase(word, 0.0, 1.0)], look).pieces:
        rows[piece.row] = rows.get(piece.row, "") + piece.text
    return list(rows.values())


def captions_of(made: str) -> list[SSAEvent]:
    return [e for e in SSAFile.from_string(made, "ass") if e.style == captions.CAPTION_STYLE]


def one_event(event: SSAEvent) -> str:
    file = SSAFile()
    file.append(event)
    return file.to_string("ass")

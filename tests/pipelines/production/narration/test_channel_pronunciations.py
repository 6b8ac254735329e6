"""Words are said as the channel's table says, and captioned as they are written."""

from __future__ import annotations

import pytest

from adapters.ports import WordTiming
from core.errors import InputError
from pipelines.production.narration import channel_pronunciations
from pipelines.production.narration.channel_pronunciations import (
    MOST_ENTRIES,
    MOST_SAID,
    MOST_WRITTEN,
)

TABLE = [
    ("Nguyen", "win"),
    ("AITA", "am I the asshole"),
    ("New York", "the big apple"),
    ("York", "yawk"),
    ("iOS", "eye oh ess"),
    ("Brien", "bryan"),
    ("3", "tree"),
    ("a-hole", "asshole"),
]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("We met Nguyen.", "We met win."),
        ("We met NGUYEN and nguyen.", "We met win and win."),
        ("“Nguyen’s dog!”", "“Win’s dog!”"),  # noqa: RUF001 - as people type it
        ("It's Nguyen's, (Nguyen)...", "It's win's, (win)..."),
        ("Dr.\nNguyen left. Nguyen came.", "Dr.\nWin left. Win came."),
        ("AITA? aita.", "Am I the asshole? aita."),
        ("So, AITA?", "So, am I the asshole?"),
        ("IOS iOS", "IOS eye oh ess"),
        ("In York, New York and New\nYork", "In yawk, the big apple and the big apple"),
        ("New\n\nYork", "New\n\nYawk"),
        ("the a-hole", "the asshole"),
        ("Nguyen-Smith", "Win-Smith"),
        ("3 men, 3.5 or 1.3 miles", "Tree men, 3.5 or 1.3 miles"),
    ],
)
def test_whole_words_are_said_as_the_table_says(written: str, said: str) -> None:
    made = channel_pronunciations.say(written, TABLE)
    assert made is not None
    assert made.text == said


@pytest.mark.parametrize(
    "text",
    ["Nguyens", "O'Brien", "O’Brien", "ab3", "aita", "33", "No word of it."],  # noqa: RUF001
)
def test_other_words_stay(text: str) -> None:
    assert channel_pronunciations.say(text, TABLE) is None


def test_part_of_a_shortened_word_is_no_word() -> None:
    assert channel_pronunciations.say("I don't.", [("don", "dawn")]) is None


def timed(text: str) -> list[WordTiming]:
    """Each word takes a second."""
    return [WordTiming(word, at, at + 1.0) for at, word in enumerate(text.split())]


def test_the_time_of_a_said_phrase_belongs_to_the_written_word() -> None:
    # Given a word that is said as four, and two that are said as three
    written = "Well, AITA? He loves New York."
    said = channel_pronunciations.say(written, TABLE)
    assert said is not None
    assert said.text == "Well, am I the asshole? He loves the big apple."

    # When each said word takes a second
    words = said.written(timed(said.text))

    # Then every written word is there in order, with the time of what was said for it
    assert [word.word for word in words] == written.split()
    spans = {word.word: (word.start, word.end) for word in words}
    assert spans["Well,"] == (0, 1)
    assert spans["AITA?"] == (1, 5)
    assert spans["He"] == (5, 6)
    assert spans["New"] == pytest.approx((7, 7 + 3 * 3 / 8))  # by letters
    assert spans["York."] == pytest.approx((7 + 3 * 3 / 8, 10))


def test_what_is_said_is_not_replaced_again() -> None:
    table = [("ox", "cow"), ("cow", "ox"), ("red cow", "bull")]

    said = channel_pronunciations.say("An ox, a cow, a red cow.", table)

    assert said is not None
    assert said.text == "An cow, a ox, a bull."


def test_a_table_is_read_from_lines_and_written_back() -> None:
    table = channel_pronunciations.parse_lines("Nguyen = win\n\n  New   York=the big  apple \n")

    assert table == [["Nguyen", "win"], ["New York", "the big apple"]]
    assert channel_pronunciations.parse_lines(channel_pronunciations.lines(table)) == table


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("Nguyen win", "“Nguyen win” has no equals sign"),
        ("= win", "needs a written form"),
        ("Nguyen = !", "“Nguyen” needs a said form"),
        ("Nguyen = win\nNGuyen = when\nnguyen = wen", "“nguyen” is given twice"),
        (f"{'x' * (MOST_WRITTEN + 1)} = x", f"at most {MOST_WRITTEN} characters, not"),
        (f"x = {'y' * (MOST_SAID + 1)}", f"at most {MOST_SAID} characters, not"),
        ('Nguyen = "win"', "has the sign '\"'"),
        ("Nguyen = [[win]]", "has the sign '\\['"),
        ("雨 = ame", "a script without spaces"),
        ("\n".join(f"w{n} = x" for n in range(MOST_ENTRIES + 1)), f"at most {MOST_ENTRIES} lines"),
    ],
)
def test_a_wrong_entry_is_one_sentence(lines: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        channel_pronunciations.parse_lines(lines)


def test_an_entry_is_put_and_removed() -> None:
    table = channel_pronunciations.put([["Nguyen", "win"]], "nguyen", "wen")
    assert table == [["nguyen", "wen"]]
    assert channel_pronunciations.put(table, "Nguyen", " ") == []
    with pytest.raises(InputError, match="no pronunciation of “Smith”"):
        channel_pronunciations.put(table, "Smith", "")

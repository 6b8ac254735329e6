# ruff: noqa: RUF001  (marks of other scripts are meant)
from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

import pytest

from pipelines.stories.text import normalize

if TYPE_CHECKING:
    from pipelines.stories.text.rules.rule import Rule

RULES = {rule.name: rule for code in ("en", "tr") for rule in normalize.rules(code)}
EXAMPLES = [
    pytest.param(rule, written, said, id=f"{rule.name}: {written[:30]!a}")
    for rule in RULES.values()
    for written, said in rule.examples
]

WEDDING = """\
Throwaway because my family knows my main. On mobile, so sorry for the formatting.

I (34m) planned a **small** party w/ my wife (32F) for
$0.5k.&amp;#x200B; My MIL (62F) came at
3:30pm &amp; IN A WHITE DRESS 😂!!! She said "what the f\\*\\*\\* is your problem"...

I asked [my brother](https://example.org/b) and u/quiet_lamp on r/WeddingAdvice. Look at
https://example.org.

EDIT: Wow, thanks for the gold, kind stranger!

Edit 2: To clarify, the dress was hers.

TL;DR: white dress, no cake.
"""


@pytest.mark.parametrize(("rule", "written", "said"), EXAMPLES)
def test_each_rule_does_what_its_examples_show(rule: Rule, written: str, said: str) -> None:
    assert rule.apply(written) == said


def test_every_rule_has_an_example() -> None:
    assert [name for name, rule in RULES.items() if not rule.examples] == []


def test_a_whole_post_becomes_narratable() -> None:
    # Given a post with everything that posts have
    # When it is made narratable
    story = normalize.narratable("AITA for asking my MIL to leave", WEDDING)

    # Then I expect a story as a person would tell it, without the notes around it
    assert story.title == "Am I the a-hole for asking my mother-in-law to leave?"
    assert story.paragraphs == (
        (
            "I, a 34-year-old man, planned a small party with my 32-year-old wife for 500 dollars.",
            "My 62-year-old mother-in-law came at 3:30 PM and in a white dress!",
            'She said "what the heck is your problem"...',
        ),
        (
            "I asked my brother and a user on the wedding advice subreddit.",
            "Look at a link.",
        ),
        ("Update: To clarify, the dress was hers.",),
    )


def test_shouting_is_calmed_but_shorthand_is_not() -> None:
    story = normalize.narratable("", "My SO was SO mad. WE LEFT THE USA FOR GOOD.")

    assert story.text == "My significant other was so mad. We left the USA for good."


def test_narratable_text_is_its_own_narratable_text() -> None:
    # Given a narratable text that a person has edited and saved
    once = normalize.narratable("AITA for asking my MIL to leave", WEDDING)

    # When it goes through the same rules again
    twice = normalize.narratable(once.title, once.text)

    # Then I expect nothing to change
    assert twice == once


@pytest.mark.parametrize(
    "body",
    [
        WEDDING,
        "- , ; & « » | ** __ -- — … ( ) [ ] < > ^ ~ = + * # / \\ ' \" ` ¯\\_(ツ)_/¯ end",
        "a\u200b\u202e\u2066b \u0007 \ufeff 👩‍👩‍👧 ½ 😂, no... - !",
        "| a | b |\n|---|---|\n| 1 | - |\n| ! | ? |",
        "日本語の文です。もう一つ！ मैं ठीक हूँ। هل أنت بخير؟ نعم.",
    ],
)
def test_every_word_can_be_heard_and_shown(body: str) -> None:
    story = normalize.narratable("So - what ?!", body)

    words = [*story.title.split(), *story.words]
    assert words
    assert [word for word in words if not any(char.isalnum() for char in word)] == []


@pytest.mark.parametrize(
    "body", ["", "😂 🤷‍♂️", "![img](abc)", "****", "    x = f(1)\n    y()", "Edit: typo"]
)
def test_a_post_with_nothing_to_say_has_no_paragraphs(body: str) -> None:
    assert normalize.narratable("Look", body).paragraphs == ()


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        (
            "# The rules\n1. No shoes\n2. No *loud* talk!",
            "The rules. 1. No shoes. 2. No loud talk!",
        ),
        ("###Day one\nIt rained.", "Day one. It rained."),
        ("> I never said that", "I never said that."),
        (">!The cook did it!<", "The cook did it."),
        ("He ~~lied~~ told ^(the truth) ^^twice.", "He told the truth twice."),
        ("Run `ls` now.\n\n```\nfor f in *; do rm $f; done\n```", "Run ls now."),
        ("    I am indented prose, no program at all.", "I am indented prose, no program at all."),
        (
            "| Name | Age |\n|---|---|\n| Bo | 9 |\n| Al | 7 |",
            "Name: Bo, Age: 9. Name: Al, Age: 7.",
        ),
        ("| A |\n|---|\n" + "| 1 |\n" * 9, "There is a table of 9 rows here."),
        ("She <b>left</b> <my town>.<br>For good.", "She left my town. For good."),
    ],
)
def test_markdown_is_spoken(markdown: str, said: str) -> None:
    assert " ".join(normalize.narratable("", markdown).sentences) == said


@pytest.mark.parametrize(
    ("written", "sentences"),
    [
        (
            "Mr. Hill lives in the U.S. He works 9 to 5.",
            ["Mr. Hill lives in the U.S.", "He works 9 to 5."],
        ),
        (
            "He said no. Then he left at 2 p.m. I slept.",
            ["He said no.", "Then he left at 2 PM.", "I slept."],
        ),
        (
            '"Why?" she asked. "No reason." I left.',
            ['"Why?" she asked.', '"No reason."', "I left."],
        ),
        ("Well... maybe. So... I ran.", ["Well... maybe.", "So...", "I ran."]),
        ("i was home. it was late! he came", ["I was home.", "It was late!", "He came."]),
        (
            "I called him\nShe called me\nNobody came",
            ["I called him.", "She called me.", "Nobody came."],
        ),
        ("This line is wrapped\nand goes on here.", ["This line is wrapped and goes on here."]),
        ("雨だ。帰ろう！はい。", ["雨だ。", "帰ろう！", "はい。"]),
        ("រុក្ខជាតិ។ គាត់មិនដឹងទេ។", ["រុក្ខជាតិ។", "គាត់មិនដឹងទេ។"]),
        ("ရေလောင်းခဲ့သည်။ သူမသိပါ။", ["ရေလောင်းခဲ့သည်။", "သူမသိပါ။"]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(written: str, sentences: list[str]) -> None:
    assert list(normalize.narratable("", written).sentences) == sentences


def test_a_wall_of_text_is_broken_for_breath_without_losing_a_word() -> None:
    wall = "i went to the shop and saw my old boss but he looked away so i followed him " * 6

    sentences = normalize.narratable("", wall).sentences

    assert max(len(sentence.split()) for sentence in sentences) <= 40
    assert [word.strip(",.").lower() for word in " ".join(sentences).split()] == wall.split()


def test_the_news_in_an_edit_is_kept_and_its_thanks_are_not() -> None:
    body = """My neighbor built a fence on my side of the line and painted it in the night, badly,
while I was asleep upstairs with the window open.

EDIT:

Thanks everyone for the advice! The city sent a letter today.

UPDATE 3: He moved the fence. RIP my inbox."""

    sentences = normalize.narratable("", body).sentences

    assert sentences[-2:] == (
        "Update: The city sent a letter today.",
        "Update: He moved the fence.",
    )


def test_a_summary_is_kept_if_it_is_the_only_story() -> None:
    assert normalize.narratable("", "TL;DR: I sold the boat.").sentences == ("I sold the boat.",)


def test_a_text_too_short_to_detect_counts_as_english() -> None:
    assert normalize.narratable("", "My MIL lol", "und").text == "My mother-in-law."


def test_another_language_gets_the_general_rules() -> None:
    story = normalize.narratable(
        "Mi suegra 😂", "**Ella** vino (https://example.org) a r/bodas!!!", "es"
    )

    assert story.title == "Mi suegra"
    assert story.sentences == ("Ella vino a bodas!",)


SPEECHES = (
    "{open}Wait{mark}{close}",
    "She said, {open}Wait{mark}{close}",
    "{open}— Wait{mark}{close}",
)
BROKEN_OFF = (
    *("", "—", " —", "--", "-", " - ", "–", "...", "…", " . . .", "!", " ?", "?!", "!—", "?—"),
    *("—!", "-,", ",", ", ", ";", ":", " :)", " 😂", "*", " **"),
)
TAILS = (" he said.", " Bob said.", " He turned.", ", he said.", ".", "")
QUOTES = (('"', '"'), ("“", "”"), ('"', ' "'), ('" ', ' "'), ("« ", " »"), ("„", "“"))


@pytest.mark.slow
@pytest.mark.parametrize("code", ["en", "fr"])
def test_no_quotation_loses_its_end(code: str) -> None:
    # Given speeches that end or break off in every way, in every pair of marks
    lost = []
    for speech, mark, tail, (opens, ends) in product(SPEECHES, BROKEN_OFF, TAILS, QUOTES):
        written = speech.format(open=opens, mark=mark, close=ends) + tail
        # When they are made narratable
        said = normalize.narratable("", written, code).text
        # Then every open quotation is closed, after the same word
        if not re.search(r'"Wait[^\w\s"]*"', said) or said.count('"') != 2:
            lost.append((written, said))
    assert lost == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"Wait—" he said', '"Wait," he said.'),
        ('"Wait—" He turned.', '"Wait." He turned.'),
        ('He began, "I never—"', 'He began, "I never."'),
        ("'Wait—' he said. 'Go!—'", "'Wait,' he said. 'Go!'"),
        ('"—and then," she said', '"And then," she said.'),
        ('She ran — "Stop!" — and fell', 'She ran, "Stop!", and fell.'),
        ("``Go,'' he said", '"Go," he said.'),
        ('"So funny :)" she wrote', '"So funny" she wrote.'),
        ("(or so I thought—) I left", "(Or so I thought.) I left."),
    ],
)
def test_a_speech_that_breaks_off_still_ends(written: str, said: str) -> None:
    assert normalize.narratable("", written).text == said


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        ("ar", "ذهبت إلى البيت", "ذهبت إلى البيت."),
        ("ar", "هل رأيتها؟", "هل رأيتها؟"),
        ("ur", "میں گھر گیا ہوں", "میں گھر گیا ہوں۔"),
        ("hi", "मैं घर गया", "मैं घर गया।"),
        ("zh", "他走了", "他走了。"),
        ("ja", "「雨だ」と言った", "「雨だ」と言った。"),
        ("th", "ฉันกลับบ้าน", "ฉันกลับบ้าน"),
        ("ko", "나는 집에 갔다", "나는 집에 갔다."),
        ("en", 'He said "no,"', 'He said "no."'),
    ],
)
def test_a_sentence_is_closed_with_its_scripts_own_stop(
    language: str, written: str, said: str
) -> None:
    assert normalize.narratable("", written, language).text == said


def test_a_wall_in_another_script_is_broken_with_its_own_comma() -> None:
    sentences = normalize.narratable("", "ذهبت إلى البيت " * 30, "ar").sentences

    assert len(sentences) > 1
    assert {sentence[-1] for sentence in sentences} == {"،", "."}


def test_an_undetected_text_in_another_script_gets_no_english_words() -> None:
    assert normalize.narratable("", "انظر https://example.org هنا", "und").text == "انظر هنا."

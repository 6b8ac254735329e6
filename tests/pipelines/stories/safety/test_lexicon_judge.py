# ruff: noqa: RUF001  (look-alike letters are the subject)
from __future__ import annotations

import codecs

import pytest

from pipelines.stories.safety import evaluation
from pipelines.stories.safety.evaluation import LABELLED
from pipelines.stories.safety.lexicon_judge import fold, judge

WARN, BLOCK = 0.6, 0.8
TELLING = "He went back to the house and looked for the key that she had left on the shelf. "


@pytest.mark.parametrize(
    "text",
    [
        TELLING * 5,
        "The people of Scunthorpe assess each class with a shuttlecock; the therapist analyses it.",
        "I paid 1500 dollars at 7pm for a 4x4.",
        "",
    ],
)
def test_a_harmless_text_is_clean(text: str) -> None:
    assert judge(text) == judge("")
    assert judge(text).score == 0.0
    assert judge(text).label == "clean"


@pytest.mark.parametrize(
    "disguised",
    [
        "kill yourself",
        "K1LL Y0URSELF",
        "kіll yоurself",
        "k.i.l.l yourself",
        "kiiiill yourself",
        "kïll  yourself",
    ],
)
def test_a_disguise_does_not_help(disguised: str) -> None:
    verdict = judge(f"You should just {disguised} already.")

    assert fold(disguised) == "kill yourself"
    assert verdict.score >= BLOCK
    assert verdict.label == "harassment"


def test_one_coarse_word_in_a_story_is_nothing_and_one_a_sentence_is_much() -> None:
    coarse = codecs.decode("shpxvat", "rot13")

    once = judge(TELLING * 20 + coarse)
    always = judge(f"This {coarse} thing is {coarse} broken, and the {coarse} key is gone. " * 5)

    assert once.score < 0.1
    assert always.score >= WARN
    assert always.label == "profanity"


def test_a_threat_counts_in_full_however_long_the_story_is() -> None:
    verdict = judge(TELLING * 60 + "I will kill you.")

    assert verdict.score >= WARN
    assert verdict.label == "threat"


def test_a_hard_subject_told_soberly_is_not_blocked() -> None:
    assert judge(TELLING * 8 + "My brother was stabbed, and the police came.").score < WARN


@pytest.mark.parametrize(
    ("masked", "word"),
    [("s*px", "shpx"), ("fu*g", "fuvg"), ("avttttre", "avttre"), ("a1ttref", "avttref")],
)
def test_masked_stretched_and_swapped_letters_are_read(masked: str, word: str) -> None:
    said, meant = codecs.decode(masked, "rot13"), codecs.decode(word, "rot13")
    assert judge(f"{said} " * 9).score == judge(f"{meant} " * 9).score >= WARN


@pytest.mark.parametrize(
    ("part", "precision", "recall"), [("tuned", 0.97, 0.98), ("held out", 0.95, 0.94)]
)
def test_the_rules_reach_the_documented_precision_and_recall(
    part: str, precision: float, recall: float
) -> None:
    # Given the labelled texts, a third of which was not used to write the rules
    texts = [text for text in evaluation.read(LABELLED) if text.held_out == (part == "held out")]
    assert len(texts) > 100

    # When all are judged with the default threshold
    *by_label, overall = evaluation.figures(evaluation.judged(texts, WARN))

    # Then few clean texts are flagged, and few unsafe texts are missed
    assert overall.precision >= precision
    assert overall.recall >= recall
    assert all(row.recall >= 0.75 for row in by_label)


def test_a_higher_threshold_trades_recall_for_precision() -> None:
    texts = evaluation.read(LABELLED)
    curve = [
        evaluation.figures(evaluation.judged(texts, threshold))[-1]
        for threshold in (0.3, WARN, BLOCK, 0.99)
    ]
    recalls = [each.recall for each in curve]
    assert recalls == sorted(recalls, reverse=True)
    assert curve[0].precision <= curve[2].precision

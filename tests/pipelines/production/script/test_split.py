from __future__ import annotations

import random
import statistics

import pytest

from models import SplitBy
from pipelines.production.script.split import PartText, split

SPEED = 165


def sentence(words: int, end: str = ".") -> str:
    return " ".join(["word"] * words) + end


def said(parts: tuple[PartText, ...]) -> list[str]:
    return [sentence for part in parts for sentence in part.sentences]


def test_five_hundred_words_make_three_parts_of_about_the_same_length() -> None:
    # Given 500 words in 50 sentences and 10 paragraphs
    story = [[sentence(10)] * 5] * 10

    # When the story is split for parts of 60 to 90 seconds
    parts = split(story, words_per_minute=SPEED, overhead_words=25)

    # Then I expect three, each within the target, with nothing lost
    assert [60 <= part.seconds <= 80 for part in parts] == [True] * 3
    assert said(parts) == [text for paragraph in story for text in paragraph]


def test_a_story_that_fits_is_one_part() -> None:
    story = [[sentence(10)] * 22]

    (part,) = split(story, words_per_minute=SPEED, overhead_words=25)

    assert part.seconds == pytest.approx((220 + 25) / SPEED * 60, abs=0.1)
    assert part.paragraphs == (tuple(story[0]),)


def test_parts_end_by_preference_where_a_paragraph_ends() -> None:
    story = [[sentence(10)] * 16, [sentence(10)] * 14]

    first, _ = split(story, words_per_minute=SPEED)

    assert len(first.sentences) == 16


@pytest.mark.parametrize(
    "cliff", ["Who was at the door?", "I knew that voice...", "But then he smiled."]
)
def test_parts_end_by_preference_on_a_cliffhanger(cliff: str) -> None:
    sentences = [sentence(10)] * 13 + [f"{sentence(6, '')} {cliff}"] + [sentence(10)] * 16

    first, _ = split([sentences], words_per_minute=SPEED)

    assert first.sentences[-1].endswith(cliff)


def test_parts_end_by_preference_where_the_writer_suggested() -> None:
    sentences = [f"{index} {sentence(9)}" for index in range(30)]

    first, _ = split([sentences], words_per_minute=SPEED, split_after=[12])

    assert first.sentences[-1].startswith("12 ")


def test_a_suggestion_never_makes_a_part_too_long_or_too_short() -> None:
    sentences = [sentence(10)] * 60

    parts = split([sentences], words_per_minute=SPEED, split_after=[0, 1, 58])

    assert all(20 <= part.seconds <= 90 for part in parts)


def test_the_best_place_is_not_used_if_a_part_would_be_under_twenty_seconds() -> None:
    # Given 14 sentences of 4 seconds, and every reason to split after the fourth
    story = [[sentence(11)] * 3 + [sentence(11, "?")], [sentence(11)] * 10]

    first, _ = split(
        story, words_per_minute=SPEED, target_seconds=(10, 40), overhead_words=0, split_after=[3]
    )

    assert first.seconds >= 20


def test_a_very_long_sentence_leaves_no_short_rest() -> None:
    story = [[", and ".join(sentence(11, "") for _ in range(18)) + "."], [sentence(28)]]

    parts = split(story, words_per_minute=SPEED, overhead_words=25)

    assert len(parts) == 2
    assert all(part.seconds >= 40 for part in parts)


def test_no_part_is_shorter_than_twenty_seconds() -> None:
    # Given a story a little longer than one part, with its only paragraph end near the end
    story = [[sentence(10)] * 24, [sentence(3)]]

    parts = split(story, words_per_minute=SPEED, overhead_words=5)

    assert len(parts) == 2
    assert all(part.seconds >= 20 for part in parts)


def test_a_sentence_longer_than_a_part_is_broken_at_its_clauses() -> None:
    monster = ", and ".join(sentence(12, "") for _ in range(40)) + "."

    parts = split([[monster]], words_per_minute=SPEED)

    assert all(20 <= part.seconds <= 90 for part in parts)
    assert " ".join(said(parts)) == monster


def test_an_empty_story_has_no_parts() -> None:
    assert split([], words_per_minute=SPEED) == ()
    assert split([[]], words_per_minute=SPEED) == ()


def test_a_target_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="too short for the 300 words"):
        split([["Hello."]], words_per_minute=SPEED, overhead_words=300)


# ── any story ────────────────────────────────────────────────────────────────────────────────


def any_story(chance: random.Random) -> list[list[str]]:
    """Paragraphs as people write them: some of one sentence, some very long."""
    return [
        [
            " ".join(f"w{chance.randrange(99)}" for _ in range(chance.randint(1, 38)))
            + chance.choice([".", ".", ".", "?", "!", "..."])
            for _ in range(chance.choice([1, 1, 2, 4, 7, 12]))
        ]
        for _ in range(chance.randint(1, 30))
    ]


@pytest.mark.slow
@pytest.mark.parametrize("by", list(SplitBy))
def test_of_any_story_each_sentence_is_in_one_part_in_order_and_parts_are_balanced(by: str) -> None:
    chance = random.Random(11)  # noqa: S311  # the same stories in each run
    spreads = []
    for _ in range(300):
        story = any_story(chance)
        speed = chance.choice([120, 165, 210])
        wishes = [chance.randrange(60) for _ in range(4)]
        parts = split(story, words_per_minute=speed, split_after=wishes, by=by)

        assert said(parts) == [sentence for paragraph in story for sentence in paragraph]
        assert [part.text.split() for part in parts if not part.text.strip()] == []
        assert all(part.seconds <= 90.1 for part in parts)
        if len(parts) > 1:
            lengths = [part.seconds for part in parts]
            assert min(lengths) >= 20
            spreads.append((max(lengths) - min(lengths)) / max(lengths))
    assert statistics.median(spreads) < {"sentence": 0.1, "paragraph": 0.3}.get(by, 0.2)


def test_by_sentence_the_most_even_place_is_used() -> None:
    story = [[sentence(10)] * 16, [sentence(10)] * 14]

    first, second = split(story, words_per_minute=SPEED, by=SplitBy.SENTENCE, split_after=[12])

    assert len(first.sentences) == len(second.sentences) == 15


def test_by_paragraph_a_cliffhanger_inside_one_is_not_used() -> None:
    story = [[sentence(10)] * 18, [sentence(10, "?"), *[sentence(10)] * 11]]

    first, _ = split(story, words_per_minute=SPEED, by=SplitBy.PARAGRAPH, split_after=[15])

    assert len(first.sentences) == 18

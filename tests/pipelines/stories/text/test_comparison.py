"""Two texts side by side: what only one of them has is marked, and nothing is lost."""

from __future__ import annotations

from pipelines.stories.text.comparison import compare

ONE = [
    "The lift stopped every Sunday.",
    "Nobody knew why.",
    "I took a chair.",
    "A voice asked me for the newspaper.",
]
OTHER = [
    "The lift stopped every Saturday.",
    "Nobody knew why!",
    "A thin voice asked me for the newspaper.",
    "I gave it mine.",
]


def test_changed_sentences_stand_beside_each_other() -> None:
    passages = compare(ONE, OTHER)

    assert [same for same, _ in passages] == [False, True, False]
    (_, (first,)), (_, (alike,)), (_, (gone, changed, new)) = passages
    assert first.one == (("The lift stopped every", False), ("Sunday.", True))
    assert first.other == (("The lift stopped every", False), ("Saturday.", True))
    assert alike.one == (("Nobody knew why.", False),)  # a mark is no difference
    assert (gone.one, gone.other) == ((("I took a chair.", True),), ())
    assert changed.other[1] == ("thin", True)
    assert (new.one, new.other) == ((), (("I gave it mine.", True),))


def test_every_word_of_both_texts_is_there_in_order() -> None:
    long = [f"Sentence {n} is about box {n * n}." for n in range(150)]
    for one, other in ((ONE, OTHER), (OTHER, []), (long, long[::-1]), ([], [])):
        rows = [row for _, passage in compare(one, other) for row in passage]
        assert " ".join(text for row in rows for text, _ in row.one) == " ".join(one)
        assert " ".join(text for row in rows for text, _ in row.other) == " ".join(other)

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pipelines.stories.text.similarity import SIZE, THRESHOLD, similarity, sketch

STORY = """My grandfather kept a lighthouse for thirty years and never once let the lamp go out. On
the night he retired he gave me the key and told me that the third step was loose. I laughed,
because everybody on the island knew about the third step. What nobody knew was what lay
under it. I found the box two winters later, when the keeper who came after him called me in
tears. It held forty letters, all in my grandmother's hand, and all of them sent to a man
whose name I had never heard. I read the first one standing in the wind. By the tenth I was
sitting on the floor. She had loved him before the war, he had gone to sea, and my
grandfather had carried every letter to the post himself, knowing what was in it, because
she had asked him to. The last one had never been sent. It was addressed to my grandfather,
and it said thank you."""
OTHER = """My manager told me that every break had to be written down to the minute. So I bought a
notebook and wrote everything down, including the forty minutes he spent each morning on his
boat catalog. When the auditors came and asked who kept such careful records, I handed them
the book. He does not work here any more, and the boat is for sale. I still take my breaks
on the minute, and the new manager brings me coffee when I come back. Nobody has asked me
for the notebook since, but I keep it in my drawer, and every now and then I write a line in
it, for old times."""


def test_an_edited_repost_is_found() -> None:
    # Given a repost with another spelling, a few words changed and an edit note added
    repost = (
        STORY.upper()
        .replace("THIRTY", "twenty")
        .replace("LOOSE", "broken")
        .replace("FORTY LETTERS", "fifty letters")
        .replace("NEVER", "nevér")
        .replace(".", "!")
    ) + " Edit: so many of you asked. Yes, I still have the key, and no, I will not sell it."

    assert similarity(sketch(STORY), sketch(repost)) >= THRESHOLD


def test_a_longer_update_of_the_same_story_is_found() -> None:
    assert similarity(sketch(STORY), sketch(f"{STORY} {OTHER}")) >= THRESHOLD


def test_another_story_is_not() -> None:
    assert similarity(sketch(STORY), sketch(OTHER)) < THRESHOLD / 3


def test_similarity_falls_with_each_change() -> None:
    words = STORY.split()
    changed = [
        " ".join("boat" if index % every == 0 else word for index, word in enumerate(words))
        for every in (1000, 25, 12, 6, 3)
    ]

    found = [similarity(sketch(STORY), sketch(text)) for text in changed]

    assert found == sorted(found, reverse=True)
    assert found[0] > 0.9
    assert found[-1] < THRESHOLD


def test_a_sketch_fits_a_bigint_array() -> None:
    made = sketch(STORY)

    assert len(made) == SIZE
    assert all(-(2**63) <= number < 2**63 for number in made)


@pytest.mark.parametrize("text", ["", "... !!"])
def test_a_text_without_words_is_like_nothing(text: str) -> None:
    assert sketch(text) == ()
    assert similarity(sketch(text), sketch(text)) == 0.0


def test_short_texts_and_texts_without_spaces_have_sketches_too() -> None:
    assert similarity(sketch("Hello there"), sketch("hello, THERE!")) == 1.0
    assert (
        similarity(sketch("灯台守の祖父は毎晩灯をともした"), sketch("灯台守の祖父は毎晩灯を消した"))
        > 0.4
    )


def test_a_sketch_is_the_same_in_every_process() -> None:
    code = (
        "from pipelines.stories.text.similarity import sketch; print(sketch('one two three four'))"
    )
    env = os.environ | {"PYTHONHASHSEED": "7"}

    out = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=env
    )

    assert out.stdout.strip() == str(sketch("one two three four"))

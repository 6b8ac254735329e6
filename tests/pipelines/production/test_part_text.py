"""A person corrects the words of a part."""

from __future__ import annotations

import pytest

from models import Part
from pipelines.production import part_text
from tests.pipelines.production.making import a_part

pytestmark = pytest.mark.usefixtures("record")


@pytest.mark.parametrize(
    ("answers", "moved"),
    [([], []), ([[0, 1]], [[0, 1]]), ([[0, 1], [4, 2]], [[0, 1], [5, 2]])],
)
def test_answers_start_where_their_words_are_now(
    answers: list[list[int]], moved: list[list[int]]
) -> None:
    part = a_part("The lamp went out. I lit it again.", answers=answers)
    words = part_text.PartWords(part.hook, "The lamp went right out. I lit it again.", "")

    part_text.edit(part.id, "ada", words)

    known = Part.get_by_id(part.id)
    assert (known.text, known.answers) == (words.text, moved)

"""Numbers and people in a line: a model that adds one of them tells another story."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.text.homoglyphs import drawn

_SAME = (
    "2 two", "3 three", "4 four", "5 five", "6 six", "7 seven", "8 eight", "9 nine", "10 ten",
    "11 eleven", "12 twelve", "13 thirteen", "14 fourteen", "15 fifteen", "16 sixteen",
    "17 seventeen", "18 eighteen", "19 nineteen", "20 twenty", "30 thirty", "40 forty",
    "50 fifty", "60 sixty", "70 seventy", "80 eighty", "90 ninety", "100 hundred",
    "1000 thousand", "1000000 million",
    "mother mom mum mama mommy mummy", "father dad papa daddy", "parent", "wife", "husband",
    "girlfriend", "boyfriend", "fiancee fiance", "sister", "brother", "son", "daughter",
    "grandmother grandma gran granny", "grandfather grandpa", "aunt", "uncle", "cousin",
    "niece", "nephew", "boss manager", "landlord landlady", "teacher", "doctor",
)  # fmt: skip
"""Words that mean the same stand together. Not "one", which is rarely a number."""
_MEANING = {word: words.split()[0] for words in _SAME for word in words.split()}
_WORD = re.compile(r"[^\W\d_]+|\d+")


def claims(text: str, language: str) -> Iterator[tuple[str, str]]:
    """The numbers and people in ``text``: the word, and what it means.

    In other languages than English, these are the numbers in digits.
    """
    for word in _WORD.findall(drawn(text)):
        if word.isdigit():
            yield word, word
        elif language == "en":
            meaning = _MEANING.get(word) or _MEANING.get(word.removesuffix("s"))
            if meaning:
                yield word, meaning

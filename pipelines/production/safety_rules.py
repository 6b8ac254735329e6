"""The first judge of a story (P5): a small weighted lexicon, always there and instant.

It sees coarse words, hate, threats, sexual and violent terms, also when letters are swapped for
look-alikes, spelled with digits or signs, stretched or spaced out. It can't read: irony, quotes and
context are for a model or a person, who decide on what it flags.
"""
# ruff: noqa: RUF002  (the look-alike letters are what it is about)

from __future__ import annotations

import codecs
import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

CLEAN = "clean"

_LEXICON = Path(__file__).with_name("safety_lexicon.tsv")
_SEVERE = 0.6
"""Terms of this weight count in full wherever they stand; lighter ones by how thick they come."""
_USUAL_WORDS = 150
"""Text length at which a light term counts with its weight; in longer ones it counts less."""
_SHORTEST = 60
_LEAST_DOUBT = 1e-3


class _Drawn(dict[int, int | None]):
    """Characters by how they are drawn: Cyrillic and Greek ones as Latin, invisible ones not."""

    def __missing__(self, code: int) -> int | None:
        char = chr(code)
        seen = not unicodedata.combining(char) and unicodedata.category(char) != "Cf"
        self[code] = code if seen else None
        return self[code]


_DRAWN = _Drawn(
    str.maketrans(
        "абвгдеёзіїјкмнорсстухѕԁԛԝһɡαβεικνορτυχ", "abbrдeeзiijkmhopcctyxsdqwhgabeiknoptux"
    )
)
_LEET = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"}
)
_IN_WORD = re.compile(r"(?<=[a-z@$0-9])[!|](?=[a-z@$0-9])")
_LEET_WORD = re.compile(r"(?<![a-z0-9@$])(?=[0-9]*[a-z@$])[a-z]*[0-9@$][a-z0-9@$]*")
_SPACED = re.compile(r"\b(?:[a-z][ ._*-]){2,}[a-z]\b")
_STRETCHED = re.compile(r"([a-z])\1{2,}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge thinks.

    Attributes:
        score: 0.0 harmless to 1.0 certainly not fit; who asks decides from where on to warn and
            block (0.6 and 0.8 unless set otherwise).
        label: the category that weighs most (``hate``, ``threat``, ``sexual``, …) or ``clean``.
        evidence_count: how many words and phrases spoke for it.
    """

    score: float
    label: str
    evidence_count: int


class Term(NamedTuple):
    """An entry of the lexicon."""

    category: str
    weight: float


def judge(text: str) -> Verdict:
    """Judge ``text``: a probability-like sum of its terms, independent of one another.

    A severe term (0.6 and more) counts in full. A light one counts in proportion to its density,
    so that one coarse word in a long story is nothing and one in every sentence is much.
    """
    return judge_folded(fold(text))


def judge_folded(folded: str) -> Verdict:
    """Judge a text that went through ``fold`` already."""
    found = Counter(_phrases(folded))
    if not found:
        return Verdict(0.0, CLEAN, 0)
    density = _USUAL_WORDS / max(len(folded.split()), _SHORTEST)
    harm: dict[str, float] = {}
    for phrase, count in found.items():
        term = _lexicon()[phrase]
        times = count if term.weight >= _SEVERE else count * min(1.0, density)
        weighed = -times * math.log(max(1.0 - term.weight, _LEAST_DOUBT))
        harm[term.category] = harm.get(term.category, 0.0) + weighed
    label = max(harm, key=harm.__getitem__)
    score = 1.0 - math.exp(-sum(harm.values()))
    return Verdict(round(score, 3), label, found.total())


def terms(folded: str) -> dict[str, Term]:
    """The phrases of the lexicon that a folded text holds, in their order."""
    return {phrase: _lexicon()[phrase] for phrase in _phrases(folded)}


def fold(text: str) -> str:
    """``text`` in small Latin letters, disguises taken off: ``ѕ.h.1.т`` becomes ``shit``."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_DRAWN)
    plain = _IN_WORD.sub("i", plain.replace("'", "").replace("\u2019", ""))
    plain = _LEET_WORD.sub(lambda word: word[0].translate(_LEET), plain)
    plain = _SPACED.sub(lambda spaced: re.sub("[^a-z]", "", spaced[0]), plain)
    plain = _STRETCHED.sub(r"\1", plain)
    return " ".join(re.findall(r"[^\W_]+", plain))


def _phrases(folded: str) -> list[str]:
    """The lexicon's phrases in ``folded``, the longest first where several begin."""
    words = folded.split(" ")
    found = []
    at = 0
    while at < len(words):
        phrase = next(
            (each for each in _begun_by().get(words[at], ()) if words[at : at + len(each)] == each),
            None,
        )
        if phrase:
            found.append(" ".join(phrase))
        at += len(phrase or (0,))
    return found


@cache
def _lexicon() -> dict[str, Term]:
    terms = {}
    for line in _LEXICON.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            category, weight, phrase = line.split("\t")
            if phrase.startswith("rot13:"):
                phrase = codecs.decode(phrase.removeprefix("rot13:"), "rot13")
            terms[phrase] = Term(category, float(weight))
    return terms


@cache
def _begun_by() -> dict[str, list[list[str]]]:
    """The lexicon's phrases as words, the longest first, by the word that they begin with."""
    phrases: dict[str, list[list[str]]] = {}
    for words in sorted((phrase.split() for phrase in _lexicon()), key=len, reverse=True):
        phrases.setdefault(words[0], []).append(words)
    return phrases

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
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

from adapters.ports import SafetyOpinion
from core.look_alikes import drawn

CLEAN = "clean"

_LEXICON = Path(__file__).with_name("lexicon.tsv")
_SEVERE = 0.6
"""Terms of this weight count in full wherever they stand; lighter ones by how thick they come."""
_USUAL_WORDS = 150
"""Text length at which a light term counts with its weight; in longer ones it counts less."""
_SHORTEST = 60
_DENSEST = 1.6
"""How much more than its weight a light term may count in a short text."""
_LEAST_DOUBT = 1e-3


_LEET = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"}
)
_IN_WORD = re.compile(r"(?<=[a-z@$0-9])[!|](?=[a-z@$0-9])")
_LEET_WORD = re.compile(r"(?<![a-z0-9@$])(?=[0-9]*[a-z@$])[a-z]*[0-9@$][a-z0-9@$]*")
_SPACED = re.compile(r"\b(?:[a-z][ ._*-]){2,}[a-z]\b")
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_STRETCHED_WORD = re.compile(r"[a-z]*([a-z])\1{2,}[a-z]*")
_MASKED = re.compile(r"(?<![\w*])[a-z]+\*+[a-z*]*[a-z](?![\w*])")
_SHORT_FOR = {
    "u": "you",
    "ur": "your",
    "urself": "yourself",
    "gonna": "going to",
    "wanna": "want to",
    "imma": "im going to",
    "unalive": "kill",
}
"""How people type what they say, where a phrase hangs on it."""


class Term(NamedTuple):
    """An entry of the lexicon."""

    category: str
    weight: float


def judge(text: str) -> SafetyOpinion:
    """Judge ``text``: a probability-like sum of its terms, independent of one another.

    A severe term (0.6 and more) counts in full. A light one counts in proportion to its density,
    so that one coarse word in a long story is nothing and one in every sentence is much.
    """
    return judge_folded(fold(text))


def judge_folded(folded: str) -> SafetyOpinion:
    """Judge a text that went through ``fold`` already."""
    found = Counter(_found(folded))
    if not found:
        return SafetyOpinion(0.0, CLEAN)
    density = min(_DENSEST, _USUAL_WORDS / max(len(folded.split()), _SHORTEST))
    harm: dict[str, float] = {}
    for (_phrase, term), count in found.items():
        times = count if term.weight >= _SEVERE else count * density
        weighed = -times * math.log(max(1.0 - term.weight, _LEAST_DOUBT))
        harm[term.category] = harm.get(term.category, 0.0) + weighed
    label = max(harm, key=harm.__getitem__)
    score = 1.0 - math.exp(-sum(harm.values()))
    return SafetyOpinion(round(score, 3), label)


def terms(folded: str) -> dict[str, Term]:
    """The phrases of a folded text that speak against it, in their order."""
    return dict(_found(folded))


def fold(text: str) -> str:
    """``text`` in small Latin letters, disguises taken off: ``ѕ.h.1.т`` becomes ``shit``."""
    plain = drawn(text)
    plain = _IN_WORD.sub("i", plain.replace("'", "").replace("\u2019", ""))
    plain = _LEET_WORD.sub(lambda word: word[0].translate(_LEET), plain)
    plain = _MASKED.sub(_unmasked, plain)
    plain = _SPACED.sub(_joined, plain)
    plain = _STRETCHED_WORD.sub(_unstretched, plain)
    return " ".join(re.findall(r"[^\W_]+", plain))


def _unstretched(stretched: re.Match[str]) -> str:
    """The word with the letter once, or twice where that is a word of the lexicon."""
    twice = _STRETCHED.sub(r"\1\1", stretched[0])
    return twice if twice in _vocabulary() else _STRETCHED.sub(r"\1", stretched[0])


def _unmasked(masked: re.Match[str]) -> str:
    """The word of the lexicon that ``f*ck`` stands for, the worst of several; else as it is."""
    shape = re.compile(masked[0].replace("*", "[a-z]"))
    fitting = {
        word: term.weight for word, term in _lexicon().phrases.items() if shape.fullmatch(word)
    }
    return max(fitting, key=fitting.__getitem__) if any(fitting.values()) else masked[0]


def _joined(spaced: re.Match[str]) -> str:
    """Letters with gaps as a word; the "I" before it is one of its own."""
    word = re.sub("[^a-z]", "", spaced[0])
    return f"i {word[1:]}" if word[0] == "i" and word[1:] in _vocabulary() else word


def _found(folded: str) -> list[tuple[str, Term]]:
    """What the lexicon knows in ``folded``, the longest phrase first where several begin."""
    words = [part for word in folded.split(" ") for part in _SHORT_FOR.get(word, word).split(" ")]
    found = []
    at = 0
    while at < len(words):
        begun = [*_begun_by().get(words[at], ()), *_begun_by().get(words[at].removesuffix("s"), ())]
        phrase = next((each for each in begun if _is(words, at, each)), None)
        if phrase:
            said = " ".join(phrase)
            term = _lexicon().phrases[said]
            if term.category != CLEAN:
                found.append((said, term))
        at += len(phrase or (0,))
    text = " ".join(words)
    for pattern, term in _lexicon().patterns:
        found += [(match[0], term) for match in pattern.finditer(text)]
    return found


def _is(words: list[str], at: int, phrase: list[str]) -> bool:
    """Whether the words from ``at`` on are ``phrase``, the last of them in the plural perhaps."""
    there = words[at : at + len(phrase)]
    return there == phrase or [*there[:-1], there[-1].removesuffix("s")] == phrase


class _Lexicon(NamedTuple):
    phrases: dict[str, Term]
    patterns: list[tuple[re.Pattern[str], Term]]


@cache
def _lexicon() -> _Lexicon:
    lexicon = _Lexicon({}, [])
    for line in _LEXICON.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        category, weight, phrase = line.split("\t")
        term = Term(category, float(weight))
        if phrase.startswith("rot13:"):
            phrase = codecs.decode(phrase.removeprefix("rot13:"), "rot13")
        if phrase.startswith("re:"):
            lexicon.patterns.append((re.compile(rf"\b(?:{phrase.removeprefix('re:')})\b"), term))
        else:
            lexicon.phrases[phrase] = term
    return lexicon


@cache
def _begun_by() -> dict[str, list[list[str]]]:
    """The lexicon's phrases as words, the longest first, by the word that they begin with."""
    phrases: dict[str, list[list[str]]] = {}
    for words in sorted((phrase.split() for phrase in _lexicon().phrases), key=len, reverse=True):
        phrases.setdefault(words[0], []).append(words)
    return phrases


@cache
def _vocabulary() -> frozenset[str]:
    phrases, patterns = _lexicon()
    texts = [*phrases, *(pattern.pattern.replace(r"\b", " ") for pattern, _ in patterns)]
    return frozenset(word for text in texts for word in re.findall(r"[a-z]+", text))

"""The first safety judge: a small weighted lexicon, always available and instant.

It finds coarse words, hate, threats, sexual and violent terms, also if letters are replaced by
look-alikes, digits or signs, stretched or spaced out. It does not understand text: irony, quotes
and context are left to a model or a person, who decide on what it flags.
"""
# ruff: noqa: RUF002  (look-alike letters are the subject)

from __future__ import annotations

import codecs
import math
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

from adapters.ports import SafetyOpinion
from core.text.homoglyphs import drawn

CLEAN = "clean"

_LEXICON = Path(__file__).with_name("lexicon.tsv")
_SEVERE = 0.6
"""Terms of at least this weight count in full; lighter ones count by their density."""
_USUAL_WORDS = 150
"""Text length at which a light term counts with its weight; in longer texts it counts less."""
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
"""Chat spellings that occur in phrases of the lexicon."""


class Term(NamedTuple):
    """An entry of the lexicon."""

    category: str
    weight: float


def judge(text: str) -> SafetyOpinion:
    """Judge ``text``: combine its terms like independent probabilities.

    A severe term (0.6 or more) counts in full. A light one counts by its density: one coarse word
    in a long story counts almost nothing, one in every sentence counts a lot.
    """
    return judge_folded(fold(text))


def judge_folded(folded: str) -> SafetyOpinion:
    """Judge a text already processed by ``fold``."""
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
    """The unsafe phrases in a folded text, in order."""
    return dict(_found(folded))


def fold(text: str) -> str:
    """``text`` in lower-case Latin letters without disguises: ``ѕ.h.1.т`` becomes ``shit``."""
    plain = drawn(text)
    plain = _IN_WORD.sub("i", plain.replace("'", "").replace("\u2019", ""))
    plain = _LEET_WORD.sub(lambda word: word[0].translate(_LEET), plain)
    plain = _MASKED.sub(_unmasked, plain)
    plain = _SPACED.sub(_joined, plain)
    plain = _STRETCHED_WORD.sub(_unstretched, plain)
    return " ".join(re.findall(r"[^\W_]+", plain))


def _unstretched(stretched: re.Match[str]) -> str:
    """The word with the letter once, or twice if that is in the lexicon."""
    twice = _STRETCHED.sub(r"\1\1", stretched[0])
    return twice if twice in _vocabulary() else _STRETCHED.sub(r"\1", stretched[0])


def _unmasked(masked: re.Match[str]) -> str:
    """The lexicon word that ``f*ck`` stands for, the worst of several; else unchanged."""
    shape = re.compile(masked[0].replace("*", "[a-z]"))
    fitting = {
        word: term.weight for word, term in _lexicon().phrases.items() if shape.fullmatch(word)
    }
    return max(fitting, key=fitting.__getitem__) if any(fitting.values()) else masked[0]


def _joined(spaced: re.Match[str]) -> str:
    """Spaced-out letters as a word; an "I" before it stays a word of its own."""
    word = re.sub("[^a-z]", "", spaced[0])
    return f"i {word[1:]}" if word[0] == "i" and word[1:] in _vocabulary() else word


def _found(folded: str) -> list[tuple[str, Term]]:
    """The lexicon's terms in ``folded``; the longest phrase wins if several start together."""
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
    """Whether the words from ``at`` on are ``phrase``; the last one may be plural."""
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
    """The lexicon's phrases as word lists by first word, longest first."""
    phrases: dict[str, list[list[str]]] = {}
    for words in sorted((phrase.split() for phrase in _lexicon().phrases), key=len, reverse=True):
        phrases.setdefault(words[0], []).append(words)
    return phrases


@cache
def _vocabulary() -> frozenset[str]:
    phrases, patterns = _lexicon()
    texts = [*phrases, *(pattern.pattern.replace(r"\b", " ") for pattern, _ in patterns)]
    return frozenset(word for text in texts for word in re.findall(r"[a-z]+", text))

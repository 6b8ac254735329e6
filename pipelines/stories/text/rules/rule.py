"""A rule: one named change to a text, with examples that the tests run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Example = tuple[str, str]
"""A text, and the result of this rule alone."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One change to a text. ``apply`` is pure; ``examples`` show it without other rules."""

    name: str
    apply: Callable[[str], str]
    examples: tuple[Example, ...]


def swap(
    name: str,
    pattern: str,
    by: str | Callable[[re.Match[str]], str],
    *examples: Example,
    flags: re.RegexFlag = re.NOFLAG,
) -> Rule:
    """A rule that replaces each match of ``pattern``."""
    compiled = re.compile(pattern, flags)
    return Rule(name, lambda text: compiled.sub(by, text), examples)


def apply_all(rules: Iterable[Rule], text: str) -> str:
    for rule in rules:
        text = rule.apply(text)
    return text


_BEFORE_SENTENCE = re.compile(r"""(?:^|[.!?\n]\s*|:\s+)["'(\[]*$""")
_SHORTENED = re.compile(r"\b(?:e\.g|i\.e|vs|aka|a\.k\.a)\.\s*[\"'(\[]*$", re.IGNORECASE)
"""Abbreviations whose full stop does not end a sentence."""


def starts_sentence(text: str, position: int) -> bool:
    """Whether ``position`` is the start of a sentence or line, or follows a colon."""
    start = max(0, position - 8)
    if _SHORTENED.search(text, start, position):
        return False
    return _BEFORE_SENTENCE.search(text, start, position) is not None


def alternatives(phrases: Iterable[str]) -> str:
    """A pattern that matches any of ``phrases``, longest first."""
    return "|".join(map(re.escape, sorted(phrases, key=len, reverse=True)))


def words(listed: str) -> frozenset[str]:
    """The set of words in a text."""
    return frozenset(listed.split())


_SMALL_START = re.compile(r"""^["'(\[]*[^\W\d_](?![A-Z\d.])""")


def capitalised(phrase: str) -> str:
    """``phrase`` with a capital letter; names like iPhone and m.example.com are unchanged."""
    start = _SMALL_START.match(phrase)
    return start[0].upper() + phrase[start.end() :] if start else phrase


def in_place(phrase: str, match: re.Match[str]) -> str:
    """``phrase``, with a capital letter if the match it replaces starts a sentence."""
    return capitalised(phrase) if starts_sentence(match.string, match.start()) else phrase

"""Turns a post as written into narratable text. The original is never changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from pipelines.stories.text.language import UNDETERMINED, base
from pipelines.stories.text.rules import (
    abbreviations,
    ages,
    censored,
    characters,
    edit_notes,
    footers,
    markdown,
    numbers,
    reddit,
    sentences,
    typography,
)
from pipelines.stories.text.rules.addresses import addresses
from pipelines.stories.text.rules.rule import Rule, apply_all, capitalised, swap


@dataclass(frozen=True)
class Narratable:
    """A story as it is spoken and captioned.

    Every whitespace-separated word has a letter or a digit, so it can be spoken and shown.
    """

    title: str
    paragraphs: tuple[tuple[str, ...], ...]
    """Paragraphs of sentences, in order; no paragraph and no sentence is empty."""

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        return tuple(sentence for paragraph in self.paragraphs for sentence in paragraph)

    @cached_property
    def text(self) -> str:
        """The story without its title; paragraphs are separated by an empty line."""
        return "\n\n".join(" ".join(paragraph) for paragraph in self.paragraphs)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of ``text``, in order."""
        return tuple(self.text.split())


@dataclass(frozen=True, slots=True)
class Language:
    """The rules for one language. ``written`` rules run before Markdown is parsed."""

    phrases: markdown.Phrases
    written: tuple[Rule, ...]
    settle: Callable[[list[str]], list[str]]
    """Drops or rewords notes around the story, by paragraph."""
    spoken: tuple[Rule, ...]
    typed: tuple[Rule, ...]
    """The rules for text that a person typed for narration: signs and numbers become words."""


_LINK = swap(
    "link as in Markdown",
    r"!?\[([^\[\]\n]*)\]\((?:[^()\s]|\([^()\s]*\))*\)",
    r"\1",
    ("I asked [my brother](https://example.org/a_(b)).", "I asked my brother."),
)
_TITLE: tuple[Rule, ...] = (
    swap(
        "update in brackets",
        r"^\s*[(\[]\s*(?:final\s+)?update[^)\]]*[)\]]\W*(?=\w)",
        "Update: ",
        ("[UPDATE] My boss quit", "Update: My boss quit"),
        flags=re.IGNORECASE,
    ),
    swap(
        "tag",
        r"^\s*(?:\[[^\]\d]{1,20}\]\s*)+(?=\S)|(?<=\S)\s*\[[^\]\d]{1,20}\]\s*$"
        r"|\s*\((?:long|very long|short|long post|nsfw|update|tw[^)]*)\)\s*$",
        "",
        ("[Serious] Who are you? (long)", "Who are you?"),
        flags=re.IGNORECASE,
    ),
    swap(
        "tag in round brackets",
        r"^\s*(?:\([A-Z][A-Z/ -]{1,11}\)\s*)+(?=\S)",
        "",
        ("(UK) (RENT) My landlord kept the piano", "My landlord kept the piano"),
        ("(I) am not sure", "(I) am not sure"),
    ),
)

_ENGLISH = Language(
    phrases=markdown.Phrases(link="a link", table="There is a table of {rows} rows here."),
    written=censored.RULES,
    settle=edit_notes.settle,
    spoken=(
        addresses("a link"),
        *reddit.RULES,
        *abbreviations.OF_SOMEONE,
        typography.CALM,
        *abbreviations.RULES,
        *ages.RULES,
        *numbers.RULES,
        *typography.SIGNS,
        *typography.ENGLISH,
        typography.NOTE,
        *typography.MARKS,
    ),
    typed=(_LINK, addresses("a link"), *numbers.RULES, *typography.SIGNS, *typography.MARKS),
)
_ANY_OTHER = Language(
    phrases=markdown.Phrases(),
    written=(),
    settle=list,
    spoken=(addresses(""), *reddit.BARE_NAMES, typography.NOTE, *typography.MARKS),
    typed=(_LINK, addresses(""), *typography.MARKS),
)
_NOT_LATIN = re.compile("[\u0370-\u1cff\u3040-\ud7ff]")
"""Letters of other scripts; a text with them is not English."""
_LANGUAGES = {"en": _ENGLISH, UNDETERMINED: _ENGLISH}


def rules(language: str = "en") -> tuple[Rule, ...]:
    """The rules for ``language`` (``en``, ``en-GB``), in order."""
    of = _language(language)
    return (*characters.RULES, *of.written, *_TITLE, *of.spoken, _LINK)


def narratable(title: str, body: str, language: str = "en") -> Narratable:
    """Turn a post into narratable text.

    Args:
        title: the title as written.
        body: the body as written, in Reddit's Markdown, with or without HTML entities.
        language: code of the language. A language without its own rules gets the general ones,
            for characters, Markdown, addresses, names and punctuation. ``und`` (too short to
            detect) is treated as English, unless it has letters of another script.

    Returns:
        The story; without paragraphs if nothing can be narrated (only pictures, code, notes).
    """
    of = _language(language, title + body)
    written = (*characters.RULES, *of.written)
    read = markdown.paragraphs(apply_all(written, body), of.phrases)
    blocks = of.settle(footers.cut(read))
    paragraphs = (sentences.split(apply_all(of.spoken, block)) for block in blocks)
    heading = " ".join(apply_all((*written, *_TITLE, *of.spoken), title).split())
    return Narratable(
        title=capitalised(heading.rstrip(" ,;:-")),
        paragraphs=tuple(paragraph for paragraph in map(_speakable, paragraphs) if paragraph),
    )


def typed(text: str, language: str = "en") -> tuple[str, ...]:
    """Prepare a paragraph that a person typed for narration; its words stay as typed.

    Only signs and numbers become words, and signs that can't be spoken are dropped.

    Args:
        text: the paragraph, or lines of it.
        language: code of the language, as for :func:`narratable`.

    Returns:
        Its sentences; none if nothing can be narrated.
    """
    return _speakable(sentences.split(_as_typed(text, language), typed=True))


def typed_title(title: str, language: str = "en") -> str:
    """Like ``typed``, for a title: one line, without an added full stop."""
    return typography.speakable(_as_typed(title, language))


def _as_typed(text: str, language: str) -> str:
    of = _language(language, text)
    return apply_all((*characters.RULES, *of.written, *of.typed), text)


def _language(code: str, text: str = "") -> Language:
    if code == UNDETERMINED and _NOT_LATIN.search(text):
        return _ANY_OTHER
    return _LANGUAGES.get(base(code), _ANY_OTHER)


def _speakable(paragraph: tuple[str, ...]) -> tuple[str, ...]:
    """Run again after the split: in a script without spaces, a mark can lose its word."""
    return tuple(filter(None, map(typography.speakable, paragraph)))

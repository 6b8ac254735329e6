"""What is told of a story, as people read and edit it: the post, then answers to it.

A line such as ``» Answer 2`` stands before the paragraphs of an answer. Every word of narratable
text holds a letter or a digit, so that the mark can't be taken for a part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from adapters.ports import Answer
from core.errors import InputError
from pipelines.stories.safety import lexicon_judge
from pipelines.stories.text import language, normalize

_MARK = re.compile(r"^» Answer (\d+)$", re.MULTILINE)
_TYPED = re.compile(
    r"^[^\S\n]*»[^\S\n]*answer[^\S\n]*(\d{1,9})[^\S\n]*$", re.IGNORECASE | re.MULTILINE
)
"""The mark as people type it. No sentence is taken for it: each ends with a stop or the like."""

SURE = 0.8
"""Confidence that a text is in a language; a few words are easily taken for another."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    sentences: tuple[str, ...]
    answer: int
    """Which answer it belongs to, from 1; 0 is the post itself."""

    @property
    def words(self) -> int:
        return sum(len(sentence.split()) for sentence in self.sentences)


def read(text: str) -> tuple[Paragraph, ...]:
    """Read narratable text as it is kept: paragraphs by a blank line, a sentence a line."""
    return tuple(
        Paragraph(tuple(block.strip("\n").split("\n")), answer)
        for answer, section in _sections(_MARK, text)
        for block in section.split("\n\n")
        if block.strip()
    )


def written(paragraphs: Iterable[Paragraph]) -> str:
    """The text that ``read`` reads."""
    blocks: list[str] = []
    for answer, group in groupby(paragraphs, key=lambda paragraph: paragraph.answer):
        if answer:
            blocks.append(f"» Answer {answer}")
        blocks += ["\n".join(paragraph.sentences) for paragraph in group]
    return "\n\n".join(blocks)


def edited(text: str, code: str, count: int, *, before: str) -> tuple[Paragraph, ...]:
    """What is told after a person edited it, marks of answers in it or none.

    What was typed is told as it stands (``clean.typed``), and a line that was there ``before`` is
    not touched: it is told as it was.

    Raises:
        InputError: a mark names none of the ``count`` answers that are on record.
    """
    sections = list(_sections(_TYPED, "\n".join(text.splitlines())))
    for answer, _ in sections[1:]:
        if not 1 <= answer <= count:
            raise InputError(f"There is no answer {answer}: this story has {count} on record.")
    kept = frozenset(before.split("\n"))
    paragraphs = (
        Paragraph(_sentences(block, code, kept), answer)
        for answer, section in sections
        for block in re.split(r"\n(?:[^\S\n]*\n)+", section)
    )
    return tuple(paragraph for paragraph in paragraphs if paragraph.sentences)


def _sentences(block: str, code: str, kept: frozenset[str]) -> tuple[str, ...]:
    lines = groupby(filter(None, map(str.strip, block.split("\n"))), key=kept.__contains__)
    return tuple(
        sentence
        for stays, run in lines
        for sentence in (run if stays else normalize.typed("\n".join(run), code))
    )


def spoken(paragraphs: Iterable[Paragraph]) -> str:
    """The words alone, as they are judged and compared."""
    return "\n\n".join(" ".join(paragraph.sentences) for paragraph in paragraphs)


def word_count(paragraphs: Iterable[Paragraph]) -> int:
    return sum(paragraph.words for paragraph in paragraphs)


def choose(
    answers: Sequence[Answer], *, code: str, room: int, least_unsafe: float
) -> tuple[tuple[Paragraph, ...], list[str]]:
    """Make narratable those of ``answers`` that can be told.

    Args:
        answers: as they were written, best first.
        code: language of the story; an answer in another is left out.
        room: words that all of them together may have; one that is too long is left out, and a
            shorter one behind it may still come in.
        least_unsafe: safety score from which an answer is left out; the post can do without it.

    Returns:
        The paragraphs, numbered by their answer, and for each answer why it was left out; empty
        for one that is told.
    """
    told: list[Paragraph] = []
    reasons = []
    for number, answer in enumerate(answers, 1):
        paragraphs = [
            Paragraph(sentences, number)
            for sentences in normalize.narratable("", answer.text, code).paragraphs
        ]
        words = word_count(paragraphs)
        reason = _why_left_out(answer, paragraphs, code, least_unsafe)
        if not reason and words > room:
            reason = f"Its {words} words are more than the {max(0, room)} that are left."
        if not reason:
            told += paragraphs
            room -= words
        reasons.append(reason)
    return tuple(told), reasons


def _why_left_out(
    answer: Answer, paragraphs: Sequence[Paragraph], code: str, least_unsafe: float
) -> str:
    if not paragraphs:
        return "Nothing of it can be narrated."
    found = lexicon_judge.judge(spoken(paragraphs))
    if found.score >= least_unsafe:
        return f"Safety: {found.label} {found.score:.2f}."
    own, sure = language.detect(answer.text)
    if own != code and sure >= SURE:
        return f"Its language is {own}, not {code}."
    return ""


def _sections(mark: re.Pattern[str], text: str) -> Iterator[tuple[int, str]]:
    own, *marked = mark.split(text)
    yield 0, own
    for number, section in zip(marked[::2], marked[1::2], strict=True):
        yield int(number), section

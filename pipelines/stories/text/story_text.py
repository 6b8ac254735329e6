"""Reads and writes narratable text as people edit it: the post, then its answers.

A line such as ``» Answer 2`` comes before the paragraphs of an answer. Every word of narratable
text has a letter or a digit, so the mark can't be confused with text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from adapters.ports import Answer
from core.errors import InputError
from core.text.deletion_notices import Notice, notice
from pipelines.stories.safety import lexicon_judge
from pipelines.stories.text import language, normalize

_MARK = re.compile(r"^» Answer (\d+)$", re.MULTILINE)
_TYPED = re.compile(
    r"^[^\S\n]*»[^\S\n]*answer[^\S\n]*(\d{1,9})[^\S\n]*$", re.IGNORECASE | re.MULTILINE
)
"""The mark as people type it. A sentence can't match, because it ends with punctuation."""

SURE = 0.8
"""Language confidence required here, because short texts are easily misdetected."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    sentences: tuple[str, ...]
    answer: int
    """Number of its answer, from 1; 0 for the post itself."""

    @property
    def words(self) -> int:
        return sum(len(sentence.split()) for sentence in self.sentences)


def read(text: str) -> tuple[Paragraph, ...]:
    """Read stored narratable text: one sentence per line, a blank line between paragraphs."""
    return tuple(
        Paragraph(tuple(block.strip("\n").split("\n")), answer)
        for answer, section in _sections(_MARK, text)
        for block in section.split("\n\n")
        if block.strip()
    )


def written(paragraphs: Iterable[Paragraph]) -> str:
    """The stored form of ``paragraphs``; the inverse of ``read``."""
    blocks: list[str] = []
    for answer, group in groupby(paragraphs, key=lambda paragraph: paragraph.answer):
        if answer:
            blocks.append(f"» Answer {answer}")
        blocks += ["\n".join(paragraph.sentences) for paragraph in group]
    return "\n\n".join(blocks)


def edited(text: str, code: str, count: int, *, before: str) -> tuple[Paragraph, ...]:
    """Read text that a person edited, with or without answer marks.

    Typed text is prepared with ``normalize.typed``; a line that was in ``before`` is not changed.

    Raises:
        InputError: a mark names an answer that is not one of the ``count`` stored answers.
    """
    sections = list(_sections(_TYPED, "\n".join(text.splitlines())))
    for answer, _ in sections[1:]:
        if not 1 <= answer <= count:
            raise InputError(f"There is no answer {answer}: this story has {count}.")
    old_lines = frozenset(before.split("\n"))
    paragraphs = (
        Paragraph(_sentences(block, code, old_lines), answer)
        for answer, section in sections
        for block in re.split(r"\n(?:[^\S\n]*\n)+", section)
    )
    return tuple(paragraph for paragraph in paragraphs if paragraph.sentences)


def _sentences(block: str, code: str, old_lines: frozenset[str]) -> tuple[str, ...]:
    lines = groupby(filter(None, map(str.strip, block.split("\n"))), key=old_lines.__contains__)
    return tuple(
        sentence
        for unchanged, run in lines
        for sentence in (run if unchanged else normalize.typed("\n".join(run), code))
    )


def spoken(paragraphs: Iterable[Paragraph]) -> str:
    """The text without marks, for judging and comparing."""
    return "\n\n".join(" ".join(paragraph.sentences) for paragraph in paragraphs)


def word_count(paragraphs: Iterable[Paragraph]) -> int:
    return sum(paragraph.words for paragraph in paragraphs)


def choose(
    answers: Sequence[Answer], *, code: str, room: int, least_unsafe: float
) -> tuple[tuple[Paragraph, ...], list[str]]:
    """Prepare the ``answers`` that can be narrated.

    Args:
        answers: as written, best first.
        code: language of the story; answers in other languages are left out.
        room: most words of all answers together; an answer that is too long is left out, and a
            shorter one after it may still fit.
        least_unsafe: safety score from which an answer is left out.

    Returns:
        The paragraphs, numbered by answer, and for each answer why it was left out; empty if it
        is narrated.
    """
    chosen: list[Paragraph] = []
    reasons = []
    for number, answer in enumerate(answers, 1):
        paragraphs = [
            Paragraph(sentences, number)
            for sentences in normalize.narratable("", answer.text, code).paragraphs
        ]
        words = word_count(paragraphs)
        reason = _why_left_out(answer, paragraphs, code, least_unsafe)
        if not reason and words > room:
            reason = f"It has {words} words, but only {max(0, room)} more fit."
        if not reason:
            chosen += paragraphs
            room -= words
        reasons.append(reason)
    return tuple(chosen), reasons


def _why_left_out(
    answer: Answer, paragraphs: Sequence[Paragraph], code: str, least_unsafe: float
) -> str:
    if not paragraphs:
        return "It has no text that can be narrated."
    if notice(answer.text) is not Notice.NONE:
        return "It may only say that something was deleted: read it before you add it."
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

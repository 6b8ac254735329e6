"""How words are said, apart from how they are written: a table of each channel.

The voice gets the said form. Captions show the written one, with the time of what was said for it.

A written form matches whole words. It matches small and capital letters alike, unless it has a
capital after its first letter: ``Nguyen`` also matches ``NGUYEN``, but ``AITA`` only ``AITA``.
Punctuation and a possessive ``'s`` stay. The longest form wins; nothing is replaced twice.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from adapters.ports import WordTiming
from core.errors import InputError
from pipelines.stories.text import letters

MOST_ENTRIES = 200
MOST_WRITTEN, MOST_SAID = 60, 200
"""Most characters of a form."""

Table = Sequence[tuple[str, str]]
"""Pairs of written and said."""

_SAYABLE = "-'’., "  # noqa: RUF001 - an apostrophe as people type it
_APOSTROPHE = "['’]"  # noqa: RUF001 - as above
_BEFORE = rf"(?<!\w)(?<!\w{_APOSTROPHE})(?<!\d[.,])"
_AFTER = rf"(?!\w)(?!{_APOSTROPHE}(?![sS]\b)\w)(?![.,]\d)"
"""A possessive may follow; the rest of "don't" or of 3.5 may not."""
_GAP = r"(?:[^\S\n]|\n(?!\s*\n))+"
"""Between two words of one written form: never the end of a paragraph."""
_WORD = re.compile(r"\S+")
_OPENING = re.compile(r"(?:[.!?…\n]|\A)\W*\Z")


@dataclass(frozen=True, slots=True)
class Said:
    """A text as it is said.

    Attributes:
        text: what the voice gets.
        groups: for each run of written words, the words and how many words are said for them.
    """

    text: str
    groups: tuple[tuple[tuple[str, ...], int], ...]

    def written(self, timed: Sequence[WordTiming]) -> tuple[WordTiming, ...]:
        """The written words, with the times of the said words ``timed``, one for each."""
        rest = iter(timed)
        return tuple(
            word
            for words, count in self.groups
            for word in _shared(words, list(islice(rest, count)))
        )


def say(text: str, table: Table) -> Said | None:
    """How ``text`` is said; None if it is said as it is written."""
    if not table:
        return None
    exact = {written: said for written, said in table if _case_matters(written)}
    any_case = {written.casefold(): said for written, said in table if not _case_matters(written)}
    spans: list[tuple[int, int, str]] = []
    for found in _pattern(table).finditer(text):
        form = " ".join(found.group().split())
        said = exact.get(form) or any_case[form.casefold()]
        if _opens(text, found.start()) and not form[0].islower():
            said = said[0].upper() + said[1:]  # or a voice would not hear a sentence begin
        spans.append((found.start(), found.end(), said))
    return _said(text, spans) if spans else None


def parse(pairs: Iterable[Sequence[str]]) -> list[list[str]]:
    """Check a table and give it in the form that is stored.

    Raises:
        InputError: an entry can't be used; the message names it.
    """
    table = [_entry(written, said) for written, said in pairs]
    if len(table) > MOST_ENTRIES:
        raise InputError(
            f"The pronunciations can have at most {MOST_ENTRIES} entries, not {len(table)}."
        )
    seen: set[str] = set()
    for written, _ in table:
        key = _key(written)
        if key in seen:
            raise InputError(f"The pronunciation of “{written}” is given twice: keep one.")
        seen.add(key)
    return table


def parse_lines(text: str) -> list[list[str]]:
    """Read a table from lines such as ``Nguyen = win``.

    Raises:
        InputError: a line can't be used; the message quotes it.
    """
    pairs = []
    for line in filter(str.strip, text.splitlines()):
        written, equals, said = line.partition("=")
        if not equals:
            raise InputError(
                f"The pronunciation “{line.strip()[:60]}” has no equals sign: write the word, =, "
                "and how it is said, such as Nguyen = win."
            )
        pairs.append((written, said))
        if len(pairs) > MOST_ENTRIES:
            raise InputError(f"The pronunciations can have at most {MOST_ENTRIES} lines.")
    return parse(pairs)


def put(table: Sequence[Sequence[str]], written: str, said: str) -> list[list[str]]:
    """The table with one entry added or replaced; an empty ``said`` removes it.

    Raises:
        InputError: the entry can't be used, or there is none to remove.
    """
    key = _key(" ".join(written.split()))
    rest = [pair for pair in table if _key(pair[0]) != key]
    if said.strip():
        return parse([*rest, (written, said)])
    if len(rest) == len(table):
        raise InputError(f"There is no pronunciation of “{written[:MOST_WRITTEN]}” to remove.")
    return parse(rest)


def lines(table: Iterable[Sequence[str]]) -> str:
    """The table as ``parse_lines`` reads it."""
    return "\n".join(f"{written} = {said}" for written, said in table)


def _entry(written: str, said: str) -> list[str]:
    written, said = (
        " ".join(unicodedata.normalize("NFC", form).split()) for form in (written, said)
    )
    shown = written[:MOST_WRITTEN] or "(empty)"
    for form, most, what in ((written, MOST_WRITTEN, "written"), (said, MOST_SAID, "said")):
        if not any(map(str.isalnum, form)):
            raise InputError(f"The pronunciation of “{shown}” needs a {what} form with a letter.")
        if len(form) > most:
            raise InputError(
                f"The {what} form of “{shown}” can have at most {most} characters, not {len(form)}."
            )
    if letters.has_no_spaces(written):
        raise InputError(
            f"“{shown}” is in a script without spaces between words, where no word can be told "
            "from its neighbours: leave it out."
        )
    if wrong := sorted({sign for sign in said if not _is_sayable(sign)}):
        raise InputError(
            f"The said form of “{shown}” has the sign {wrong[0]!r}: use letters, numbers, hyphens, "
            "apostrophes, commas and full stops."
        )
    return [written, said]


def _is_sayable(sign: str) -> bool:
    return sign in _SAYABLE or unicodedata.category(sign)[0] in "LMN"


def _key(written: str) -> str:
    """What two entries must not share."""
    return written if _case_matters(written) else written.casefold()


def _case_matters(written: str) -> bool:
    return any(map(str.isupper, written[1:])) and any(map(str.isalpha, written[1:]))


def _pattern(table: Table) -> re.Pattern[str]:
    """Longest first, and of two equally long ones that whose capitals count."""
    forms = sorted(
        (written for written, _ in table),
        key=lambda written: (-len(written), not _case_matters(written)),
    )
    alternatives = (
        rf"(?{'' if _case_matters(form) else 'i'}:{_GAP.join(map(re.escape, form.split()))})"
        for form in forms
    )
    return re.compile(f"{_BEFORE}(?:{'|'.join(alternatives)}){_AFTER}")


def _opens(text: str, at: int) -> bool:
    """Whether a sentence begins at ``at``."""
    return bool(_OPENING.search(text[max(0, at - 8) : at]))


def _said(text: str, spans: Sequence[tuple[int, int, str]]) -> Said:
    """Replace the ``spans`` of ``text`` (start, end, said form), and group its words by them."""
    pieces: list[str] = []
    groups: list[tuple[tuple[str, ...], int]] = []
    left = list(spans)
    at = 0
    words = _WORD.finditer(text)
    for word in words:
        start, end, run = word.start(), word.end(), [word.group()]
        said = ""
        inside = start
        while left and left[0][0] < end:
            first, last, form = left.pop(0)
            said += text[inside:first] + form
            inside = last
            while last > end:  # a written form of several words
                following = next(words)
                end = following.end()
                run.append(following.group())
        said += text[inside:end]
        pieces += [text[at:start], said]
        groups.append((tuple(run), len(said.split())))
        at = end
    return Said("".join([*pieces, text[at:]]), tuple(groups))


def _shared(words: Sequence[str], timed: Sequence[WordTiming]) -> Iterator[WordTiming]:
    """Give the times of what was said to the written ``words``.

    As many words as were said get their times one by one. Else they share the whole time by their
    letters.
    """
    if len(words) == len(timed):
        for word, timing in zip(words, timed, strict=True):
            same = timing.word == word
            yield timing if same else WordTiming(word, timing.start, timing.end)
        return
    begun, ended = timed[0].start, timed[-1].end
    each = (ended - begun) / sum(map(len, words))
    at = begun
    for word in words:
        until = min(ended, at + each * len(word))
        yield WordTiming(word, at, until)
        at = until

"""Splits text into sentences, and breaks overlong sentences at clauses."""
# ruff: noqa: RUF001  (marks of other scripts are intended)

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.stories.text.rules.rule import capitalised, words

LONGEST = 40
"""Most words spoken without a break, about 15 s; longer sentences are broken at a clause."""
_SHORTEST_PIECE = 6
_LOOKED_AT = 80
"""Characters before and after a mark that decide whether it ends a sentence."""
_WRAPPED = 55
"""Shortest line, except the last, in a text with hard-wrapped lines."""

_END = re.compile(r"""[.!?]+["')\]]*(?=\s|$)|[。！？｡؟।။។॥۔]+["'」』）”)\]]*""")
NEVER_LAST = words(
    "mr mrs ms mx dr prof st rev gen sgt lt col capt hon fr mt vs approx fig e.g i.e eg ie ps p.s "
    "pps"
)
"""Abbreviations that never end a sentence: the word they belong to follows."""
_SELDOM_LAST = re.compile(r"(?:^|\W)(?:[A-Za-z](?:\.[A-Za-z])+|[A-HJ-Z]|Ph\.D)$")
"""Initials: U.S., J. K. Rowling. They end a sentence only before a word that begins one."""
_STARTERS = words(
    "A After All An And As At But For From He Her His How However I If In It My No Not Now On One "
    "Our She So That The Their Then There These They This Those Though To Was We Well What When "
    "While Who Why You Your"
)
_SAID = re.compile(
    r"(?:\w+\s+){1,3}?(?:said|says|asked|asks|replied|yelled|screamed|shouted|whispered|answered"
    r"|told|cried|muttered|snapped|goes|laughed)\b"
)
"""A speaker after a quotation: `"Why?" I asked.` is one sentence."""
_CONJUNCTIONS = words(
    "and but so because then when while which until although though or after before since where "
    "except plus also"
)
_COMMAS = ",،、，၊"
_WIDE = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
)
_WIDE_PER_WORD = 2.0
"""Characters in a script without spaces that take about as long to say as an English word."""


def split(text: str, *, typed: bool = False) -> tuple[str, ...]:
    """The sentences of one paragraph, each on one line and with a closing mark.

    If a person ``typed`` the text for narration, no capitals are added, and a comma at the end of
    a line stays, because the sentence continues on the next line.
    """
    return tuple(
        piece
        for line in _lines(text)
        for sentence in _sentences(line, goes_on=typed)
        for piece in break_long(sentence if typed else capitalised(sentence), LONGEST)
    )


def spoken_length(text: str) -> float:
    """How long ``text`` takes to speak, measured in English words."""
    wide = len(_WIDE.findall(text))
    if not wide:
        return float(len(text.split()))
    return wide / _WIDE_PER_WORD + len(_WIDE.sub(" ", text).split())


def break_long(sentence: str, limit: float) -> Iterator[str]:
    """Break ``sentence`` into pieces of at most ``limit`` words, at clauses if possible.

    No word is lost or changed; a piece that ends without a mark gets a comma, for a pause.
    """
    length = spoken_length(sentence)
    if length <= limit or length <= 1:
        yield sentence
        return
    units = sentence.split()
    joint = " "
    if len(units) < length / 4:  # a script without spaces: break after commas
        units, joint = re.findall(r"[^、，,]+[、，,]?", sentence), ""
    if len(units) < 2:  # noqa: PLR2004
        yield sentence
        return
    at = min(range(1, len(units)), key=lambda index: _break_cost(units, index))
    head, tail = joint.join(units[:at]), joint.join(units[at:])
    yield from break_long(head + _marks(head)[1] if head[-1].isalnum() else head, limit)
    yield from break_long(tail, limit)


def _break_cost(units: list[str], index: int) -> float:
    last, following = units[index - 1], units[index].lower()
    conjunction = following in _CONJUNCTIONS
    if last[-1] in ";:":
        cost = 0.0
    elif last[-1] in ",、，":
        cost = 0.05 if conjunction else 0.2
    else:
        cost = 0.3 if conjunction else 1.0
    if min(index, len(units) - index) < _SHORTEST_PIECE:
        cost += 0.7
    return cost + abs(index / len(units) - 0.5)


def _lines(text: str) -> Iterator[str]:
    """Join wrapped lines; keep line breaks that end a sentence.

    A line break ends a sentence if the next line starts with a capital (and the text is not
    hard-wrapped), or if the paragraph has no other mark that could end a sentence.
    """
    lines = [line for line in (" ".join(raw.split()) for raw in text.split("\n")) if line]
    unmarked = not re.search(r"[.!?。！？؟।။។]", text)
    widths = [len(line) for line in lines[:-1]]
    wrapped = len(widths) > 1 and min(widths) >= _WRAPPED and max(widths) < 2 * _WRAPPED
    waiting = ""
    for line in lines:
        if waiting and (unmarked or _opens(line, waiting, wrapped=wrapped)):
            yield waiting
            waiting = line
        else:
            waiting = f"{waiting} {line}".strip()
    if waiting:
        yield waiting


def _opens(line: str, before: str, *, wrapped: bool) -> bool:
    """Whether ``line`` starts a sentence, if ``before`` is the line before it."""
    if re.search(r"""[.!?:;。！？：；؟।။។]["')\]]*$""", before):
        return True
    first = line.lstrip("\"'([")[:1]
    wraps = wrapped or (first.isdigit() and len(before) >= _WRAPPED)
    return not (wraps or first.islower() or before.endswith(","))


def _sentences(line: str, *, goes_on: bool) -> Iterator[str]:
    begun = re.findall(r"[.!?]\s+([^\W\d_])", line)
    careless = sum(map(str.islower, begun)) * 2 >= len(begun)
    start = 0
    for mark in _END.finditer(line):
        before = line[max(start, mark.start() - _LOOKED_AT) : mark.start()]
        after = line[mark.end() : mark.end() + _LOOKED_AT].lstrip()
        if _ends(before, mark[0], after, careless=careless):
            yield line[start : mark.end()].strip()
            start = mark.end()
    rest = line[start:].strip()
    if rest:
        yield rest if goes_on and rest[-1] in _COMMAS else closed(rest)


def _ends(  # noqa: PLR0911  (one return per case)
    before: str, mark: str, after: str, *, careless: bool
) -> bool:
    """Whether ``mark`` ends its sentence.

    Args:
        before: the sentence so far.
        mark: the punctuation with any closing quote or bracket.
        after: the rest of the line.
        careless: the writer starts sentences in lower case.
    """
    if not after or mark[0] not in ".!?":
        return True
    words = before.split()
    last = words[-1].lstrip("\"'([") if words else ""
    small = after.lstrip("\"'([")[:1].islower()
    if mark == "." and len(words) == 1 and last.isdigit():
        return False  # the number of a list item
    if mark == "." and last.lower() in NEVER_LAST:
        return False
    if mark == "." and _SELDOM_LAST.search(last):
        return re.split(r"[\s,']", after, maxsplit=1)[0] in _STARTERS
    if mark[-1] in "\"'" and _SAID.match(after):
        return False
    if not small:
        return True
    if mark.startswith("..") or mark[-1] in "\"'":
        return False
    return careless if mark[0] in "!?" or mark[-1] in ")]" else last.lower() != "etc"


def closed(sentence: str) -> str:
    """``sentence`` with its script's full stop; trailing dashes and commas are removed."""
    bare = sentence.rstrip(" \n-–—,/،、，")
    if not bare or re.search(r"""[.!?:;…。！？：；｡؟؛۔।॥။។]["'」』）”»)\]*_]*$""", bare):
        return bare
    tail = re.search(r"""["'」』）”»)\]]*$""", bare)
    cut = tail.start() if tail else len(bare)
    said = bare[:cut].rstrip(" -–—,/،、，")
    return f"{said}{_marks(said)[0]}{bare[cut:]}"


_MARKS = (
    (re.compile(r"[\u0e00-\u0eff]"), ("", "")),
    (re.compile(r"[\u3040-\u30ff\u3400-\u9fff]"), ("。", "、")),
    (re.compile(r"[\u0900-\u0a7f\u0b00-\u0b7f]"), ("।", ",")),
    (re.compile(r"[\u1000-\u109f]"), ("။", "၊")),
    (re.compile(r"[\u1780-\u17ff]"), ("។", ",")),
    (re.compile(r"[\u0600-\u06ff]"), (".", "،")),
)
"""The full stop and comma of each script; Thai and Lao separate sentences with a space."""
_URDU = re.compile("[ٹڈڑںے]")


def _marks(said: str) -> tuple[str, str]:
    """The full stop and comma for the script of the last letter."""
    last = next((char for char in reversed(said) if char.isalpha()), "")
    stop, comma = next((own for script, own in _MARKS if script.match(last)), (".", ","))
    return ("۔" if comma == "،" and _URDU.search(said) else stop), comma

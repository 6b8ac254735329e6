"""Pairs of quotation marks: a line cut from a longer text may have lost one of a pair."""
# ruff: noqa: RUF001  (marks of other scripts are meant)

from __future__ import annotations

import re

_FAMILIES = ('"\u201c\u201d\u201e', "«»", "「」", "『』", "‹›")
"""Marks that pair up. Languages differ, so the same mark may open or close."""
_ONLY_OPEN, _ONLY_CLOSE = "\u201e「『", "」』"
_BEFORE_OPENING, _BEHIND_CLOSING = "([:-–—¿¡", ".,!?;:…)]-–—"
_ENDING_SINGLE = re.compile(r"(?<=[.!?,…])['\u2019]+(?=\s|$)")
_OPENING_SINGLE = re.compile(r"(?<!\w)['\u2018](?=\w)")


def balanced(line: str) -> str:
    """``line`` without unpaired quotation marks: `Are we clear?"` loses its one.

    Feet, inches and apostrophes look like quotation marks. So a single mark is removed only after
    a full stop or the like, in a line where no single mark opens.
    """
    stray: set[int] = set()
    for family in _FAMILIES:
        stray |= _stray(line, family)
    kept = "".join(char for at, char in enumerate(line) if at not in stray)
    if not _OPENING_SINGLE.search(kept):
        kept = _ENDING_SINGLE.sub("", kept)
    return " ".join(kept.split()) if kept != line else line


def _stray(line: str, family: str) -> set[int]:
    stray: set[int] = set()
    open_at: int | None = None
    for at, char in enumerate(line):
        if char not in family:
            continue
        if _opens(line, at, is_open=open_at is not None):
            if open_at is not None:
                stray.add(open_at)
            open_at = at
        elif open_at is None:
            stray.add(at)
        else:
            open_at = None
    return stray if open_at is None else {*stray, open_at}


def _opens(line: str, at: int, *, is_open: bool) -> bool:
    """Whether the mark opens: by its shape, else by the side on which its words are."""
    if line[at] in _ONLY_OPEN + _ONLY_CLOSE:
        return line[at] in _ONLY_OPEN
    if line[at] == "\u201c" and not is_open:
        return True
    behind_word = at > 0 and not line[at - 1].isspace() and line[at - 1] not in _BEFORE_OPENING
    after = line[at + 1 : at + 2]
    before_word = after != "" and not after.isspace() and after not in _BEHIND_CLOSING
    return before_word if behind_word != before_word else not is_open

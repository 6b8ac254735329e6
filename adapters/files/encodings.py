"""Tells in which encoding a text without a byte order mark was saved.

UTF-8 proves itself. Otherwise only Western encodings are accepted, because a wrong guess between
others reads as gibberish: Windows-1252 (Excel's "CSV" in the West), Mac Roman (Excel's "CSV" on
older Macs) and code page 850 (Excel's "CSV (MS-DOS)").
"""

# ruff: noqa: RUF001  (quotation marks and dashes are the subject)

from __future__ import annotations

import re

import charset_normalizer

WINDOWS, MAC, DOS = "cp1252", "mac_roman", "cp850"

WESTERN_SHARE = 0.12
"""Largest share of non-ASCII letters in a Western text; French has about 4 %, German 2 %."""

_LETTERS = frozenset("àâäáãåæçéèêëíìîïñóòôöõøœúùûüßÿ")
"""The letters of Western European languages; others are far more often a wrong guess."""
_TYPOGRAPHY = frozenset("“”‘’‚„–—…•€£°©®™«»‹›¡¿\N{NO-BREAK SPACE}")
_SIGNS = _TYPOGRAPHY | frozenset("§¢¥±×÷¼½¾†‡·´¨")
"""The other characters that a Western text has."""
_JOINS = "'’\\-–—…/.,:;!?&·\"()\\[\\]*_@+=#<>%"
"""Signs that may stand between two letters."""
_INSIDE = re.compile(rf"[^\W\d_](?![{_JOINS}])[^\w\s][^\W\d_]")
_AFTER = re.compile(r"[^\W\d_][‚„¡¿ˆ¤¬]")
"""Opening marks that no writer puts right after a letter."""
_SMALL_THEN = re.compile(r"[a-zß-öø-ÿ]([^\W\d_a-zA-Z])")
_MISREAD = (("õû", "öü"), ("ã", "îº"))
"""Letters that no Western language has together: Hungarian's and Romanian's, read as Western."""


def western(content: bytes) -> str | None:
    """The content as text of a Western encoding; None if that can't be told for sure."""
    readings: dict[str, str] = {}
    for encoding in (WINDOWS, MAC, DOS):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_plausible(text):
            readings.setdefault(text, encoding)
    plain = [text for text in readings if _TYPOGRAPHY.issuperset(_beyond_ascii(text))]
    if len(plain) == 1:
        return plain[0]
    if len(readings) == 1:
        return next(iter(readings))
    if WINDOWS not in readings.values():
        return None
    ranked = charset_normalizer.from_bytes(content, cp_isolation=list(readings.values())).best()
    return str(ranked) if ranked is not None and ranked.encoding == WINDOWS else None


def _is_plausible(text: str) -> bool:
    letters = [sign for sign in _beyond_ascii(text) if sign not in _SIGNS]
    return (
        all(sign.lower() in _LETTERS for sign in letters)
        and len(letters) <= WESTERN_SHARE * sum(map(str.isalpha, text))
        and not _is_misread({sign.lower() for sign in letters})
        and not _INSIDE.search(text)
        and not _AFTER.search(text)
        and not any(match[1].isupper() for match in _SMALL_THEN.finditer(text))
    )


def _is_misread(letters: set[str]) -> bool:
    return any(
        not letters.isdisjoint(some) and not letters.isdisjoint(also) for some, also in _MISREAD
    )


def _beyond_ascii(text: str) -> list[str]:
    return [sign for sign in text if not sign.isascii()]

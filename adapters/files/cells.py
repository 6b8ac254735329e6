"""Reads the cells of a table: yes or no, and whole numbers, as people and spreadsheets write them.

What can't be read for sure is None. It is never guessed.
"""

# ruff: noqa: RUF001  (words of many languages and look-alike signs are the subject)

from __future__ import annotations

import re
import unicodedata

LARGEST = 2**31 - 1

_YES_WORDS = """
1 1.0 true t yes y x on ✓ ✔ ☑ ✅ nsfw adult 18+ over18
wahr ja j vrai oui o verdadero verdadeiro vero si s sim cert
waar prawda tak pravda ano igaz igen dogru evet
истина правда да iстина так істина adevarat da istina
sant sann sand tosi kylla αληθης αληθες ναι 真 是 はい 예 참 نعم כן
"""
_NO_WORDS = """
0 0.0 false f no n off sfw
falsch nein faux non falso nao fals
onwaar nee falsz fałsz nie nepravda ne hamis nem yanlis hayir
ложь неправда нет лъжа не хиба ні neistina nu
falskt falsk usann usand nej nei epatosi ei ψευδης ψευδες οχι 假 偽 否 いいえ 아니요 거짓 لا לא
"""


def _plain(value: str) -> str:
    """The value in small letters, without accents and outer punctuation."""
    decomposed = unicodedata.normalize("NFKD", value.strip().casefold().replace("ı", "i"))
    kept = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", kept).strip(" .!\"'")


_YES = frozenset(map(_plain, _YES_WORDS.split()))
_NO = frozenset(map(_plain, _NO_WORDS.split())) - _YES

_GROUPED = re.compile(r"[+-]?\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*(?:(?!\1)[.,]0{1,2})?")
"""Thousands with a separator, such as 1.204 or 12,345; perhaps with decimals that are zero."""
_WHOLE = re.compile(r"[+-]?\d+(?:[.,]0{1,2})?")
_SHORT = re.compile(r"([+-]?\d+)(?:[.,](\d{1,2}))? ?([km])")
"""A number in thousands or millions, such as 12.3k."""
_EITHER = re.compile(r"[+-]?\d{1,3}\.000")
"""1.000 is one with decimals, or a thousand."""
_SCALES = {"k": 1_000, "m": 1_000_000}
_SPACES = re.compile(r"\s")


def flag(value: str) -> bool | None:
    """Whether a cell says yes, in one of many languages; None if it is neither yes nor no.

    An empty cell means no. A cross or a tick means yes.
    """
    word = _plain(value)
    if not value.strip():
        return False
    return True if word in _YES else False if word in _NO else None


def number(value: str) -> int | None:
    """The whole number in a cell; None if it is empty, or not clearly one.

    Reads ``1204``, ``1204.0``, ``1.204``, ``12,345``, ``1 204``, ``1'204``, ``12.3k`` and ``2M``.
    ``1.000`` may be one or a thousand, so it is None.
    """
    text = unicodedata.normalize("NFKC", value).strip().lower().replace("−", "-").replace("’", "'")
    text = _SPACES.sub(" ", text)
    if not text.isascii() or _EITHER.fullmatch(text):
        return None
    if short := _SHORT.fullmatch(text):
        whole, decimals, scale = short[1], short[2] or "", _SCALES[short[3]]
        return _within(int(whole + decimals) * scale // 10 ** len(decimals))
    if _WHOLE.fullmatch(text):
        return _within(int(re.split(r"[.,]", text)[0]))
    if grouped := _GROUPED.fullmatch(text):
        groups = text.split(grouped[1])
        groups[-1] = re.split(r"[.,]", groups[-1])[0]
        return _within(int("".join(groups)))
    return None


def _within(number: int) -> int:
    return max(-LARGEST, min(LARGEST, number))

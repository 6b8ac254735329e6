"""Removes or replaces web and mail addresses, which nobody wants to hear spelled out."""
# ruff: noqa: RUF001  (dashes are meant)

from __future__ import annotations

import re

from pipelines.stories.text.rules.rule import Rule

_URL = r"""(?:https?://|www\.)[^\s<>"]*[^\s<>".,!?;:)'\]*_]"""
_MAIL = r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
_BRACKETED = re.compile(rf"\s*[(\[<]\s*(?:{_URL}|{_MAIL})\s*[)\]>]", re.IGNORECASE)
_ANNOUNCED = re.compile(rf"\s*[:\-–]\s*(?:{_URL}|{_MAIL})", re.IGNORECASE)
_ANY = re.compile(rf"{_URL}|{_MAIL}", re.IGNORECASE)

_MARKS = ".!?:;"


def addresses(said: str) -> Rule:
    """Replace an address inside a sentence with ``said``; remove one on its own."""

    def without(text: str) -> str:
        text = _ANY.sub(said, _ANNOUNCED.sub("", _BRACKETED.sub("", text)))
        lines: list[str] = []
        for line in text.split("\n"):
            apart = not lines or lines[-1].rstrip()[-1:] in _MARKS
            if not (said and apart and line.strip(" .") == said):
                lines.append(line)
        return "\n".join(lines)

    standing_apart = (
        ("Proof (https://example.org/a_b).", "Proof."),
        ("See: https://example.org", "See"),
        ("https://example.org", ""),
    )
    wrapped = ("I found\nhttps://example.org", f"I found\n{said}")
    inside = ("I found www.example.org today", f"I found {said} today")
    return Rule("addresses", without, (*standing_apart, wrapped, inside))

"""A model that falls for it: orders inside the stories change its answer."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from sandbox.ollama.writing import Told

FIELDS = {
    "title": r"titles?|titel|titulo|titre",
    "hooks": r"hooks?|opening|first line|gancho|accroche",
    "call_to_action": r"call(?: to action)?|cta|closing|last line",
    "hashtags": r"hash ?tags?|tags",
    "sentences": r"text|story itself|sentences|narration",
}
QUOTED = r"[^\"\u201c\u00ab\n]{0,60}?[\"\u201c\u00ab](?P<words>[^\"\u201d\u00bb]+)[\"\u201d\u00bb]"
SCORED = re.compile(r"\bscore\b\D{0,30}(?P<score>[01](?:\.\d+)?)", re.IGNORECASE)


def obey(answer: Any, stories: list[Told]) -> None:
    """Put what ``stories`` order in quotation marks into ``answer``, field by field.

    It reads through signs that can't be seen, as a large model does.
    """
    entries = answer.get("stories") if isinstance(answer, dict) else None
    for position, entry in enumerate(entries if isinstance(entries, list) else [answer]):
        if isinstance(entry, dict) and position < len(stories):
            told = " ".join((stories[position].title, *stories[position].sentences))
            _obey(entry, "".join(c for c in told if unicodedata.category(c) != "Cf"))


def _obey(entry: dict[str, Any], told: str) -> None:
    for field, names in FIELDS.items():
        ordered = re.search(rf"\b(?:{names})\b{QUOTED}", told, re.IGNORECASE)
        if ordered is None:
            continue
        words = ordered["words"].strip()
        known = entry.get(field)
        if field == "hashtags":
            entry[field] = words.split()
        else:
            entry[field] = [words] * len(known) if isinstance(known, list) else words
    if "score" in entry and (wanted := SCORED.search(told)):
        entry["score"] = float(wanted["score"])

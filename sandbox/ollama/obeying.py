"""A model that falls for prompt injection: instructions in the stories change its answer."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from sandbox.ollama.writing import PromptStory

FIELDS = {
    "title": r"titles?|titel|titulo|titre",
    "hooks": r"hooks?|opening|first line|gancho|accroche",
    "call_to_action": r"call(?: to action)?|cta|closing|last line",
    "hashtags": r"hash ?tags?|tags",
    "sentences": r"text|story itself|sentences|narration",
}
QUOTED = r"[^\"\u201c\u00ab\n]{0,60}?[\"\u201c\u00ab](?P<words>[^\"\u201d\u00bb]+)[\"\u201d\u00bb]"
SCORED = re.compile(r"\bscore\b\D{0,30}(?P<score>[01](?:\.\d+)?)", re.IGNORECASE)


def obey(answer: Any, stories: list[PromptStory]) -> None:
    """Put the quoted text of instructions in ``stories`` into ``answer``, field by field.

    Invisible characters don't stop it, as with a large model.
    """
    entries = answer.get("stories") if isinstance(answer, dict) else None
    for position, entry in enumerate(entries if isinstance(entries, list) else [answer]):
        if isinstance(entry, dict) and position < len(stories):
            text = " ".join((stories[position].title, *stories[position].sentences))
            _obey(entry, "".join(c for c in text if unicodedata.category(c) != "Cf"))


def _obey(entry: dict[str, Any], text: str) -> None:
    for field, names in FIELDS.items():
        ordered = re.search(rf"\b(?:{names})\b{QUOTED}", text, re.IGNORECASE)
        if ordered is None:
            continue
        words = ordered["words"].strip()
        known = entry.get(field)
        if field == "hashtags":
            entry[field] = words.split()
        else:
            entry[field] = [words] * len(known) if isinstance(known, list) else words
    if "score" in entry and (wanted := SCORED.search(text)):
        entry["score"] = float(wanted["score"])

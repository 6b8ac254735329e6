"""Runs many posts through cleaning and script writing without saving anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from adapters.ports import FetchedStory
from models import Story
from pipelines.production.production_settings import ProductionSettings
from pipelines.production.script.rules_writer import RulesWriter
from pipelines.production.script.script import closing, opening, parts_of, text_of
from pipelines.stories.text import language, normalize

LONG_SENTENCE = 40
_SIGNS = (
    (3.0, "a sign that can't be spoken", re.compile(r"[*_#|<>{}\[\]\\^~=`@&/+]")),
    (3.0, "an address", re.compile(r"\w\.(?:com|org|net|io|gg|me)\b|https?:", re.IGNORECASE)),
    (2.0, "an abbreviation", re.compile(r"\b(?!(?:I|A|OK|TV|US|UK)\b)[A-Z]{2,}\b")),
    (2.0, "letters next to digits", re.compile(r"\b(?:\d+[a-z]{1,3}|[a-z]+\d+)\b", re.IGNORECASE)),
    (2.0, "brackets", re.compile(r"[()]")),
    (2.0, "a doubled mark", re.compile(r"[.!?,;:]{2,}(?<!\.\.\.)|\s[,.;:!?]")),
    (2.0, "a doubled word", re.compile(r"\b(\w{2,}) \1\b(?! \1)", re.IGNORECASE)),
    (1.0, "digits", re.compile(r"\d[\d.,:/-]*")),
    (1.0, "a word without vowels", re.compile(r"\b[bcdfghjklmnpqrstvwxz]{3,}\b", re.IGNORECASE)),
    (1.0, "quotes that don't close", re.compile(r'^[^"]*(?:"[^"]*"[^"]*)*"[^"]*$')),
)


@dataclass(slots=True)
class Tried:
    """The result for one post.

    Attributes:
        problem: an error that must never happen, as a sentence; empty if there is none.
        oddness: how much of the text may sound wrong, measured by suspicious signs.
        odd: the signs found, each with its surrounding text.
    """

    post: FetchedStory
    words: int = 0
    parts: int = 0
    problem: str = ""
    skipped: str = ""
    oddness: float = 0.0
    odd: list[str] = field(default_factory=list)


def run(
    posts: Iterable[FetchedStory], production: ProductionSettings, words_per_minute: float
) -> Iterator[Tried]:
    """Clean and split each post and write its script by rules, without a language model."""
    for number, post in enumerate(posts, 1):
        tried = Tried(post)
        try:
            _try(tried, number, production, words_per_minute)
        except Exception as error:  # noqa: BLE001  # finding errors is the purpose
            tried.problem = f"{type(error).__name__}: {error}"
        yield tried


def _try(
    tried: Tried, number: int, production: ProductionSettings, words_per_minute: float
) -> None:
    post = tried.post
    code, _ = language.detect(f"{post.title}\n{post.body}")
    text = normalize.narratable(post.title, post.body, language=code)
    if not text.words:
        tried.skipped = "it has no text that can be narrated"
        return
    lines = "\n\n".join("\n".join(sentences) for sentences in text.paragraphs)
    story = Story(id=number, narratable_title=text.title, narratable_text=lines, language=code)
    draft = RulesWriter().write([text_of(story, production.tone)])[number]
    parts = parts_of(story, draft, production, words_per_minute)
    tried.words, tried.parts = len(text.words), len(parts)
    said = [re.sub(r"\W", "", word) for part in parts for word in part.text.split()]
    approved = [re.sub(r"\W", "", word) for word in lines.split()]
    if said != approved:
        tried.problem = "The parts don't contain every word once, in order."
    elif any(not part.text.strip() for part in parts):
        tried.problem = "A part is empty."
    around = [
        line
        for at in range(1, len(parts) + 1)
        for line in (opening(draft, at, code), closing(draft, at, len(parts), code))
    ]
    _find_signs(tried, [text.title, *around, *text.sentences])


def _find_signs(tried: Tried, lines: list[str]) -> None:
    weights = 0.0
    for line in dict.fromkeys(lines):
        for weight, name, sign in _SIGNS:
            for found in sign.finditer(line):
                weights += weight
                start = max(0, found.start() - 30)
                tried.odd.append(f"{name}: …{line[start : found.start() + 40]}…")
        if len(line.split()) > LONG_SENTENCE:
            weights += 2
            tried.odd.append(f"{len(line.split())} words in one sentence: {line[:70]}…")
    tried.oddness = 100 * weights / max(60, tried.words)

"""The fixed phrases around a part, in the story's language if it is listed here."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.stories.text.language import base
from pipelines.stories.text.rules.sentences import closed

CLOSING_WORDS = 6
"""Most words in a line that announces the next part."""
_STOPS = ".!?…。！？؟۔।"  # noqa: RUF001  (marks of other scripts are meant)


@dataclass(frozen=True, slots=True)
class _Phrases:
    part: str
    next: str
    numbers: tuple[str, ...]
    """Number words from two on; higher numbers are spoken as digits."""


_LANGUAGES = {
    "en": _Phrases(
        "Part {number}.",
        "Part {number} is coming up next.",
        ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    ),
    "de": _Phrases(
        "Teil {number}.",
        "Teil {number} kommt als Nächstes.",
        ("zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"),
    ),
    "es": _Phrases(
        "Parte {number}.",
        "La parte {number} viene enseguida.",
        ("dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"),
    ),
    "fr": _Phrases(
        "Partie {number}.",
        "La partie {number} arrive juste après.",
        ("deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"),
    ),
    "it": _Phrases(
        "Parte {number}.",
        "La parte {number} arriva subito dopo.",
        ("due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci"),
    ),
    "pt": _Phrases(
        "Parte {number}.",
        "A parte {number} vem a seguir.",
        ("dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez"),
    ),
    "nl": _Phrases(
        "Deel {number}.",
        "Deel {number} volgt zo meteen.",
        ("twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien"),
    ),
}
_ANY_OTHER = _Phrases("{number}.", "", ())
"""Also for an undetected language; a digit can be read in any language."""


def opening(number: int, title: str, language: str) -> str:
    """The opening line of part ``number``, 2 or later; ``language`` is like ``en`` or ``en-GB``."""
    phrases = _of(language)
    part = phrases.part.format(number=_said(phrases, number))
    return f"{part} {closed(title.rstrip(_STOPS))}"


def closing(number: int, language: str) -> str:
    """The line that announces part ``number``; empty in an unknown language."""
    phrases = _of(language)
    return phrases.next.format(number=_said(phrases, number))


def _of(language: str) -> _Phrases:
    return _LANGUAGES.get(base(language), _ANY_OTHER)


def _said(phrases: _Phrases, number: int) -> str:
    index = number - 2
    return phrases.numbers[index] if index < len(phrases.numbers) else str(number)

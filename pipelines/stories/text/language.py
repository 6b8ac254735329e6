"""Detects the language of a text."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNDETERMINED = "und"
"""ISO 639-2 code for an undetermined language."""
SURE = 0.35
"""Confidence from which the result is used; an English sentence has 0.9."""

_NO_LANGUAGE = re.compile(r"https?://\S+|/?\b[ur]/\w+|[\W\d_]+")
_READ = 5_000
"""Characters that are examined; more would not change the result."""


def detect(text: str) -> tuple[str, float]:
    """The ISO 639-1 code of the language of ``text``, and the confidence, from 0 to 1.

    The first call loads py3langid's model (0.6 s, up to 125 MB of memory); importing this module
    loads nothing. After that a text takes about 1 ms.

    Returns:
        ``("und", 0.0)`` for a text without letters; ``"und"`` with a confidence below ``SURE``
        for a text too short or too unusual to detect.
    """
    letters = _NO_LANGUAGE.sub(" ", text[:_READ]).strip()
    if not letters:
        return UNDETERMINED, 0.0
    code, confidence = _identifier().classify(letters)
    return (code if confidence >= SURE else UNDETERMINED), confidence


def base(code: str) -> str:
    """The language code without its country: ``en`` for ``en-GB``."""
    return code.lower().split("-")[0]


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid import langid  # noqa: PLC0415  (other processes need neither numpy nor the model)

    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)

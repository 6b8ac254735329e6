"""The language of a voice, by its name, and whether it can narrate a story."""

from __future__ import annotations

import re

from core.errors import Permanent
from pipelines.production.production_settings import ProductionSettings
from pipelines.stories.text.language import UNDETERMINED, base

_ESPEAK = re.compile(r"espeak:(?!mb-)(?P<code>[a-z]{2,3})(?=[-+]|$)", re.IGNORECASE)
_PIPER = re.compile(r"piper:(?:.*/)?(?P<code>[a-z]{2,3})_[A-Z]{2,3}-")
"""The pattern of published Piper voices; a file with another name gives no language."""
_ISO_639_1 = {"cmn": "zh", "hak": "zh", "yue": "zh", "nb": "no"}
_FAMILIES = {"nb": "no", "nn": "no", "bs": "hr", "ms": "id"}
"""Languages so similar that detection confuses them and one voice can read both."""


def speaks(voice: str) -> str:
    """The ISO 639-1 code of the language of ``espeak:<voice>`` or ``piper:<name or path>``.

    ``en`` for ``espeak:en-us+f3``, ``de`` for ``piper:de_DE-thorsten-medium``; empty if the name
    gives no language.
    """
    found = _ESPEAK.match(voice) or _PIPER.match(voice)
    code = found["code"].lower() if found else ""
    return _ISO_639_1.get(code, code)


def can_tell(voice: str, language: str) -> bool:
    """Whether ``voice`` can narrate a story in ``language``; true in case of doubt."""
    spoken, written = speaks(voice), base(language)
    unknown = {"", UNDETERMINED}
    return spoken in unknown or written in unknown or _family(spoken) == _family(written)


def check(production: ProductionSettings, language: str) -> None:
    """Check that the voices in ``production`` can narrate a story in ``language``.

    Raises:
        Permanent: a voice clearly speaks another language.
    """
    for voice in (production.voice, production.quote_voice):
        if voice and not can_tell(voice, language):
            raise Permanent(
                f"The voice {voice} speaks {speaks(voice)}, but the story is in {language}: choose "
                f"a voice for {language} in its channel, or give its source another channel; then "
                "try again.",
                code="voice_language",
            )


def _family(code: str) -> str:
    code = _ISO_639_1.get(code, code)
    return _FAMILIES.get(code, code)

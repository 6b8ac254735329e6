"""What the name of a voice tells of it, and whether it can tell a story."""

from __future__ import annotations

import re

from core.errors import Permanent
from pipelines.production.production_settings import ProductionSettings
from pipelines.stories.text.language import UNDETERMINED, base

_ESPEAK = re.compile(r"espeak:(?!mb-)(?P<code>[a-z]{2,3})(?=[-+]|$)", re.IGNORECASE)
_PIPER = re.compile(r"piper:(?:.*/)?(?P<code>[a-z]{2,3})_[A-Z]{2,3}-")
"""As its published voices are called; a file may have any name, and then tells nothing by it."""
_ISO_639_1 = {"cmn": "zh", "hak": "zh", "yue": "zh", "nb": "no"}
_ALIKE = {"nb": "no", "nn": "no", "bs": "hr", "ms": "id"}
"""Languages so near that a text of one is easily taken for the other, and a voice reads both."""


def speaks(voice: str) -> str:
    """The ISO 639-1 code of what ``espeak:<voice>`` or ``piper:<name or path>`` speaks.

    ``en`` of ``espeak:en-us+f3``, ``de`` of ``piper:de_DE-thorsten-medium``; empty where the name
    doesn't tell.
    """
    found = _ESPEAK.match(voice) or _PIPER.match(voice)
    code = found["code"].lower() if found else ""
    return _ISO_639_1.get(code, code)


def can_tell(voice: str, language: str) -> bool:
    """Whether a story in ``language`` can be told by ``voice``; doubt counts for it."""
    spoken, written = speaks(voice), base(language)
    unknown = {"", UNDETERMINED}
    return spoken in unknown or written in unknown or _family(spoken) == _family(written)


def check(production: ProductionSettings, language: str) -> None:
    """See that the voices of ``studio`` can tell a story in ``language``.

    Raises:
        Permanent: one surely speaks another; what it would make of the text nobody understands.
    """
    for voice in (production.voice, production.quote_voice):
        if voice and not can_tell(voice, language):
            raise Permanent(
                f"The voice {voice} speaks {speaks(voice)}, and the story is in {language}: choose "
                f"a voice that speaks {language} for its channel, or give its source another "
                "channel; then try again.",
                code="voice_language",
            )


def _family(code: str) -> str:
    code = _ISO_639_1.get(code, code)
    return _ALIKE.get(code, code)

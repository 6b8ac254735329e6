"""Which voice tells a story: the languages of voices, by their names, and what replaces a voice."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import VoiceUnusableError
from pipelines.stories.text.language import UNDETERMINED, base

if TYPE_CHECKING:
    from pipelines.production.production_settings import ProductionSettings

_ESPEAK = re.compile(r"espeak:(?!mb-)(?P<code>[a-z]{2,3})(?=[-+]|$)", re.IGNORECASE)
_PIPER = re.compile(r"piper:(?:.*/)?(?P<code>[a-z]{2,3})_[A-Z]{2,3}-")
"""The pattern of published Piper voices; a file with another name gives no language."""
_ISO_639_1 = {"cmn": "zh", "hak": "zh", "yue": "zh", "nb": "no"}
_FAMILIES = {"nb": "no", "nn": "no", "bs": "hr", "ms": "id"}
"""Languages so similar that detection confuses them and one voice can read both."""
_ESPEAK_LANGUAGES = (
    "af am an ar as az ba be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gd grc gu he hi "
    "hr ht hu hy id is it ka kk kn ko ku ky la lb lt lv mk ml mr ms mt my nb ne nl om or pa pl pt "
    "qu ro ru si sk sl sq sr sv sw ta te th tk tr tt ug uk ur uz vi yue"
)
"""Languages that espeak-ng reads. Not Japanese: it says "Chinese letter" for each kanji."""
_ESPEAK_NAMES = {"en": "en-us", "zh": "cmn", "no": "nb", "nn": "nb"}


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


def default_for(default: str, language: str, *, espeak: bool) -> str:
    """The voice of a story in ``language`` whose channel names none.

    Args:
        language: a code; with or without a country.
        default: the voice that tells it if it speaks the language, or if nobody does.
        espeak: whether espeak-ng's voice of the language may tell it else.
    """
    code = base(language)
    if can_tell(default, language) or not espeak:
        return default
    name = _ESPEAK_NAMES.get(code, code)
    known = code in _ESPEAK_NAMES or code in _ESPEAK_LANGUAGES.split()
    return f"espeak:{name}" if known else default


def fitting(production: ProductionSettings, language: str) -> ProductionSettings:
    """``production`` with voices that can narrate a story in ``language``.

    Raises:
        VoiceUnusableError: a voice clearly speaks another language, and ``voice_fallback`` can't
            tell the story either.
    """
    for voice in (production.voice, production.quote_voice):
        if voice and not can_tell(voice, language):
            error = VoiceUnusableError(
                f"The voice {voice} speaks {speaks(voice)}, but the story is in {language}: choose "
                f"a voice for {language} in its channel, or give its source another channel; then "
                "try again.",
                code="voice_language",
            )
            return instead(production, language, error)
    return production


def instead(
    production: ProductionSettings, language: str, error: VoiceUnusableError
) -> ProductionSettings:
    """``production`` with the voice of VOICE_FALLBACK, which then tells the whole part.

    Raises:
        VoiceUnusableError: ``error``, if no voice is allowed to stand in, or it can't tell the
            story either.
    """
    voice = production.voice_fallback
    if not voice or voice == production.voice or not can_tell(voice, language):
        raise error
    return replace(
        production,
        voice=voice,
        quote_voice="",
        voice_fallback="",
        voice_note=f"Told by {voice} (VOICE_FALLBACK) instead. {error}",
    )


def _family(code: str) -> str:
    code = _ISO_639_1.get(code, code)
    return _FAMILIES.get(code, code)

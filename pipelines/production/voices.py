"""What the name of a voice tells of it."""

from __future__ import annotations

import re

from pipelines.production.language import UNDETERMINED

_LANGUAGE = re.compile(r"[a-z]{2,3}(?=[-_+]|$)")
_ISO_639_1 = {"cmn": "zh", "hak": "zh", "yue": "zh", "nb": "no"}


def speaks(voice: str) -> str:
    """The ISO 639-1 code of what ``espeak:<voice>`` or ``piper:<name or path>`` speaks.

    ``en`` of ``espeak:en-us+f3``, ``de`` of ``piper:de_DE-thorsten-medium``; empty where the name
    doesn't tell.
    """
    name = voice.partition(":")[2].rpartition("/")[2].removesuffix(".onnx")
    found = _LANGUAGE.match(name.lower())
    return _ISO_639_1.get(found[0], found[0]) if found else ""


def can_tell(voice: str, language: str) -> bool:
    """Whether a story in ``language`` can be told by ``voice``; doubt counts for it."""
    spoken = speaks(voice)
    unknown = {"", UNDETERMINED}
    return spoken in unknown or language in unknown or spoken == _ISO_639_1.get(language, language)

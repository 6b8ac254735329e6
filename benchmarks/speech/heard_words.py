"""Which words of a script a recogniser's transcript contains.

Words count as the same if they sound the same: numbers may be written in digits ("7"), and names as
they sound ("Okafor", "O'Cafer"). For that, both sides are turned into espeak-ng's phonemes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from rapidfuzz.distance import Levenshtein

from adapters.speech.espeak_library import espeak_library

_ALIKE = 0.6
"""Share of a name's phonemes that must be in what was written for it."""
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")  # noqa: RUF001 - as typed
_TITLES = {"Mr.", "Mrs.", "Ms.", "Dr."}
_SENTENCE_END = re.compile(r"[.!?…:][\"'”’)\]]*$")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Heard:
    words: int
    """Words of the script."""
    missed: tuple[tuple[str, str], ...]
    """What was not heard, and what was written instead."""
    missed_words: int

    @property
    def share(self) -> float:
        return 100 * (1 - self.missed_words / self.words)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    sounds: str
    name: bool = False


def compare(script: str, transcript: str) -> Heard:
    """Match the transcript with the script, in order, by least edits."""
    said, written = _tokens(script), _tokens(transcript)
    missed: list[tuple[str, str]] = []
    count = 0
    edits = Levenshtein.opcodes([t.sounds for t in said], [t.sounds for t in written])
    for equal, group in groupby(edits, lambda edit: edit.tag == "equal"):
        pieces = [
            (said[edit.src_start : edit.src_end], written[edit.dest_start : edit.dest_end])
            for edit in group
        ]
        sides = (list(chain.from_iterable(side)) for side in zip(*pieces, strict=True))
        if equal or _sounds(*sides) == 1.0:
            continue
        for ours, theirs in pieces:
            if ours and not _same_name(ours, theirs):
                missed.append((_text(ours), _text(theirs)))
                count += len(ours)
    return Heard(len(said), tuple(missed), count)


def _sounds(ours: Sequence[_Token], theirs: Sequence[_Token]) -> float:
    """How alike the sounds are, 0 to 1, however they are cut into words."""
    a, b = ("".join(token.sounds for token in tokens) for tokens in (ours, theirs))
    return Levenshtein.normalized_similarity(a, b)


def _same_name(ours: Sequence[_Token], theirs: Sequence[_Token]) -> bool:
    return all(token.name for token in ours) and _sounds(ours, theirs) >= _ALIKE


def _tokens(text: str) -> list[_Token]:
    tokens = []
    begins = True
    with espeak_library() as library:
        library.select("en-us")
        for word in text.split():
            for found in _TOKEN.findall(word.replace("-", " ")):
                sounds = "".join(library.phonemes(found.replace("’", "'").casefold()))  # noqa: RUF001
                name = not begins and found[0].isupper() and found.partition("'")[0] != "I"
                tokens.append(_Token(found, sounds, name))
                begins = False
            begins = bool(_SENTENCE_END.search(word)) and word not in _TITLES
    return tokens


def _text(tokens: Sequence[_Token]) -> str:
    return " ".join(token.text for token in tokens)

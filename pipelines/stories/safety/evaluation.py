"""Measures the first safety judge (the rules) on labelled texts."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from core.errors import InputError
from pipelines.stories.safety import lexicon_judge

LABELLED = Path(__file__).with_name("labelled.tsv")
"""Written for this purpose. A third of it is held out: never change the rules because of it."""
OVERALL = "overall (fit or not)"


@dataclass(frozen=True, slots=True)
class Labelled:
    label: str
    text: str

    @property
    def held_out(self) -> bool:
        """Depends only on the text, so a new line does not move the others."""
        return blake2b(self.text.encode(), digest_size=2).digest()[0] % 3 == 0


@dataclass(frozen=True, slots=True)
class Judged:
    text: Labelled
    found: str
    score: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Precision and recall of one label."""

    label: str
    texts: int
    precision: float
    recall: float


def read(file: Path) -> list[Labelled]:
    r"""The labelled texts in ``file``; ``{…}`` is rot13, ``\u200b`` is that character.

    Raises:
        InputError: a line has no tab, or the file is not UTF-8 text.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8 text.") from None
    texts = []
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#"):
            continue
        label, tab, text = line.partition("\t")
        if not tab:
            raise InputError(f"Line {number} of {file} has no tab between label and text.")
        plain = re.sub(r"\{(.*?)\}", lambda hidden: codecs.decode(hidden[1], "rot13"), text)
        plain = re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), plain)
        texts.append(Labelled(label, plain))
    return texts


def judged(texts: Iterable[Labelled], warn_from: float) -> list[Judged]:
    """The rules' label for each text if its score is at least ``warn_from``, else clean."""
    results = []
    for text in texts:
        opinion = lexicon_judge.judge(text.text)
        found = opinion.label if opinion.score >= warn_from else lexicon_judge.CLEAN
        results.append(Judged(text, found, opinion.score))
    return results


def figures(results: Sequence[Judged]) -> list[Figures]:
    """Precision and recall of each label, and of "unfit" against "clean"."""
    labels = sorted({each.text.label for each in results})
    rows = [
        _figures(
            label,
            [(each.text.label == label, each.found == label) for each in results],
        )
        for label in labels
    ]
    clean = lexicon_judge.CLEAN
    overall = [(each.text.label != clean, each.found != clean) for each in results]
    return [*rows, _figures(OVERALL, overall)]


def _figures(label: str, pairs: Sequence[tuple[bool, bool]]) -> Figures:
    """Figures from pairs of (has the label, got the label)."""
    right = sum(has and got for has, got in pairs)
    has, got = sum(has for has, _ in pairs), sum(got for _, got in pairs)
    return Figures(label, has, right / got if got else 1.0, right / has if has else 1.0)

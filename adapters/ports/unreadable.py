"""A row that a source holds but can't give."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.ports.stories import FetchedStory


@dataclass(frozen=True, slots=True)
class UnreadableRow(FetchedStory):
    """A file that is no text, a row with a cell too many: shown as skipped, the others go on."""

    why: str = ""
    """What is wrong and what to do, in a sentence."""

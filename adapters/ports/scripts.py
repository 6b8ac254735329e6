"""Who writes around a story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoryText:
    """A story as the writer sees it: narratable text, one entry a sentence."""

    story_id: int
    title: str
    sentences: tuple[str, ...]
    language: str = "en"
    tone: str = "plain"
    """How the words around it shall sound: ``plain``, ``dramatic``, ``warm`` or ``funny``."""
    asks: bool = False
    """The title is a question, and the sentences are what several people answered."""


@dataclass(frozen=True, slots=True)
class ScriptDraft:
    """What a writer adds around a story's own words."""

    story_id: int
    title: str
    hooks: tuple[str, ...]
    """Openings to pick from, the best first; at least one."""
    call_to_action: str
    hashtags: tuple[str, ...]
    """Without the ``#``."""
    split_after: tuple[int, ...]
    """Indexes of sentences after which a new part would begin well; a wish, not an order."""
    written_by: str
    """``ollama/<model>`` or ``rules``."""

    @property
    def hook(self) -> str:
        """The one that is taken unless a person picks another."""
        return self.hooks[0]


class ScriptWriter(Protocol):
    def write(self, stories: Sequence[StoryText]) -> dict[int, ScriptDraft]:
        """Write for a batch of 1 to 50 stories; answers by story id.

        A story whose answer was missing or broke the schema is absent from the result.

        Raises:
            Retryable: the writer can't be reached or was too late.
            Permanent: the writer refuses (unknown model, bad request).
        """

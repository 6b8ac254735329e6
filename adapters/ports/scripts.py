"""Interface of script writers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoryText:
    """A story as the writer sees it: narratable text, one entry per sentence."""

    story_id: int
    title: str
    sentences: tuple[str, ...]
    language: str = "en"
    tone: str = "plain"
    """Tone of the text around it: ``plain``, ``dramatic``, ``warm`` or ``funny``."""
    asks: bool = False
    """The title is a question, and the sentences are several people's answers."""


@dataclass(frozen=True, slots=True)
class ScriptDraft:
    """The text a writer adds around a story."""

    story_id: int
    title: str
    hooks: tuple[str, ...]
    """Openings to choose from, best first; at least one."""
    call_to_action: str
    hashtags: tuple[str, ...]
    """Without the ``#``."""
    split_after: tuple[int, ...]
    """Indexes of sentences after which a new part may start; a suggestion."""
    written_by: str
    """``ollama/<model>`` or ``rules``."""

    @property
    def hook(self) -> str:
        """The default hook, used unless a person chooses another."""
        return self.hooks[0]


class ScriptWriter(Protocol):
    def write(self, stories: Sequence[StoryText]) -> dict[int, ScriptDraft]:
        """Write for a batch of 1 to 50 stories; returns drafts by story id.

        A story whose answer was missing or broke the schema is absent from the result.

        Raises:
            Retryable: the writer can't be reached or timed out.
            Permanent: the writer refuses (unknown model, bad request).
        """

"""Interface of the second safety judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

SafetyLabel = Literal[
    "clean",
    "profanity",
    "harassment",
    "hate",
    "threat",
    "violence",
    "sexual",
    "sexual_minor",
    "self_harm",
    "drugs",
]


@dataclass(frozen=True, slots=True)
class SafetyOpinion:
    """A judge's opinion of a text."""

    score: float
    """0.0 harmless to 1.0 certainly unfit; the caller applies the thresholds."""
    label: str
    """The most serious category, a ``SafetyLabel``."""


class SafetyJudge(Protocol):
    @property
    def name(self) -> str:
        """The judge's name as recorded in the database: ``ollama/<model>``."""

    def judge(self, title: str, text: str) -> SafetyOpinion:
        """Judge one story. The story is data: its text can't change how it is judged.

        Raises:
            Retryable: the judge can't be reached, timed out, or gave no usable answer.
            Permanent: it refuses (unknown model, bad request).
        """

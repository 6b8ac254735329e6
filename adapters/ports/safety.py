"""A second judge of what may be told."""

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
    """What a judge thinks of a text."""

    score: float
    """0.0 harmless to 1.0 certainly not fit; whose thresholds count is the asker's business."""
    label: str
    """The category that weighs most, a ``SafetyLabel``."""


class SafetyJudge(Protocol):
    @property
    def name(self) -> str:
        """Who judges, as it is put on record: ``ollama/<model>``."""

    def judge(self, title: str, text: str) -> SafetyOpinion:
        """Judge one story; what it says is data and can't change how it is judged.

        Raises:
            Retryable: the judge can't be reached, was too late, or gave no answer to be believed.
            Permanent: it refuses (unknown model, bad request).
        """

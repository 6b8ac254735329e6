"""How published videos do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class VideoCounts:
    """How a public video is doing now."""

    views: int
    likes: int
    comments: int
    shares: int
    address: str = ""
    """Where viewers find it."""


class Insights(Protocol):
    def counts(self, access_token: str, video_ids: Sequence[str]) -> dict[str, VideoCounts]:
        """The counts of up to 20 videos by their ids; one that viewers can't see is left out.

        Raises:
            Permanent: the creator did not allow it.
            Retryable: the platform is away or wants a pause.
        """

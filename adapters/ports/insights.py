"""View counts of published videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class VideoCounts:
    """The current counts of a public video."""

    views: int
    likes: int
    comments: int
    shares: int
    address: str = ""
    """Its public address."""


class Insights(Protocol):
    def counts(self, access_token: str, video_ids: Sequence[str]) -> dict[str, VideoCounts]:
        """The counts of up to 20 videos by id; a video that viewers can't see is left out.

        Raises:
            Permanent: the creator did not allow it.
            Retryable: the platform is unavailable or asks for a pause.
        """

"""Interface of story sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class StoryQuery:
    """Which stories to fetch from a source."""

    place: str = field(repr=False)
    """A subreddit name, a feed address (it may hold a secret), or the path of a file or folder."""
    listing: Literal["hot", "new", "top", "rising"] = "hot"
    time_filter: Literal["hour", "day", "week", "month", "year", "all"] = "day"
    limit: int = 25
    memory: dict[str, str] = field(default_factory=dict, compare=False)
    """Validators from the source's last response (``ETag`` and such). The source updates them;
    save them together with the stories."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody's answer to a post, as written."""

    author: str
    text: str
    """Markdown."""
    score: int = 0


@dataclass(frozen=True, slots=True)
class FetchedStory:
    """One post from a source; its texts are the untouched originals."""

    external_id: str
    """Unique across all sources: ``reddit:t3_abc``, ``feed:<hash>``, ``paste:<hash>``."""
    title: str
    body: str
    """Markdown, as written. Empty for a post that is only a link or a picture."""
    url: str = ""
    place: str = ""
    """The subreddit or feed it came from, without any prefix."""
    author: str = ""
    score: int = 0
    nsfw: bool = False
    stickied: bool = False
    removed: bool = False
    """Deleted by its author, or removed by a moderator or the platform."""
    media_only: bool = False
    crosspost_of: str | None = None
    """The external id of the post that this one cross-posts, if the source names it."""
    written_at: datetime | None = None
    answers: tuple[Answer, ...] = ()
    """Top-level answers that came with the post, best first."""


@dataclass(frozen=True, slots=True)
class UnreadableRow(FetchedStory):
    """A row that can't be read: a file that is not text, a row with too many cells.

    It is shown as skipped; the other rows are not affected.
    """

    why: str = ""
    """What is wrong and what to do, in one sentence."""


class StorySource(Protocol):
    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Yield the stories for ``query``, best first; none if nothing changed since last time.

        Raises:
            Permanent: credentials or place are wrong; the message says which.
            Retryable: the source is unavailable or asks to slow down.
        """

    def answers(
        self, stories: Sequence[FetchedStory], count: int
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Yield the external id of each story with its ``count`` best answers.

        Results come one by one, so earlier ones count even if a later one fails. By default the
        answers are those that came with the stories; a source may request them instead.

        Raises:
            Permanent: credentials are wrong.
            Retryable: the source is unavailable or asks to slow down.
        """
        for story in stories:
            yield story.external_id, story.answers[:count]

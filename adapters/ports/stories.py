"""Where stories come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class StoryQuery:
    """Which stories a source asks for."""

    place: str
    """A subreddit's name, a feed's address, a file or a folder."""
    listing: Literal["hot", "new", "top", "rising"] = "hot"
    time_filter: Literal["hour", "day", "week", "month", "year", "all"] = "day"
    limit: int = 25
    memory: dict[str, str] = field(default_factory=dict, compare=False)
    """What the source gave with its last answer to be asked by. It changes it as it answers; to be
    kept once what it gave is."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered to a post, as written."""

    author: str
    text: str
    """Markdown."""
    score: int = 0


@dataclass(frozen=True, slots=True)
class FetchedStory:
    """One post as its source gave it; texts are the untouched originals."""

    external_id: str
    """Unique over all sources: ``reddit:t3_abc``, ``feed:<hash>``, ``paste:<hash>``."""
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
    """Taken down by its author, a moderator or the platform."""
    media_only: bool = False
    crosspost_of: str | None = None
    """The external id of the post that this one repeats, if the source says so."""
    written_at: datetime | None = None
    answers: tuple[Answer, ...] = ()
    """Those to the post itself that came with it, best first."""


@dataclass(frozen=True, slots=True)
class UnreadableRow(FetchedStory):
    """A row that a source holds but can't give: a file that is no text, a row with a cell too many.

    It is shown as skipped, the others go on.
    """

    why: str = ""
    """What is wrong and what to do, in a sentence."""


class StorySource(Protocol):
    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Give the stories of ``query``, best first; none where none changed since its memory.

        Raises:
            Permanent: credentials or place are wrong; the sentence says which.
            Retryable: the source is away or asks to slow down.
        """

    def answers(
        self, stories: Sequence[FetchedStory], count: int
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Give each of ``stories``, by its external id, the ``count`` best answers to it.

        One after another, so that what was given counts though a later one fails. Unless a source
        asks for them, they are those that came with the stories.

        Raises:
            Permanent: credentials are wrong.
            Retryable: the source is away or asks to slow down.
        """
        for story in stories:
            yield story.external_id, story.answers[:count]

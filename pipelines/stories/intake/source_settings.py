"""What can be set on a source: each setting once, for the back office and the terminal alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models import NsfwPolicy, SourceKind

KINDS: dict[str, str] = {
    SourceKind.SUBREDDIT: "Subreddit",
    SourceKind.FEED: "RSS or Atom feed",
    SourceKind.SAVED_LISTING: "Saved Reddit listing (a JSON file)",
    SourceKind.CSV: "Table of stories (a CSV file)",
    SourceKind.FOLDER: "Folder of texts (.txt, .md)",
}
"""The kinds that are asked for stories, in the words of a person; pasted ones come by hand."""

SCORED = frozenset({SourceKind.SUBREDDIT, SourceKind.SAVED_LISTING, SourceKind.CSV})
"""The kinds that can tell how readers liked a story, and whether it is marked NSFW."""

ANSWERED = frozenset({SourceKind.SUBREDDIT, SourceKind.SAVED_LISTING})
"""The kinds that have answers to a story."""

WHEN, WHICH, SAFETY = "When it is fetched", "Which stories are taken", "What a person must see"
ON_SCHEDULE = frozenset(SourceKind) - {SourceKind.PASTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A column of a source that a person may set."""

    name: str
    label: str
    help: str = ""
    group: str = WHICH
    """What it stands with on the page."""
    kinds: frozenset[SourceKind] = frozenset(SourceKind)
    """Those that it says anything about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Setting):
    longest: int
    pattern: str = ""
    """What it must look like in full, if that matters; ``wanted`` says it in words."""
    wanted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch(Setting):
    """On or off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure(Setting):
    """A whole number."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Setting):
    """A number from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Setting):
    """One of some values, each with what a person reads."""

    choices: Mapping[str, str]


def _same(*values: str) -> dict[str, str]:
    return {value: value for value in values}


NAME = Text(name="name", label="Name", longest=120, help="How you will recognise it in lists.")
KIND = Choice(
    name="kind",
    label="Kind",
    choices={**KINDS, SourceKind.PASTE: "Pasted texts"},
)
PLACES = {
    SourceKind.SUBREDDIT: "A subreddit's name, such as tifu, or several: tifu+confession.",
    SourceKind.FEED: "The feed's address, which begins with https://.",
    SourceKind.SAVED_LISTING: "The whole path of the file on this machine.",
    SourceKind.CSV: "The whole path of the file on this machine. Its first row names the columns: "
    "title and text; url, author, place, score and nsfw if you like.",
    SourceKind.FOLDER: "The whole path of the folder on this machine; those in it are read too.",
}
PLACE = Text(
    name="place",
    label="Place",
    longest=500,
    help="The subreddit's name, the feed's address, or the path of the file or folder.",
    kinds=ON_SCHEDULE,
)

SETTINGS: tuple[Setting, ...] = (
    Switch(name="enabled", label="Fetch on schedule", group=WHEN, kinds=ON_SCHEDULE),
    Figure(
        name="interval_minutes",
        label="Minutes between fetches",
        least=5,
        most=10_080,
        help="5 minutes to a week.",
        group=WHEN,
        kinds=ON_SCHEDULE,
    ),
    Choice(
        name="listing",
        label="Listing",
        choices=_same("top", "hot", "new", "rising"),
        kinds=frozenset({SourceKind.SUBREDDIT}),
    ),
    Choice(
        name="time_filter",
        label="Of the last",
        choices=_same("hour", "day", "week", "month", "year", "all"),
        help="Only the top listing has one.",
        kinds=frozenset({SourceKind.SUBREDDIT}),
    ),
    Figure(
        name="count",
        label="Stories a fetch",
        least=1,
        most=100,
        help="Those seen before are not taken again; of a file or folder the next ones are.",
        kinds=ON_SCHEDULE,
    ),
    Figure(
        name="answers",
        label="Answers told with each",
        least=0,
        most=20,
        help="So many of the best comments follow the post, each under its card; 0 tells none.",
        kinds=ANSWERED,
    ),
    Figure(
        name="min_score",
        label="Least score",
        least=0,
        most=1_000_000,
        help="Upvotes below which a story is skipped.",
        kinds=SCORED,
    ),
    Figure(name="min_words", label="Least words", least=1, most=20_000),
    Figure(
        name="max_words",
        label="Most words",
        least=1,
        most=20_000,
        help="About 170 words are a minute; long stories become several videos.",
    ),
    Choice(
        name="nsfw",
        label="Stories marked NSFW",
        choices={
            NsfwPolicy.SKIP: "Skip",
            NsfwPolicy.FLAG: "Take, but flag for a person",
            NsfwPolicy.ALLOW: "Take like any other",
        },
        kinds=SCORED,
    ),
    Text(
        name="language",
        label="Language",
        longest=8,
        pattern="([a-z]{2,3})?",
        wanted="A code like en or de.",
        help="A code like en or de: stories in another one are skipped. Empty takes any.",
    ),
    Share(
        name="warn_from",
        label="Warn from",
        help="Safety score (0 to 1) from which the approver is warned.",
        group=SAFETY,
    ),
    Share(
        name="flag_from",
        label="Flag from",
        help="Safety score from which a story waits flagged, for a person with a reason.",
        group=SAFETY,
    ),
)
"""In their order on the page. A setting that is added here is in the form and the commands."""

ALL: tuple[Setting, ...] = (NAME, KIND, PLACE, *SETTINGS)

"""The settings of a source, defined once for the back office and the command line."""

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
"""The kinds that are fetched, with their labels; pasted stories are added by hand."""

SCORED = frozenset({SourceKind.SUBREDDIT, SourceKind.SAVED_LISTING, SourceKind.CSV})
"""The kinds that have a score, and an NSFW mark, for each story."""

ANSWERED = frozenset({SourceKind.SUBREDDIT, SourceKind.SAVED_LISTING})
"""The kinds that have answers to each story."""

WHEN, WHICH, SAFETY = "Schedule", "Which stories are added", "Safety"
ON_SCHEDULE = frozenset(SourceKind) - {SourceKind.PASTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A column of a source that a person may set."""

    name: str
    label: str
    help: str = ""
    group: str = WHICH
    """Heading of its group on the page."""
    kinds: frozenset[SourceKind] = frozenset(SourceKind)
    """The kinds of source that use it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Setting):
    longest: int
    pattern: str = ""
    """A pattern for the whole value, if any; ``wanted`` says it in words."""
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
    """One of several values, each with its label."""

    choices: Mapping[str, str]


def _same(*values: str) -> dict[str, str]:
    return {value: value for value in values}


NAME = Text(name="name", label="Name", longest=120, help="The name shown in lists.")
KIND = Choice(
    name="kind",
    label="Kind",
    choices={**KINDS, SourceKind.PASTE: "Pasted stories"},
)
PLACES = {
    SourceKind.SUBREDDIT: "A subreddit name, such as tifu, or several: tifu+confession.",
    SourceKind.FEED: "The feed's address; it starts with https://. What may be secret in it is "
    "stored encrypted and not shown again: leave it as it is to keep it.",
    SourceKind.SAVED_LISTING: "The full path of the file on this machine.",
    SourceKind.CSV: "The full path of the file on this machine. Its first row names the columns: "
    "title and text; optional: url, author, place, score and nsfw.",
    SourceKind.FOLDER: "The full path of the folder on this machine. Subfolders are included.",
}
PLACE = Text(
    name="place",
    label="Place",
    longest=500,
    help="The subreddit name, the feed address, or the path of the file or folder.",
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
        label="Time range",
        choices=_same("hour", "day", "week", "month", "year", "all"),
        help="For the top listing only.",
        kinds=frozenset({SourceKind.SUBREDDIT}),
    ),
    Figure(
        name="count",
        label="Stories per fetch",
        least=1,
        most=100,
        help="Stories seen before are not added again. For a file or folder, each fetch continues "
        "with the next ones.",
        kinds=ON_SCHEDULE,
    ),
    Figure(
        name="answers",
        label="Answers per story",
        least=0,
        most=20,
        help="How many of the best comments are narrated after the post, each with its own card; "
        "0 for none.",
        kinds=ANSWERED,
    ),
    Figure(
        name="min_score",
        label="Minimum score",
        least=0,
        most=1_000_000,
        help="Stories with fewer upvotes are skipped.",
        kinds=SCORED,
    ),
    Figure(name="min_words", label="Minimum words", least=1, most=20_000),
    Figure(
        name="max_words",
        label="Maximum words",
        least=1,
        most=20_000,
        help="About 170 words make a minute; long stories become several videos.",
    ),
    Choice(
        name="nsfw",
        label="Stories marked NSFW",
        choices={
            NsfwPolicy.SKIP: "Skip",
            NsfwPolicy.FLAG: "Add, but flag for review",
            NsfwPolicy.ALLOW: "Add like any other story",
        },
        kinds=SCORED,
    ),
    Text(
        name="language",
        label="Language",
        longest=8,
        pattern="([a-z]{2,3})?",
        wanted="Must be a code like en or de.",
        help="A code like en or de; stories in other languages are skipped. Empty allows any.",
    ),
    Share(
        name="warn_from",
        label="Warn from",
        help="Safety score (0 to 1) from which the page shows a warning.",
        group=SAFETY,
    ),
    Share(
        name="flag_from",
        label="Flag from",
        help="Safety score (0 to 1) from which a story is flagged; approving it needs a reason.",
        group=SAFETY,
    ),
)
"""In page order. A setting added here appears in the form and the commands."""

ALL: tuple[Setting, ...] = (NAME, KIND, PLACE, *SETTINGS)

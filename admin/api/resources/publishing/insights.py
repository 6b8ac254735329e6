"""How published videos perform."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from admin.api.listing import check
from admin.api.models import Answer, Id, Line, Moment, Query
from admin.api.operation import operation
from admin.insights import sums
from admin.insights import videos as one_by_one
from admin.insights.advice import advice
from admin.insights.gains import gained
from models import Post
from pipelines.people.api_tokens import Scope
from pipelines.publishing.scheduling.slots import zone


class Totals(Answer):
    """Sums over the videos that share `key`; over all of them where it is null."""

    key: Annotated[
        int | None,
        Field(
            description="An account's or source's id; an hour; a kind of hook (1 question, 2 "
            "quotation, 3 number, 4 short, 5 long); or 302 for part 2 of 3."
        ),
    ]
    videos: int
    views: int
    typical: Annotated[float, Field(description="Geometric mean of the views.")]
    likes: int
    comments: int
    shares: int


class Comparison(Answer):
    """All videos of the period, and groups of them, the most viewed first."""

    together: Totals
    groups: list[Totals]


class SeenVideo(Answer):
    """A video with its newest counts."""

    post_id: Id
    title: str
    number: int
    of: int
    hook: Annotated[str, Field(description="Its opening line.")]
    account: str
    published_at: Moment
    counted_at: Moment
    views: int
    likes: int
    comments: int
    shares: int


class MostSeen(Answer):
    """All videos of the period, and its 50 most viewed."""

    together: Totals
    videos: list[SeenVideo]


class Count(Answer):
    """The counts of a video at one time."""

    at: Moment
    views: int
    likes: int
    comments: int
    shares: int


class Curve(Answer):
    """All counts of a video, oldest first."""

    counts: list[Count]


class Period(Query):
    days: Annotated[
        Literal["7", "30", "90"], Field(description="Days since publication, which begin in UTC.")
    ] = "30"
    account: Annotated[Id | None, Field(description="Only this account's.")] = None


class Grouping(Period):
    by: Annotated[
        Literal["accounts", "sources", "hours", "hooks", "parts"],
        Field(description="What to compare."),
    ]


class ZonedPeriod(Period):
    days: Annotated[Literal["7", "30", "90"], Field(description="How many; today is the last.")] = (
        "30"
    )
    zone: Annotated[Line, Field(description="IANA name of the zone in which days begin.")] = "UTC"


class Gain(Answer):
    """What all videos gained on a day."""

    day: date
    videos: Annotated[int, Field(description="Counted for the first time.")]
    views: int
    likes: int
    comments: int
    shares: int


class Gained(Answer):
    """The last days, the newest last."""

    days: list[Gain]
    views_before: Annotated[
        int,
        Field(
            description="Views gained in as many days before them, up to the present time of day."
        ),
    ]


class Suggestion(Answer):
    """What to do, and why."""

    finding: str
    videos: Annotated[int, Field(description="The videos behind the finding.")]
    action: str
    link: Annotated[str, Field(description="The page where it is done.")]


class Suggestions(Answer):
    """What the videos of a period suggest; empty if nothing stands out."""

    suggestions: list[Suggestion]


@operation("GET", "/insights", Scope.READ)
def videos(query: Period) -> MostSeen:
    """Read the most viewed videos of a period."""
    together, seen = one_by_one.most_seen(int(query.days), query.account)
    return MostSeen(
        together=Totals.model_validate(together),
        videos=[SeenVideo.model_validate(row) for row in seen],
    )


@operation("GET", "/insights/compared", Scope.READ)
def compared(query: Grouping) -> Comparison:
    """Compare the videos of a period by account, source, hour, kind of hook, or part."""
    together, groups = sums.compared(query.by, int(query.days), query.account)
    return Comparison(
        together=Totals.model_validate(together),
        groups=[Totals.model_validate(row) for row in groups],
    )


@operation("GET", "/insights/days", Scope.READ)
def days(query: ZonedPeriod) -> Gained:
    """Read the views, likes and so on that all videos gained, day by day."""
    return Gained.model_validate(gained(int(query.days), zone(query.zone), query.account))


@operation("GET", "/insights/suggestions", Scope.READ)
def suggestions(query: Period) -> Suggestions:
    """Read what to do next, where enough videos say so."""
    found = sums.compared_each(int(query.days), query.account)
    said = advice(found, query.account)
    return Suggestions(suggestions=[Suggestion.model_validate(each) for each in said])


@operation("GET", "/posts/<int:post_id>/counts", Scope.READ)
def curve(post_id: int) -> Curve:
    """Read all counts of a published post."""
    check(Post, post_id)
    return Curve(counts=[Count.model_validate(point) for point in one_by_one.curve(post_id)])

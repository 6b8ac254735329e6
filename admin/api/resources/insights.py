"""How published videos perform."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from admin import insights
from admin.api.listing import check
from admin.api.models import Answer, Id, Moment, Query
from admin.api.operation import operation
from models import Post
from pipelines.people.api_tokens import Scope


class Totals(Answer):
    """Sums over the videos that share `key`; over all of them where it is null."""

    key: Annotated[int | None, Field(description="An account's or source's id, or an hour.")]
    videos: int
    views: int
    median: Annotated[float, Field(description="Median views.")]
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
    days: Annotated[Literal["7", "30", "90"], Field(description="Days since publication.")] = "30"
    account: Annotated[Id | None, Field(description="Only this account's.")] = None


class Grouping(Period):
    by: Annotated[Literal["accounts", "sources", "hours"], Field(description="What to compare.")]


@operation("GET", "/insights", Scope.READ)
def videos(query: Period) -> MostSeen:
    """Read the most viewed videos of a period."""
    together, seen = insights.most_seen(int(query.days), query.account)
    return MostSeen(
        together=Totals.model_validate(together),
        videos=[SeenVideo.model_validate(row) for row in seen],
    )


@operation("GET", "/insights/compared", Scope.READ)
def compared(query: Grouping) -> Comparison:
    """Compare the videos of a period by account, source or hour."""
    together, groups = insights.compared(query.by, int(query.days), query.account)
    return Comparison(
        together=Totals.model_validate(together),
        groups=[Totals.model_validate(row) for row in groups],
    )


@operation("GET", "/posts/<int:post_id>/counts", Scope.READ)
def curve(post_id: int) -> Curve:
    """Read all counts of a published post."""
    check(Post, post_id)
    return Curve(counts=[Count.model_validate(point) for point in insights.curve(post_id)])

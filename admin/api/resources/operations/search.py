"""One search over everything."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from admin.api.models import Answer, Id, Query
from admin.api.operation import operation
from admin.lists import search as everything
from pipelines.people.api_tokens import Scope


class SearchHit(Answer):
    """Something that was found."""

    kind: Annotated[str, Field(description="Its resource, such as `stories`.")]
    id: Annotated[Id | None, Field(description="null: a video that is still being made.")]
    label: str
    state: str
    facts: str
    page: Annotated[str, Field(description="Its page in the back office.")]


class SearchResult(Answer):
    """The newest few of each kind."""

    items: list[SearchHit]
    note: Annotated[str, Field(description="What could not be searched; mostly empty.")]


class SearchQuery(Query):
    q: Annotated[
        str,
        Field(min_length=1, max_length=300, description="Words, a number or an address."),
    ]


@operation("GET", "/search", Scope.READ)
def find(query: SearchQuery) -> SearchResult:
    """Search stories, videos, posts, accounts, jobs and failures."""
    found = everything.find(query.q)
    return SearchResult(
        items=[
            SearchHit(
                kind=kind.name.lower(),
                id=hit.id,
                label=hit.label,
                state=hit.state,
                facts=hit.facts,
                page=hit.url,
            )
            for kind in found.kinds
            for hit in kind.hits
        ],
        note=found.note,
    )

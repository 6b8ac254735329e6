"""What all requests and answers of the API have in common: their base, ids, texts, lists."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from admin.http.inputs import LARGEST_ID, UNSEEN

MOST = 200
"""Rows of a list in one answer."""
LONGEST_TEXT = 200_000


def _visible(text: str) -> str:
    if UNSEEN.search(text):
        raise ValueError("contains an invisible control character")
    return text


Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Line = Annotated[str, Field(max_length=500), AfterValidator(_visible)]
"""A short text of a request: a name, a reason."""
Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_visible)]
Moment = Annotated[AwareDatetime, Field(description="A time with its zone, by ISO 8601.")]


class Answer(BaseModel):
    """Part of an answer. It is read from a row of the database, or built."""

    model_config = ConfigDict(from_attributes=True)


class Undoable(Answer):
    """A decision, and the number by which it can be undone."""

    undo: Annotated[Id, Field(description="Undo it for a day: POST /undo/{id}.")]


class Body(BaseModel):
    """The JSON of a request: nothing but these fields, of just these types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """The part of an address after the question mark."""

    model_config = ConfigDict(extra="forbid")


Item = TypeVar("Item", bound=Answer)


class ListQuery(Query):
    """Selects one page of a list, newest first."""

    limit: Annotated[int, Field(ge=1, le=MOST, description="Rows in one answer.")] = 50
    cursor: Annotated[
        str,
        Field(
            max_length=40,
            pattern=r"^[A-Za-z0-9]*$",
            description="`next` of the answer before; without it, the list begins.",
        ),
    ] = ""


class Page(Answer, Generic[Item]):
    """One page of a list, newest first."""

    items: list[Item]
    next: Annotated[
        str | None,
        Field(description="The `cursor` of the page after this one; null on the last page."),
    ]


class Done(Answer):
    """What was asked for is done."""

    done: Annotated[str, Field(description="What was done, in a sentence.")]

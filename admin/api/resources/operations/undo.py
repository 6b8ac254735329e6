"""One's own decisions of the last day, undone."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from admin.api.caller import RefusedError, caller
from admin.api.models import Answer, Id, Moment
from admin.api.operation import operation
from models import Undo
from pipelines import undo as decisions
from pipelines.people.api_tokens import Scope

MOST = 100
SCOPES = {
    "story": Scope.STORIES,
    "video": Scope.STORIES,
    "post": Scope.POSTS,
    "account": Scope.ACCOUNTS,
    "failure": Scope.JOBS,
    "job": Scope.JOBS,
    "schedule": Scope.JOBS,
}
"""What undoing a decision needs, by what it is about."""


class Decision(Answer):
    """A decision that can be undone."""

    id: Id
    action: str
    rows: list[int]
    created_at: Moment


class DecisionList(Answer):
    """One's own decisions of the last day, newest first."""

    items: list[Decision]


class Kept(Answer):
    """A row that could not be undone."""

    id: int
    why: str


class UndoneDecision(Answer):
    """What was undone."""

    action: str
    undone: Annotated[list[int], Field(description="The rows.")]
    kept: Annotated[list[Kept], Field(description="Rows that stay, whole or in part, and why.")]


@operation("GET", "/undo", Scope.READ)
def listed() -> DecisionList:
    """List your decisions that can be undone."""
    own = decisions.of_person(caller().name, MOST)
    return DecisionList(
        items=[
            Decision(
                id=row.id,
                action=row.action,
                rows=[row_id for row_id, *_ in row.changes],
                created_at=row.created_at,
            )
            for row in own
        ]
    )


@operation("POST", "/undo/<int:undo_id>", Scope.READ)
def undo(undo_id: int) -> UndoneDecision:
    """Undo a decision of yours.

    Needs the scope of the decision too, such as `write:stories` for an approval.
    """
    own = Undo.get(Undo.id == undo_id, Undo.by == caller().name)
    scope = SCOPES[own.action.partition(".")[0]]
    if not caller().may(scope):
        raise RefusedError(403, f'Undoing this needs the scope "{scope}".')
    undone = decisions.undo(undo_id, caller().name)
    return UndoneDecision(
        action=undone.action,
        undone=undone.ids,
        kept=[Kept(id=row_id, why=why) for row_id, why in undone.refused],
    )

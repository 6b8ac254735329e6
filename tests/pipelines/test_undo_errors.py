"""A decision or an undo that fails half way says what is done, and the rest can be done later."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from peewee import OperationalError

from core.db import database
from models import (
    AuditEntry,
    Story,
    StoryState,
    Undo,
)
from pipelines import handover, undo
from pipelines.stories import review
from tests.pipelines.production.making import a_story
from tests.pipelines.racing import at_once, deadlocks, slow_statements
from tests.pipelines.undoing import approved, states

pytestmark = pytest.mark.usefixtures("record")


def breaking(act: Callable[[int], object], at: int) -> Callable[[int], object]:
    """``act``, until the database gives up on a statement at row ``at``."""

    def act_or_break(row_id: int) -> None:
        act(row_id)
        if row_id == at:
            database.execute_sql("SET LOCAL statement_timeout = 1")
            database.execute_sql("SELECT pg_sleep(5)")

    return act_or_break


def test_a_database_error_half_way_leaves_what_was_done_undoable() -> None:
    # Given three stories, of which the second meets a database that gives up
    one, two, three = (a_story().id for _ in range(3))
    act = breaking(partial(review.approve, by="ada"), at=two)

    decided = undo.decide("ada", "story.approve", [one, two, three], act)

    # Then it is said which are decided and which are not
    assert decided.ids == [one]
    assert [row_id for row_id, _ in decided.refused] == [two, three]
    assert str(decided.refused[0][1]) == undo.BUSY
    assert states(Story) == [StoryState.APPROVED, StoryState.WAITING, StoryState.WAITING]
    # And what is decided can be undone
    assert decided.undo_id is not None
    assert undo.undo(decided.undo_id, "ada").ids == [one]


def test_a_database_error_at_the_first_row_is_no_decision() -> None:
    story = a_story()
    act = breaking(partial(review.approve, by="ada"), at=story.id)

    with pytest.raises(OperationalError):
        undo.decide("ada", "story.approve", [story.id], act)

    assert (states(Story), Undo.select().count()) == ([StoryState.WAITING], 0)


def test_an_error_of_ours_half_way_leaves_what_was_done_undoable() -> None:
    one, two = (a_story().id for _ in range(2))

    def act(row_id: int) -> None:
        review.approve(row_id, "ada")
        if row_id == two:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undo.decide("ada", "story.approve", [one, two], act)

    assert undo.undo(Undo.get().id, "ada").ids == [one]


def test_a_database_error_half_way_through_an_undo_keeps_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given three approvals, and a database that gives up while the second one is undone
    stories = [a_story() for _ in range(3)]
    undo_id = approved(*stories)
    withdraw = breaking(partial(handover.withdraw, by="ada"), at=stories[1].id)
    with monkeypatch.context() as broken:
        broken.setattr(handover, "withdraw", lambda row_id, _: withdraw(row_id))
        done = undo.undo(undo_id, "ada")

    # Then it is said what is undone and what is not, and the rest can still be undone
    assert done.ids == [stories[0].id]
    assert [row_id for row_id, _ in done.refused] == [stories[1].id, stories[2].id]
    assert undo.undo(undo_id, "ada").ids == [stories[1].id, stories[2].id]
    assert states(Story) == [StoryState.WAITING] * 3


def test_clicks_at_once_undo_each_row_once(
    monkeypatch: pytest.MonkeyPatch, record: None, database_url: str
) -> None:
    stories = [a_story() for _ in range(5)]
    undo_id = approved(*stories)
    before = deadlocks(database_url)

    with slow_statements(monkeypatch):
        assert at_once(*[lambda: undo.undo(undo_id, "ada")] * 3) == []

    withdrawn = AuditEntry.select().where(AuditEntry.action == "story.withdraw")
    assert withdrawn.count() == 5
    assert states(Story) == [StoryState.WAITING] * 5
    assert deadlocks(database_url) == before

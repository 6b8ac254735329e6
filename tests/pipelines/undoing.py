"""Decide as a person does on a page, and read what has become of the rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from models import (
    Account,
    Job,
    Post,
    Story,
    VideoState,
)
from pipelines import undo
from pipelines.publishing.scheduling import planning
from pipelines.stories import review
from tests.pipelines.production.making import a_part
from tests.pipelines.test_handover import a_video


def decided(action: str, by: str, act: Callable[[int], object], *ids: int) -> int:
    """The id by which ``by`` may undo what is done to these rows."""
    return undo.remember(by, action, [undo.noted(action, row_id, act) for row_id in ids])


def approved(*stories: Story) -> int:
    act = partial(review.approve, by="ada")
    return decided("story.approve", "ada", act, *(story.id for story in stories))


def planned() -> Post:
    """A post on an account, with its time."""
    Account.create(name="tales", open_id="o", state="connected")
    return planning.plan(a_video(a_part(), VideoState.READY))[0]


def states(table: type[Story | Post | Job]) -> list[str]:
    return [row.state for row in table.select().order_by(table.id)]

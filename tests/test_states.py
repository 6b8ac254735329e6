"""States: statements make exactly the moves that the table of moves allows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models import Job, JobState, Post, PostState, StaleStateError

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = ("admin", "pipelines", "scripts", "workers")
WRITES_A_STATE = re.compile(
    r"\bSET\b(?:(?!\bWHERE\b).)*?(?<![.\w])state\s*=\s*'|update\([^)]*\bstate=", re.DOTALL
)


def test_states_change_only_through_the_table_of_moves() -> None:
    # Given every file that may write to the database; new rows start in their first state
    for package in PRODUCTION:
        for file in (ROOT / package).rglob("*.py"):
            for statement in re.split(r"\n\n", file.read_text(encoding="utf-8")):
                # Then states come from move() and transition(), which read the table of moves
                assert not WRITES_A_STATE.search(statement), f"{file}: {statement}"


def test_a_statements_states_come_from_the_table_of_moves() -> None:
    assert Job.transition(JobState.RUNNING) == (
        "state = 'running'",
        "job.state IN ('waiting')",
    )
    assert Job.transition(JobState.DEAD, of=[JobState.RUNNING]).assignment == "state = 'dead'"

    # A move that the table does not allow can't be written
    with pytest.raises(ValueError, match="Job may not become done from waiting"):
        Job.transition(JobState.DONE, of=[JobState.WAITING])
    with pytest.raises(ValueError, match="Job may not become running from done, waiting"):
        Job.transition(JobState.RUNNING, of=[JobState.DONE, JobState.WAITING])


@pytest.mark.parametrize("table", [Job, Post], ids=["jobs", "posts"])
def test_every_state_lists_its_next_states(table: type[Job | Post]) -> None:
    states = set(JobState) if table is Job else set(PostState)
    assert set(table.moves) == states
    assert set().union(*table.moves.values()) <= states
    assert all(state not in targets for state, targets in table.moves.items())


@pytest.mark.usefixtures("record")
def test_a_move_fails_when_somebody_else_was_first() -> None:
    job = Job.create(stage="fetch", subject_id=1, queue="network", request_id="r")
    twin = Job.get_by_id(job.id)
    job.move(JobState.RUNNING)

    with pytest.raises(StaleStateError, match="This job is running and can't become running"):
        twin.move(JobState.RUNNING)
    assert not twin.try_move(JobState.RUNNING)

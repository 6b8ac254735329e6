"""People run tasks now, pause them and resume them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.errors import InputError
from models import AuditEntry, RunOutcome, ScheduledTask, now
from pipelines import schedules, undo
from pipelines.schedules import TASKS, decisions

pytestmark = pytest.mark.usefixtures("record")

SEAL = TASKS["seal_audit_log"]


@pytest.fixture
def task_id(record: None) -> int:
    return int(decisions.find(SEAL.name).id)


def row() -> Any:
    return ScheduledTask.get(ScheduledTask.name == SEAL.name)


def make_due(ago: timedelta = timedelta(minutes=10)) -> None:
    ScheduledTask.update(due_at=now() - ago).where(ScheduledTask.name == SEAL.name).execute()


def test_all_tasks_are_listed_before_any_worker_has_started() -> None:
    listed = decisions.listed()
    assert [each.task.name for each in listed] == list(TASKS)
    assert {each.state for each in listed} == {"waiting"}
    assert all(each.next_at > now() for each in listed if each.next_at)


def test_a_run_that_is_asked_for_leaves_the_plan_as_it_is(task_id: int) -> None:
    due_at = row().due_at
    decisions.run_now(task_id, "olga")
    with pytest.raises(InputError, match="olga has asked for it already"):
        decisions.run_now(task_id, "emil")

    # When a worker gets the message
    run = schedules.claim(SEAL, at=due_at - timedelta(seconds=30))
    assert run is not None
    with pytest.raises(InputError, match="It is running now"):
        decisions.run_now(task_id, "emil")
    schedules.end(run, RunOutcome.DONE)

    # Then it has run beside its plan, once
    assert run.planned_at is None
    assert row().due_at == due_at
    assert schedules.claim(SEAL, at=due_at - timedelta(seconds=30)) is None
    [entry] = AuditEntry.select()
    assert (entry.actor, entry.action, entry.subject) == (
        "olga",
        "schedule.run",
        "schedule seal_audit_log",
    )


def test_a_run_that_is_asked_for_is_not_lost_with_its_message_or_its_worker(task_id: int) -> None:
    decisions.run_now(task_id, "olga")
    # A lost message is sent again
    assert schedules.sweep(TASKS, at=now() + timedelta(seconds=61)) != []
    # And a dead worker's run is begun again, beside the plan
    first = schedules.claim(SEAL, at=row().due_at - timedelta(seconds=59))
    assert first is not None
    schedules.sweep(TASKS, at=row().lease_until + timedelta(seconds=1))
    again = schedules.claim(SEAL, at=row().due_at - timedelta(seconds=1))
    assert again is not None
    assert (again.planned_at, again.fence) == (None, first.fence + 1)


def test_a_paused_task_passes_its_times_and_goes_on_at_the_next(task_id: int) -> None:
    # Given a task that is paused while it is due
    make_due()
    assert decisions.pause(task_id, "olga", "The key is replaced.")
    assert not decisions.pause(task_id, "emil")
    assert schedules.claim(SEAL) is None
    assert SEAL.name not in schedules.sweep(TASKS, at=now())
    # And runs if somebody asks for it
    decisions.run_now(task_id, "emil")
    run = schedules.claim(SEAL)
    assert run is not None
    schedules.end(run, RunOutcome.DONE)

    # When it is resumed, then what passed is left out
    assert decisions.resume(task_id, "olga")
    assert not decisions.resume(task_id, "olga")
    assert schedules.claim(SEAL, at=now() - timedelta(seconds=1)) is None
    assert row().due_at > now() - timedelta(seconds=1)


def test_pause_and_resume_are_undone(task_id: int) -> None:
    def paused() -> tuple[str, str]:
        return row().paused_by, row().paused_reason

    first = undo.decide_one(
        "olga", "schedule.pause", task_id, lambda each: decisions.pause(each, "olga", "Moving.")
    )
    second = undo.decide_one(
        "emil", "schedule.resume", task_id, lambda each: decisions.resume(each, "emil")
    )
    assert paused() == ("", "")

    undo.undo(second, "emil")
    assert paused() == ("olga", "Moving.")
    assert undo.undo(first, "olga").ids == [task_id]
    assert paused() == ("", "")
    actions = [entry.action for entry in AuditEntry.select().order_by(AuditEntry.id)]
    assert actions == ["schedule.pause", "schedule.resume"] * 2


def test_a_task_that_nobody_takes_is_late(task_id: int) -> None:
    make_due()
    [late] = [each for each in decisions.listed() if each.state == "late"]
    assert late.task == SEAL


def test_a_name_that_is_wrong_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"no periodic task “tidy”. There are: fetch_due_sources,"):
        decisions.find("tidy")

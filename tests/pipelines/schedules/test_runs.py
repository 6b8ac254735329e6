"""Each planned time is run for once, whatever messages come; the clock is stepped by the test."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from models import DeadLetter, RunOutcome, ScheduledTask
from pipelines import schedules
from pipelines.schedules import Run, Task, by_name, runs
from pipelines.schedules.plan import daily, minutes

pytestmark = pytest.mark.usefixtures("record")

START = datetime(2026, 3, 3, 12, tzinfo=UTC)
SEAL = Task("seal", "Seal", minutes())
EACH = Task("count", "Count", minutes(), makes_up_for_each=True)
BACKUP = Task("backup", "Back up", daily("04:30"))
TASKS = by_name(SEAL, EACH, BACKUP)


@pytest.fixture(autouse=True)
def known(record: None) -> None:
    schedules.ensure(TASKS, at=START)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def claim(minute: float, task: Task = SEAL) -> Run | None:
    return schedules.claim(task, at=at(minute))


def ran(minute: float, task: Task = SEAL) -> Run:
    """A whole run at this minute."""
    run = claim(minute, task)
    assert run is not None
    assert schedules.end(run, RunOutcome.DONE, at=at(minute))
    return run


def row(task: Task = SEAL) -> ScheduledTask:
    found: ScheduledTask = ScheduledTask.get(ScheduledTask.name == task.name)
    return found


def test_a_message_that_comes_twice_runs_nothing_again() -> None:
    assert ran(1).planned_at == at(1)
    assert claim(1) is None
    assert claim(1.9) is None
    assert ran(2).planned_at == at(2)


def test_one_that_comes_before_its_time_runs_nothing() -> None:
    assert claim(0.9) is None
    # But the clock of the scheduler may be ahead by some seconds
    assert schedules.claim(SEAL, sent_for=at(1), at=at(0.95)) is not None
    # And no more than that
    assert schedules.claim(EACH, sent_for=at(1), at=at(0.9)) is None


def test_a_second_message_waits_for_the_end_of_the_run() -> None:
    run = claim(1)
    assert run is not None
    assert claim(2.5) is None
    schedules.end(run, RunOutcome.DONE, "Sealed 3 entries.", at=at(2.6))
    assert ran(2.6).planned_at == at(2)

    ended = row()
    assert (ended.last_started_at, ended.last_ended_at) == (at(2.6), at(2.6))


def test_one_run_makes_up_for_all_that_was_missed() -> None:
    run = ran(61.5)
    assert (run.planned_at, run.missed) == (at(1), 60)
    assert row().due_at == at(62)
    assert claim(61.6) is None


def test_a_task_that_says_so_makes_up_for_each() -> None:
    planned = [ran(5.5, EACH).planned_at for _ in range(5)]
    assert planned == [at(minute) for minute in range(1, 6)]
    assert claim(5.9, EACH) is None


def test_a_task_whose_worker_died_runs_again() -> None:
    # Given a worker that died in mid-run, and with it the renewal of the lease
    assert claim(1) is not None
    assert schedules.sweep(TASKS, at=at(1.1)) == []

    # When the lease has run out, then a message is due, and the same time is run for
    assert "seal" in schedules.sweep(TASKS, at=at(1.3))
    again = claim(1.3)
    assert again is not None
    assert again.planned_at == at(1)
    # And the first worker can write nothing any more, if it was only frozen
    assert not schedules.end(Run(again.task_id, "seal", 1, at(1), 0), RunOutcome.DONE)
    assert row().last_outcome == RunOutcome.NONE


def test_a_task_over_which_workers_die_has_failed_and_goes_on_at_its_next_time() -> None:
    for crash in range(runs.MOST_CRASHES):
        assert claim(1 + crash) is not None
        schedules.sweep(TASKS, at=at(1.5 + crash))

    sentence = "Its worker ended while it ran, 3 times in a row; it runs at its next planned time."
    assert (row().last_outcome, row().last_sentence) == (RunOutcome.FAILED, sentence)
    [letter] = DeadLetter.select()
    assert (letter.stage, letter.error_code, letter.error) == ("seal", "poison", sentence)
    assert row().crashes == 0
    assert ran(4).planned_at == at(4)


def test_a_lost_message_is_sent_again_once_a_minute() -> None:
    assert schedules.sweep(TASKS, at=at(1.1)) == []
    assert sorted(schedules.sweep(TASKS, at=at(1.2))) == ["count", "seal"]
    assert schedules.sweep(TASKS, at=at(1.4)) == []
    assert sorted(schedules.sweep(TASKS, at=at(2.3))) == ["count", "seal"]


def test_tasks_are_added_kept_and_forgotten() -> None:
    # When the next version runs a task more often, has a new one, and one less
    ran(1)
    newer = by_name(Task("seal", "Seal", minutes()), Task("backup", "Back up", daily("13:00")))
    schedules.ensure(newer, at=at(1.5))

    # Then what is on record stays, and the earlier time counts
    assert {each.name: each.due_at for each in ScheduledTask.select()} == {
        "seal": at(2),
        "backup": START + timedelta(hours=1),
    }
    assert row().last_outcome == RunOutcome.DONE


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_any_sequence_of_messages_runs_what_is_planned(seed: int) -> None:
    # Given messages that come twice, late, out of order and for times long past, and runs of any
    # length, some of which die with their worker
    chance = random.Random(seed)  # noqa: S311  # the same sequences each time
    task = chance.choice([SEAL, EACH])
    moment, running, covered = 0.0, list[Run](), list[datetime]()

    def cover(run: Run) -> None:
        assert run.planned_at is not None
        if schedules.end(run, RunOutcome.DONE, at=at(moment)):
            covered.extend(
                run.planned_at + number * SEAL.plan.period for number in range(1 + run.missed)
            )

    for _ in range(60):
        moment += chance.choice([0, 0, 0.01, 0.2, 0.7, 1, 5])
        sent_for = at(moment - chance.choice([0, 0.1, 3, 90]))
        if (run := schedules.claim(task, sent_for=sent_for, at=at(moment))) is not None:
            running.append(run)
        if running and chance.random() < 0.6:
            cover(running.pop())
        if chance.random() < 0.2:
            schedules.sweep(TASKS, at=at(moment))
    # When everything has ended, and messages come until nothing is due
    for run in running:
        cover(run)
    for _ in range(int(moment) + 2):
        if (run := schedules.claim(task, at=at(moment))) is not None:
            cover(run)

    # Then each planned time has been run for, once, in order
    assert covered == [at(minute) for minute in range(1, int(moment) + 1)]

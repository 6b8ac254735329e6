"""A week with two schedulers that stop and start, in some seconds: the clock is stepped."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from models import RunOutcome
from pipelines import schedules
from pipelines.schedules import Every, Run, Task, by_name
from pipelines.schedules.plan import daily, hours, minutes

START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = timedelta(days=7)
LOOK = timedelta(minutes=10)
TASKS = by_name(
    Task("often", "Each five minutes", minutes(5)),
    Task("each", "Each half hour, made up for", minutes(30), makes_up_for_each=True),
    Task("hour", "Each hour", hours(minute=15)),
    Task("day", "Each day", daily("04:30")),
    Task("week", "Each week", Every(WEEK, timedelta(days=3, hours=2))),
)


def planned(task: Task) -> list[datetime]:
    """All its times of the week."""
    times = [task.plan.next_after(START)]
    while (following := task.plan.next_after(times[-1])) <= START + WEEK:
        times.append(following)
    return times


def is_down(scheduler: int, moment: datetime) -> bool:
    """The one is down every fifth hour, the other every third; so at times both are."""
    return moment.hour % (5 - 2 * scheduler) == 0


def messages(chance: random.Random) -> Iterator[tuple[datetime, str]]:
    """What two schedulers send in the week, by arrival: late at times, lost at times."""
    sent = []
    for task in TASKS.values():
        for time in planned(task):
            for scheduler in (0, 1):
                if is_down(scheduler, time) or chance.random() < 0.01:
                    continue
                late = chance.choice([0.01, 0.5, 2, 70]) if chance.random() < 0.05 else 0.01
                sent.append((time + timedelta(seconds=late), task.name))
    yield from sorted(sent)


@pytest.mark.slow
@pytest.mark.usefixtures("record")
def test_a_week_misses_nothing_and_doubles_nothing() -> None:
    # Given five tasks, two schedulers, and workers of which one in fifty dies in mid-run
    chance = random.Random(7)  # noqa: S311  # the same week each time
    schedules.ensure(TASKS, at=START)
    ended, deaths = list[Run](), 0

    def work(name: str, moment: datetime) -> None:
        nonlocal deaths
        run = schedules.claim(TASKS[name], at=moment)
        if run is None:
            return
        if chance.random() < 0.02:
            deaths += 1
            return
        assert schedules.end(run, RunOutcome.DONE, at=moment)
        ended.append(run)

    # When the week passes; workers look for what was forgotten, here only every ten minutes
    looked = START
    for moment, name in messages(chance):
        while looked + LOOK <= moment:
            looked += LOOK
            for overdue in schedules.sweep(TASKS, at=looked):
                work(overdue, looked)
        work(name, moment)
    for later in range(1, 60):
        for overdue in schedules.sweep(TASKS, at=START + WEEK + timedelta(minutes=later)):
            work(overdue, START + WEEK + timedelta(minutes=later))

    # Then every planned time was run for, and none twice
    covered = Counter(
        (run.name, run.planned_at + number * TASKS[run.name].plan.period)
        for run in ended
        for number in range(1 + run.missed)
        if run.planned_at is not None
    )
    for name, task in TASKS.items():
        missing = [time for time in planned(task) if not covered[name, time]]
        assert missing == [], name
    assert [each for each, count in covered.items() if count > 1] == []
    # And the week was hard: times were missed, and workers died
    assert deaths > 10
    assert sum(run.missed for run in ended) > 100
    assert {run.missed for run in ended if run.name == "each"} == {0}

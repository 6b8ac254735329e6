"""docs/repetitions.md names everything that is repeated, with the figures of the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from core.db.errors import BY_SQLSTATE
from pipelines import ledger
from pipelines.publishing import insights, video_numbers
from pipelines.publishing.asking_times import Steps, next_after
from pipelines.schedules import TASKS
from pipelines.stages import STAGES

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "repetitions.md").read_text(encoding="utf-8")

PACKAGES = ("core", "adapters", "pipelines", "workers", "admin", "supervisor", "services")
OF_REPETITIONS = re.compile(
    r"(^|_)(AGAIN|AWAY|CRASHES|HOLD|LEASE|LIMIT_SECONDS|LOOK|LOST|MOST_FULL|NEVER|OUTAGE|PART_SECONDS"
    r"|PASSES|PATIENCE|PAUSE|PAUSED|PERIOD|REDIRECTS|RENDERING|REPLACED|RESEND|RETRIES|RETRY|SHOWN_AFTER"
    r"|SHUT|TRIES|UNKNOWN|WAIT|WRITES)(_|$)"
)
"""Names of constants that say how often, or for how long, something is repeated."""
HEARD = re.compile(r"(adapters/speech|production/captions)/.*(PAUSE|HOLD)")
"""Such pauses are in a narration."""


def table(first_column: str) -> dict[str, list[str]]:
    """The table whose heading starts so: its other cells by the first one."""
    lines = iter(TEXT.splitlines())
    while not next(lines).startswith(f"| {first_column} |"):
        pass
    rows: dict[str, list[str]] = {}
    for line in lines:
        if not line.startswith("|"):
            break
        first, *others = (cell.strip(" `") for cell in line.strip("|").split("|"))
        assert first not in rows, first
        assert all(others), f"{first} has an empty cell"
        rows[first] = others
    rows.pop("---")
    return rows


def constants() -> Iterator[tuple[str, str]]:
    """File and name of every constant that bounds a repetition."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            file = path.relative_to(ROOT).as_posix()
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                targets = node.targets if isinstance(node, ast.Assign) else []
                for name in (each for target in targets for each in ast.walk(target)):
                    if not isinstance(name, ast.Name) or HEARD.search(f"{file} {name.id}"):
                        continue
                    if OF_REPETITIONS.search(name.id):
                        yield file, name.id


def figure(file: str, name: str) -> str | None:
    """The constant's value, a time in seconds; None if it is no figure."""
    value = getattr(import_module(file.removesuffix(".py").replace("/", ".")), name)
    if isinstance(value, timedelta):
        value = value.total_seconds()
    return f"{value:.10g}" if isinstance(value, int | float) else None


def test_every_stage_says_how_often_it_is_tried_and_what_a_person_sees() -> None:
    rows = table("stage")

    assert list(rows) == list(STAGES)
    for name, stage in STAGES.items():
        figures = [str(stage.attempts), f"{stage.backoff:g} s", f"{stage.longest:g} s"]
        assert rows[name][:3] == figures, name


def test_every_periodic_task_says_how_often_it_runs_and_until_when_it_repeats_what() -> None:
    plans = {task.name: str(task.plan) for task in TASKS.values()}

    assert {name: cells[0] for name, cells in table("task").items()} == plans


def test_every_constant_that_bounds_a_repetition_is_there_with_its_figure() -> None:
    written = {(cells[0], name): cells[1] for name, cells in figures_by_name()}

    known = {key: value for key in constants() if (value := figure(*key)) is not None}

    assert written == known


def figures_by_name() -> Iterator[tuple[str, list[str]]]:
    """The rows of the table of constants; a name may be used in several files."""
    for place, cells in table("constant").items():
        file, _, name = place.rpartition(" ")
        yield name.strip("`"), [file.strip("`"), *cells]


def test_every_sqlstate_has_its_meaning_there() -> None:
    rows = table("SQLSTATE")
    assert {state: cells[0] for state, cells in rows.items()} == dict(BY_SQLSTATE)


@pytest.mark.parametrize(
    ("task", "steps"),
    [("learn_video_numbers", video_numbers.STEPS), ("measure_videos", insights.STEPS)],
)
def test_tiktok_is_asked_about_a_post_as_often_as_it_says(task: str, steps: Steps) -> None:
    # Given a post that went out, and is asked about each time that it is due
    went_out = moment = datetime(2026, 3, 1, tzinfo=UTC)
    times = 0
    while (following := next_after(went_out, moment, steps)) is not None:
        moment, times = following, times + 1

    assert (
        f" {times} times in {(moment - went_out).days} days, then never again"
        in table("task")[task][1]
    )


def test_the_longest_wait_is_the_one_that_it_names() -> None:
    days = f"waits for one reason for {ledger.LONGEST_WAIT.days} days"
    assert days in " ".join(TEXT.split())

"""What is there to do now, counted for metrics: right, cheap, and bounded when servers hang."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from benchmarks import plans
from benchmarks.statements import Ran
from core.db import database
from core.limiter import Limiter
from models import Account, AccountState, DeadLetter, Job, JobState, now
from pipelines import backlog, backlog_metrics
from pipelines.backlog_metrics import BacklogCollector
from pipelines.rate_limits import REDDIT

pytestmark = pytest.mark.usefixtures("record")


def jobs(
    stage: str, queue: str, state: JobState, count: int, *, due: float, **more: object
) -> None:
    first = Job.select().count()
    Job.insert_many(
        {
            "stage": stage,
            "subject_id": first + number,
            "queue": queue,
            "request_id": "",
            "due_at": now() + timedelta(seconds=due),
            "state": state,
            **more,
        }
        for number in range(count)
    ).execute()


def test_every_figure_is_of_what_is_open() -> None:
    # Given jobs in every state, failures and accounts
    jobs("render", "gpu", JobState.WAITING, 2, due=-600)
    jobs("render", "gpu", JobState.WAITING, 3, due=600)
    jobs("narrate", "cpu", JobState.RUNNING, 1, due=-5)
    jobs("fetch", "network", JobState.DONE, 4, due=-9000)
    jobs("fetch", "network", JobState.WAITING, 1, due=5, error_code="disk_full")
    DeadLetter.create(stage="render", error="open")
    DeadLetter.create(stage="render", error="over", resolved_at=now())
    Account.create(open_id="a", state=AccountState.CONNECTED)
    Account.create(open_id="b", state=AccountState.CONNECTED, paused_at=now())
    Account.create(open_id="c", state=AccountState.EXPIRED)

    # When they are counted
    found = backlog.read()

    # Then finished work counts nowhere
    by_stage = {each.stage: each for each in found.stages}
    render = by_stage["render"]
    assert (render.due, render.later, render.running) == (2, 3, 0)
    assert by_stage["narrate"].running == 1
    assert by_stage["fetch"].later == 1
    assert 600 <= found.oldest("gpu") < 700
    assert found.oldest("network") == 0
    assert found.held_up["disk_full"] == 1
    assert found.dead_letters == 1
    assert found.accounts == {"connected": 1, "paused": 1, "expired": 1, "disconnected": 0}
    assert found.posts["parked"] == 0


def test_the_cost_does_not_grow_with_what_was_ever_done() -> None:
    # Given many jobs that are done, few that wait, and statistics that say so
    jobs("render", "gpu", JobState.DONE, 5000, due=-9000)
    jobs("narrate", "cpu", JobState.WAITING, 5, due=-5)
    database.execute_sql("VACUUM ANALYZE job")

    # Then no statement reads more than a few rows, or a large table whole
    values = {
        backlog.JOBS: {"now": now(), "stages": ["render", "narrate"], "most": 10_000},
        backlog.HELD_UP: {"codes": ["disk_full"], "most": 10_000},
        backlog.DEAD_LETTERS: {"most": 10_000},
    }
    for sql, given in values.items():
        assert plans.faults(Ran(sql, given, 0.0)) == [], sql


def test_the_figures_are_served_and_left_out_when_they_cannot_be_read(redis_url: str) -> None:
    # Given a backlog, and a limit that is half used
    jobs("render", "gpu", JobState.WAITING, 2, due=-600)
    limiter = Limiter.at(redis_url)
    for number in range(REDDIT.count // 2):
        assert limiter.acquire([REDDIT], who="test", grant=str(number)).granted
    registry = CollectorRegistry()
    registry.register(BacklogCollector(limiter))

    # Then both are among the metrics
    assert (
        registry.get_sample_value(
            "storymill_jobs", {"queue": "gpu", "stage": "render", "state": "due"}
        )
        == 2
    )
    used = registry.get_sample_value("storymill_limit_used_ratio", {"limit": "reddit_fetch"})
    assert used == 0.5

    # When Redis is away, then only the limits are missing, and that is said
    registry = CollectorRegistry()
    registry.register(BacklogCollector(Limiter.at("redis://127.0.0.1:9/0")))
    readable = {
        what: registry.get_sample_value("storymill_backlog_readable", {"what": what})
        for what in ("backlog", "limits")
    }
    assert readable == {"backlog": 1.0, "limits": 0.0}
    assert registry.get_sample_value("storymill_dead_letters_open") == 0


def test_a_database_that_hangs_holds_the_answer_up_for_seconds_only(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a statement that never ends
    monkeypatch.setattr(backlog_metrics, "ANSWER_WITHIN", 0.2)
    monkeypatch.setattr(backlog, "DEAD_LETTERS", "SELECT 1 FROM pg_sleep(3)")
    registry = CollectorRegistry()
    registry.register(BacklogCollector(Limiter.at(redis_url)))

    # When Prometheus asks, then it gets an answer without these figures
    assert registry.get_sample_value("storymill_backlog_readable", {"what": "backlog"}) == 0

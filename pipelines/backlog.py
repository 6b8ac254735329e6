"""What is there to do now: jobs by queue, failures, posts, accounts.

Everything is counted in an index of what is open, and up to ``MOST_COUNTED``: the cost depends
neither on what was ever done nor on how long the backlog is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.db import database
from core.errors import OUTAGES, DiskFull
from models import AccountState, PostState, StoryState, now
from pipelines.stages import STAGES

MOST_COUNTED = 10_000
HELD_UP_BY = (*sorted(OUTAGES), DiskFull.default_code)
OPEN_POSTS = (
    PostState.PLANNED,
    PostState.CLAIMING,
    PostState.UPLOADING,
    PostState.PROCESSING,
    PostState.MANUAL,
    PostState.PARKED,
)
TO_REVIEW = (StoryState.WAITING, StoryState.FLAGGED)
PAUSED = "paused"

JOBS = """
SELECT stage,
    (SELECT count(*) FROM (SELECT 1 FROM job WHERE state = 'waiting' AND job.stage = each.stage
        AND due_at <= %(now)s LIMIT %(most)s) AS counted),
    (SELECT count(*) FROM (SELECT 1 FROM job WHERE state = 'waiting' AND job.stage = each.stage
        AND due_at > %(now)s LIMIT %(most)s) AS counted),
    (SELECT count(*) FROM (SELECT 1 FROM job WHERE state = 'running' AND job.stage = each.stage
        LIMIT %(most)s) AS counted),
    (SELECT min(due_at) FROM job WHERE state = 'waiting' AND job.stage = each.stage)
FROM unnest(%(stages)s) AS each (stage)
"""
HELD_UP = """
SELECT code, (SELECT count(*) FROM (SELECT 1 FROM job WHERE state = 'waiting'
    AND error_code = code AND error_code <> '' LIMIT %(most)s) AS counted)
FROM unnest(%(codes)s) AS each (code)
"""
POSTS = """
SELECT each.state, (SELECT count(*) FROM (SELECT 1 FROM post WHERE post.state = each.state
    LIMIT %(most)s) AS counted)
FROM unnest(%(states)s) AS each (state)
"""
STORIES = """
SELECT each.state, (SELECT count(*) FROM (SELECT 1 FROM story WHERE story.state = each.state
    LIMIT %(most)s) AS counted)
FROM unnest(%(states)s) AS each (state)
"""
DEAD_LETTERS = """
SELECT count(*) FROM (SELECT 1 FROM dead_letter WHERE resolved_at IS NULL LIMIT %(most)s) AS counted
"""
ACCOUNTS = """
SELECT CASE WHEN state = 'connected' AND paused_at IS NOT NULL THEN 'paused' ELSE state END,
       count(*)
FROM account GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class StageBacklog:
    """Jobs of one stage: due, due later, running; and seconds since the oldest became due."""

    stage: str
    queue: str
    due: int
    later: int
    running: int
    oldest: float


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is there to do now, each figure up to ``MOST_COUNTED``.

    Attributes:
        stages: jobs.
        held_up: waiting jobs by what holds them up.
        dead_letters: open failures.
        posts: by open state.
        stories: that wait for a person, by state.
        accounts: by state; a connected one that is paused counts as paused.
    """

    stages: tuple[StageBacklog, ...]
    held_up: dict[str, int]
    dead_letters: int
    posts: dict[str, int]
    stories: dict[str, int]
    accounts: dict[str, int]

    def oldest(self, queue: str) -> float:
        """Seconds since the queue's oldest waiting job became due; 0 if none is due."""
        return max(each.oldest for each in self.stages if each.queue == queue)


def read() -> Backlog:
    """Count; a connection must be open."""
    moment = now()
    jobs = _rows(JOBS, now=moment, stages=list(STAGES))
    accounts = {str(state): 0 for state in (*AccountState, PAUSED)}
    return Backlog(
        stages=tuple(_stage(moment, row) for row in jobs),
        held_up=dict(_rows(HELD_UP, codes=list(HELD_UP_BY))),
        dead_letters=_rows(DEAD_LETTERS)[0][0],
        posts=dict(_rows(POSTS, states=[str(state) for state in OPEN_POSTS])),
        stories=dict(_rows(STORIES, states=[str(state) for state in TO_REVIEW])),
        accounts=accounts | dict(_rows(ACCOUNTS)),
    )


def _stage(moment: datetime, row: tuple[str, int, int, int, datetime | None]) -> StageBacklog:
    stage, due, later, running, oldest = row
    age = max(0.0, (moment - oldest).total_seconds()) if oldest is not None else 0.0
    return StageBacklog(stage, STAGES[stage].queue, due, later, running, age)


def _rows(sql: str, **values: object) -> list[Any]:
    cursor = database.execute_sql(sql, {"most": MOST_COUNTED, **values})
    rows: list[Any] = cursor.fetchall()
    return rows

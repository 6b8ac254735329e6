"""Follows the work in the record, with live bars, until it has ended."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from core.db import database
from models import (
    DeadLetter,
    Job,
    JobState,
    Part,
    Post,
    PostState,
    Script,
    Source,
)
from pipelines import ledger
from scripts.demonstration import person
from scripts.demonstration.story import story_of
from supervisor import Supervisor

UNFINISHED = (JobState.WAITING, JobState.RUNNING)
ENDED_WELL = (PostState.PUBLISHED, PostState.INBOX)
SHOWN_JOBS = 8
MOST_QUICK_ENDS = 8
"""Of a process in a row, half a minute of them; then the demo ends."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended; no problems means well."""

    problems: tuple[str, ...]


def until_done(
    source: Source, processes: Supervisor, console: Console, *, approve: int, seconds: float
) -> Outcome:
    """Approve what comes from ``source`` and wait for everything that follows from it.

    Args:
        source: the one that is being fetched.
        processes: the cluster that does it.
        console: where the live table goes.
        approve: how many of its stories.
        seconds: give up after this long.
    """
    deadline = time.monotonic() + seconds
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while time.monotonic() < deadline:
            idle = _nothing_left()
            approved = person.approves(source, approve)
            live.update(_bars())
            if problems := (*_down(processes), *_stopped()):
                return Outcome(problems)
            if idle and not approved:
                return Outcome(tuple(_failures()))
            time.sleep(0.3)
    waits = " ".join(f"{job.stage}: {ledger.explain(job)}" for job in _unfinished()[:5])
    return Outcome((f"Not done after {seconds:.0f} s. Unfinished: {waits}",))


def _unfinished() -> list[Job]:
    return list(Job.select().where(Job.state.in_(UNFINISHED)).order_by(Job.id))


def _nothing_left() -> bool:
    return not Job.select().where(Job.state.in_(UNFINISHED)).exists()


def _down(processes: Supervisor) -> tuple[str, ...]:
    """Sentences for processes that the supervisor still tries, and the demo waits for no more."""
    return tuple(
        f"The process {process.name} does not stay up: see var/log/{process.name}.log."
        for process in processes.status()
        if process.quick_ends >= MOST_QUICK_ENDS
    )


def _stopped() -> tuple[str, ...]:
    """Sentences for work that can't go on until a person has mended something."""
    paused = Job.select(Job.waits_for).where(
        Job.state == JobState.WAITING, Job.error_code == "disk_full"
    )
    return tuple(sorted({job.waits_for for job in paused}))


def _failures() -> list[str]:
    letters = DeadLetter.select().where(DeadLetter.resolved_at.is_null())
    sentences = [f"{letter.stage}: {letter.error}" for letter in letters]
    parked = Job.select().where(Job.state == JobState.PARKED)
    sentences += [f"{job.stage} needs a person: {job.error}" for job in parked]
    return sorted(set(sentences))


def _bars() -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("stage", width=9)
    table.add_column("story", no_wrap=True, ratio=1)
    table.add_column("", width=30)
    table.add_column("", width=24)
    running = Job.select().where(Job.state == JobState.RUNNING).order_by(Job.started_at)
    for job in running.limit(SHOWN_JOBS):
        bar = ProgressBar(total=1, completed=job.progress, width=28)
        table.add_row(job.stage, escape(story_of(job)), bar, f"{job.progress:.0%}")
    for stage, count in _waiting():
        table.add_row(stage, "", "", f"{count} waiting")
    parts = Part.select().count()
    posts = Post.select().where(Post.state.in_(ENDED_WELL)).count()
    scripts = Script.select().count()
    table.caption = f"{scripts} scripts · {parts} parts · {posts} posts published"
    return table


def _waiting() -> list[tuple[str, int]]:
    """How many jobs of each stage wait."""
    cursor = database.execute_sql(
        "SELECT stage, count(*) FROM job WHERE state = 'waiting' GROUP BY stage ORDER BY stage"
    )
    return list(cursor.fetchall())

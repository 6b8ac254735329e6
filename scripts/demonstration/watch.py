"""Follows the work in the database, with live bars or plain lines, until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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
from scripts.demonstration.clock import Clock
from scripts.demonstration.line_printer import Lines
from scripts.demonstration.report import first_published
from scripts.demonstration.step_lines import News
from scripts.demonstration.story import story_of
from supervisor import Supervisor

UNFINISHED = (JobState.WAITING, JobState.RUNNING)
ENDED_WELL = (PostState.PUBLISHED, PostState.INBOX)
SHOWN_JOBS = 8
MOST_QUICK_ENDS = 8
"""Quick ends of a process in a row (about half a minute) after which the demo stops."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the demo ended; no problems means success.

    Attributes:
        first_published: seconds from the start to the first published video; None if there is none.
    """

    problems: tuple[str, ...]
    first_published: float | None


class Watch:
    """Reports what happens after its creation, not what the database had before.

    Args:
        console: shows the live table.
        lines: prints each change if there is no live table.
        clock: counts from the start.
    """

    def __init__(self, console: Console, lines: Lines, clock: Clock) -> None:
        self._console, self._lines, self._clock = console, lines, clock
        self._news = News()
        self._first_published: float | None = None

    def until_done(
        self, source: Source, processes: Supervisor, *, approve: int, seconds: float
    ) -> Outcome:
        """Approve stories from ``source`` and wait for all work that follows.

        Args:
            source: the source that is being fetched.
            processes: the processes that do the work.
            approve: how many of its stories to approve.
            seconds: give up after this long.
        """
        deadline = time.monotonic() + seconds
        with self._bars() as show:
            while time.monotonic() < deadline:
                idle = _nothing_left()
                approved = person.approves(source, approve)
                show()
                self.look()
                if problems := (*_down(processes), *_stopped()):
                    return self._outcome(problems)
                if idle and not approved:
                    return self._outcome(_failures())
                time.sleep(0.3)
        waits = " ".join(f"{job.stage}: {ledger.explain(job)}" for job in _unfinished()[:5])
        return self._outcome([f"Not done after {seconds:.0f} s. Unfinished: {waits}"])

    def look(self) -> None:
        """Print what is new, and note when the first video was published."""
        for sentence in self._news.sentences():
            self._lines.say(sentence)
            if self._news.published and self._first_published is None:
                self._first_published = round(
                    self._clock.seconds(), 1
                )  # the same figure everywhere
                self._lines.say(first_published(self._first_published))

    @contextmanager
    def _bars(self) -> Iterator[Callable[[], None]]:
        if self._lines.shown:
            yield lambda: None
            return
        with Live(console=self._console, refresh_per_second=4, transient=True) as live:
            yield lambda: live.update(_bars())

    def _outcome(self, problems: Iterable[str]) -> Outcome:
        return Outcome(tuple(problems), self._first_published)


def _unfinished() -> list[Job]:
    return list(Job.select().where(Job.state.in_(UNFINISHED)).order_by(Job.id))


def _nothing_left() -> bool:
    return not Job.select().where(Job.state.in_(UNFINISHED)).exists()


def _down(processes: Supervisor) -> tuple[str, ...]:
    """Sentences about processes that keep ending; the demo gives up on them."""
    return tuple(
        f"The process {process.name} does not stay up: see var/log/{process.name}.log."
        for process in processes.status()
        if process.quick_ends >= MOST_QUICK_ENDS
    )


def _stopped() -> tuple[str, ...]:
    """Sentences about work that can't continue until a person fixes something."""
    paused = Job.select(Job.waits_for).where(
        Job.state == JobState.WAITING, Job.error_code == "disk_full"
    )
    return tuple(sorted({job.waits_for for job in paused}))


def _failures() -> list[str]:
    letters = DeadLetter.select().where(DeadLetter.resolved_at.is_null())
    return sorted(
        {
            f"{letter.stage}{' needs attention' if letter.parked else ''}: {letter.error}"
            for letter in letters
        }
    )


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
    """How many jobs of each stage are waiting."""
    cursor = database.execute_sql(
        "SELECT stage, count(*) FROM job WHERE state = 'waiting' GROUP BY stage ORDER BY stage"
    )
    return list(cursor.fetchall())

"""Kill processes with kill -9 between all steps of an upload: no post may be doubled or lost."""

from __future__ import annotations

import json
import math
import multiprocessing
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks.posting import resets, worker_kills
from benchmarks.posting.clips import make_long_clip
from benchmarks.posting.faults import Switch
from benchmarks.posting.mortal_worker import BLOCK_SENT, Orders, live
from benchmarks.posting.posting import INBOX_SCOPES, Stand, waiting
from benchmarks.posting.tally import Tally
from benchmarks.rows import Row
from core.db import database
from core.settings import TIKTOK_SCOPES
from models import Job, JobState, Post
from pipelines import ledger

WAVE = 6
"""Processes that post in parallel, each its own post."""
PATIENCE = 60.0
MOST_AGAIN = 4
WARM = ["benchmarks.posting.mortal_worker"]

Deaths = tuple[int, ...]
"""The moments at which the first, second, … process dies; the next one lives."""


@dataclass(frozen=True, slots=True)
class Method:
    """The method of posting, and what else disturbs the posts."""

    name: str
    scopes: tuple[str, ...] = TIKTOK_SCOPES
    switches: tuple[Switch, ...] = ()
    clip: Path | None = None
    """A video of several chunks; None means a short one for each post."""


DIRECT, INBOX = Method("direct post"), Method("inbox upload", INBOX_SCOPES)
DISTURBED = (
    Method("init's answer lost", switches=({"call": "init", "fault": "lost_response"},)),
    Method("last chunk's answer lost", switches=({"call": "upload", "fault": "lost_response"},)),
)


def run(stand: Stand, *, times: int, seed: int | None = None) -> list[Row]:
    """Kill at each moment ``times`` times, and kill real workers at random times.

    Direct posts and inbox uploads are killed at every moment. Runs with lost answers can't run in
    parallel, so they are done a quarter as often. So are runs with two deaths in a row.
    """
    dice = random.Random(seed)  # noqa: S311  # chooses moments, keeps no secret
    rows = []
    for method in (DIRECT, INBOX):
        rows += _rows(stand, method, moments(stand, method), times)
    for method in DISTURBED:
        rows += _rows(stand, method, effects(moments(stand, method)), math.ceil(times / 4))
    most = len(moments(stand, DIRECT))
    twice = [(dice.randint(1, most), dice.randint(1, most)) for _ in range(most * times // 4)]
    rows += repeat(stand, DIRECT, twice).rows("killed twice")
    long = several_chunks(stand)
    rows += _rows(stand, long, at_chunks(moments(stand, long)), times)
    killed = worker_kills.kill_workers(stand, posts=10 * times, kills=times, dice=dice)
    return rows + killed.rows("worker killed at random times")


def _rows(stand: Stand, method: Method, chosen: dict[int, str], times: int) -> list[Row]:
    tally = repeat(stand, method, [(at,) for at in chosen] * times)
    return [Row(f"{method.name}: moments", len(chosen), ""), *tally.rows(method.name)]


def several_chunks(stand: Stand) -> Method:
    clip = stand.folder / "long.mp4"
    make_long_clip(clip, at_least=resets.LEAST_BYTES)
    return Method("several chunks", clip=clip)


def moments(stand: Stand, method: Method) -> dict[int, str]:
    """The moments of an upload without kills, numbered from 1."""
    report = stand.folder / "moments.json"
    for _ in range(2):  # the first run also loads the scripts into Redis
        (post,) = _begin(stand, method, 1)
        _end([_start(Orders(stand.surroundings, post.id, report=report))])
    return dict(enumerate(json.loads(report.read_text()), start=1))


def effects(moments: dict[int, str]) -> dict[int, str]:
    """The moments right after a visible change; reads change nothing.

    Dying at any other moment leaves the same state as dying at the moment before it.
    """
    reads = ("SELECT", "BEGIN", "SAVEPOINT", "RELEASE")
    return {at: name for at, name in moments.items() if not name.startswith(reads)}


def at_chunks(moments: dict[int, str]) -> dict[int, str]:
    """The moments at the start, middle and end of each chunk of an upload."""
    chosen: list[int] = []
    head = 0
    for at, name in moments.items():
        if name != BLOCK_SENT:
            if name.startswith("answer to PUT"):
                chosen += [head, head + 1, (head + at) // 2, at - 1, at]
            head = at + 1
    return {at: moments[at] for at in chosen}


def repeat(stand: Stand, method: Method, deaths: Sequence[Deaths]) -> Tally:
    """Make a post for each of ``deaths``, with processes that die at those moments.

    A post may have one moment fewer than another, depending on the platform's speed and on cached
    account data. If a process reached its end without being killed, another post is made.
    """
    tally = Tally()
    alone = method.switches or method.clip  # faults and the shared video allow one post at a time
    size = 1 if alone else WAVE
    left = list(deaths)
    for _ in range(MOST_AGAIN):
        again: list[Deaths] = []
        for start in range(0, len(left), size):
            wave, missed = _wave(stand, method, left[start : start + size])
            tally += wave
            again += missed
        left, size = again, 1  # only one post of a wave fetches the account data
    return tally


def _wave(stand: Stand, method: Method, deaths: Sequence[Deaths]) -> tuple[Tally, list[Deaths]]:
    """The outcome of a post for each of ``deaths``, and the deaths that did not happen."""
    posts = _begin(stand, method, len(deaths))
    killed: Counter[int] = Counter()
    for life in range(max(map(len, deaths)) + 1):
        killed.update(_live(stand, posts, [dies[life : life + 1] for dies in deaths]))
    tally = stand.tally(posts)
    tally.faults = killed.total()
    return tally, [dies for number, dies in enumerate(deaths) if not killed[number]]


def work(stand: Stand, posts: Sequence[Post], *, dies_at: int | None = None) -> None:
    """Let a process do the jobs of each post, and kill it at the given moment."""
    _live(stand, posts, [(dies_at,) if dies_at else ()] * len(posts))


def _live(stand: Stand, posts: Sequence[Post], deaths: Sequence[Deaths]) -> list[int]:
    """Run one process per post with a job left; returns positions of the killed ones."""
    children = {
        number: _start(Orders(stand.surroundings, post.id, next(iter(dies), None)))
        for number, (post, dies) in enumerate(zip(posts, deaths, strict=True))
        if waiting(post) is not None
    }
    codes = _end(list(children.values()))
    let_leases_run_out(posts)
    return [number for number, code in zip(children, codes, strict=True) if code]


def _begin(stand: Stand, method: Method, count: int) -> list[Post]:
    stand.start_over(method.scopes)
    for switch in method.switches:
        stand.sandbox.fault("tiktok", **switch)
    return stand.plan(count, method.clip)


def let_leases_run_out(posts: Sequence[Post]) -> None:
    """Do what a sweep does for dead workers' jobs after 15 seconds."""
    ids = [post.id for post in posts]
    running = Job.select().where(Job.state == JobState.RUNNING, Job.subject_id.in_(ids))
    deadline = time.monotonic() + PATIENCE
    while running.exists() and time.monotonic() < deadline:
        database.execute_sql(
            "UPDATE job SET lease_until = now() - interval '1 second' WHERE state = 'running'"
        )
        ledger.sweep()


def _start(orders: Orders) -> BaseProcess:
    """Fork a process from one that has its modules loaded but no connection."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(WARM)
    child = context.Process(target=live, args=(orders,), daemon=True)
    child.start()
    return child


def _end(children: Sequence[BaseProcess]) -> list[int]:
    """Wait for the processes; returns their exit codes, negative for a signal."""
    deadline = time.monotonic() + PATIENCE
    for child in children:
        child.join(max(0.0, deadline - time.monotonic()))
    codes = [child.exitcode for child in children]
    for child in children:
        if child.exitcode is None:
            child.kill()
    if any(code not in {0, -signal.SIGKILL} for code in codes):
        raise RuntimeError(f"Processes that should post ended with {codes}.")
    return [code for code in codes if code is not None]

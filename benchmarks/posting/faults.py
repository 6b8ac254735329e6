"""Make posts while answers are lost, refused or late: none may be doubled or lost.

Each run is one post that is disturbed by one scenario's fault switches in the sandbox. Waiting
jobs are made due at once; everything else runs as in production.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.posting.posting import INBOX_SCOPES, Stand, make_due, try_once, waiting
from benchmarks.posting.tally import Tally
from benchmarks.rows import Row
from core.errors import StageError, Wait
from core.settings import TIKTOK_SCOPES
from models import Post

BATCH = 50
"""Posts that are processed in parallel."""
MOST_TRIES = 100
PAUSE_SECONDS = 0.05

Switch = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Faults that disturb a post.

    Attributes:
        first: switched on before the post's first attempt to publish.
        later: switched on before the next attempt, or before the first status query.
        parks: the outcome can't be known, so a person must decide about the post.
        inbox: the video goes to the creator's inbox.
    """

    name: str
    first: tuple[Switch, ...] = ()
    later: tuple[Switch, ...] = ()
    parks: bool = False
    inbox: bool = False


def lost(call: str) -> Switch:
    return {"call": call, "fault": "lost_response"}


PROMISED = (
    Scenario("answer to init lost", (lost("init"),)),
    Scenario("answer to the last chunk lost", (lost("upload"),)),
    Scenario("answer to status lost", later=(lost("status"),)),
)
FURTHER = (
    Scenario("inbox: answer to init lost", (lost("inbox_init"),), inbox=True),
    Scenario("inbox: answer to the last chunk lost", (lost("upload"),), inbox=True),
    Scenario("last chunk's answer lost, then status's", (lost("upload"),), (lost("status"),)),
    Scenario(
        "last chunk's answer lost, then TikTok says the post is unknown",
        (lost("upload"),),
        ({"call": "status", "fault": "invalid_params", "times": None},),
        parks=True,
    ),
    Scenario(
        "503 to init and to status",
        ({"call": "init", "fault": "503"},),
        ({"call": "status", "fault": "503"},),
    ),
    Scenario(
        "429 with Retry-After to init and to status",
        ({"call": "init", "fault": "429", "retry_after": 37},),
        ({"call": "status", "fault": "429", "retry_after": 5},),
    ),
)

MIXED_CALLS = ("creator_info", "init", "upload", "status")
MIXED_FAULTS = ("lost_response", "reset", "reset_mid_body", "bad_json", "503", "429")


def run(stand: Stand, *, times: int, seed: int | None = None) -> list[Row]:
    """Run each scenario ``times`` times, then as many random mixes; each run is its own post."""
    rows: list[Row] = []
    for scenario in (*PROMISED, *FURTHER):
        tally = repeat(stand, [scenario] * times)
        rows += tally.rows(scenario.name, parked=times if scenario.parks else 0)
    dice = random.Random(seed)  # noqa: S311  # chooses faults, keeps no secret
    return rows + repeat(stand, [mixed(dice) for _ in range(times)]).rows("random faults")


def mixed(dice: random.Random) -> Scenario:
    """One or two faults on the first attempt, and one on a later one."""
    first = dice.sample(MIXED_CALLS, dice.randint(1, 2))
    return Scenario(
        "mixed",
        tuple({"call": call, "fault": dice.choice(MIXED_FAULTS)} for call in first),
        ({"call": dice.choice(MIXED_CALLS), "fault": dice.choice(MIXED_FAULTS)},),
    )


def repeat(stand: Stand, scenarios: Sequence[Scenario]) -> Tally:
    """Make a post for each of ``scenarios``, which all have the same ``inbox``."""
    tally = Tally()
    for start in range(0, len(scenarios), BATCH):
        tally += _batch(stand, scenarios[start : start + BATCH])
    return tally


def _batch(stand: Stand, scenarios: Sequence[Scenario]) -> Tally:
    stand.start_over(INBOX_SCOPES if scenarios[0].inbox else TIKTOK_SCOPES)
    return disturb(stand, stand.plan(len(scenarios)), scenarios)


def disturb(stand: Stand, posts: Sequence[Post], scenarios: Sequence[Scenario]) -> Tally:
    """Do the jobs of ``posts``, each disturbed by its scenario, until none is left."""
    worker = Worker(stand)
    for post, scenario in zip(posts, scenarios, strict=True):
        with worker.disturbed(scenario.first):
            worker.try_once(post)
    for post, scenario in zip(posts, scenarios, strict=True):
        if scenario.later:
            with worker.disturbed(scenario.later):
                worker.try_until_it_fails(post)
    worker.work_off(posts)
    tally = stand.tally(posts)
    tally.faults = worker.faults
    return tally


class Worker:
    """Does the jobs of posts while faults are switched on in the sandbox."""

    def __init__(self, stand: Stand) -> None:
        self.faults = 0
        self._sandbox = stand.sandbox
        self._around = stand.surroundings.around()

    @contextmanager
    def disturbed(self, switches: Sequence[Switch]) -> Iterator[None]:
        for switch in switches:
            self._sandbox.fault("tiktok", **switch)
        yield
        if switches:
            self.faults += sum(fault["taken"] for fault in self._sandbox.faults())
            self._sandbox.clear_faults()

    def try_once(self, post: Post) -> StageError | None:
        job = waiting(post)
        if job is None:
            return None
        make_due(job)
        return try_once(job, self._around)

    def try_until_it_fails(self, post: Post) -> None:
        """Do the post's jobs until one fails (waiting is no failure) or none is left."""
        for _ in range(MOST_TRIES):
            error = self.try_once(post)
            if isinstance(error, Wait):
                time.sleep(PAUSE_SECONDS)
            elif error is not None or waiting(post) is None:
                return
        raise RuntimeError(f"Post {post.id} has not ended after {MOST_TRIES} tries.")

    def work_off(self, posts: Sequence[Post]) -> None:
        """Do the posts' jobs in rotation until none is left."""
        left = list(posts)
        for _ in range(MOST_TRIES):
            for post in left:
                self.try_once(post)
            left = [post for post in left if waiting(post) is not None]
            if not left:
                return
            time.sleep(PAUSE_SECONDS)
        raise RuntimeError(f"{len(left)} posts have not ended after {MOST_TRIES} tries.")

"""kill -9 at every step of an upload: exactly one post, whatever was killed.

``scripts/bench faults --kills 20`` does the same twenty times.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.posting import kills, worker_kills
from benchmarks.posting.kills import Method
from benchmarks.posting.posting import Stand, stand
from benchmarks.posting.tally import Tally
from models import Attempt
from sandbox.testing import running_sandbox
from services import ServiceAddresses
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
def bench(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Stand]:
    with (
        running_sandbox() as sandbox,
        stand(ServiceAddresses(database_url, redis_url), sandbox, tmp_path) as bench,
    ):
        yield bench


def assert_each_is_there_once(tally: Tally) -> None:
    assert (tally.doubled, tally.lost, tally.parked, tally.set_aside) == (0, 0, 0, 0), tally


@pytest.mark.parametrize(
    ("method", "every"), [(kills.DIRECT, 1), (kills.INBOX, 2)], ids=["direct post", "inbox upload"]
)
def test_a_worker_killed_between_any_two_steps_leaves_exactly_one_post(
    bench: Stand, method: Method, every: int
) -> None:
    # Given every effect of an upload: changes, commits, blocks, answers, wake-ups
    moments = kills.effects(kills.moments(bench, method))
    assert {"start", "COMMIT", "block sent", "answer to PUT /tiktok/upload/"} <= set(
        moments.values()
    )

    # When a process is killed after each of them, and the next one continues
    deaths = [(at,) for at in list(moments)[::every]]
    tally = kills.repeat(bench, method, deaths)

    # Then all were killed, and each post exists once
    assert tally.faults == len(deaths)
    assert_each_is_there_once(tally)


def test_a_chunk_that_a_killed_process_had_sent_is_not_announced_again(
    bench: Stand,
) -> None:
    # Given a platform that counts a chunk slowly, in the last second of its address
    moments = kills.moments(bench, kills.DIRECT)
    answered = next(at for at, name in moments.items() if name.startswith("answer to PUT"))
    bench.start_over()
    bench.sandbox.fault("tiktok", "upload", "slow", seconds=3.0)
    posts = bench.plan(1)

    # When its sender is killed after the last byte, and the next one comes in the next second
    kills.work(bench, posts, dies_at=answered - 1)
    Attempt.update(created_at=Attempt.created_at - timedelta(hours=1)).execute()
    kills.work(bench, posts)

    # Then, when both have ended, there is one post
    until(lambda: len(bench.sandbox.log(call="upload")) == 2)
    assert_each_is_there_once(bench.tally(posts))


def test_workers_killed_at_any_time_in_a_batch_leave_each_post_once(bench: Stand) -> None:
    dice = random.Random()  # noqa: S311  # chooses moments, keeps no secret

    tally = worker_kills.kill_workers(bench, posts=24, kills=3, dice=dice)

    assert tally.faults > 0
    assert_each_is_there_once(tally)

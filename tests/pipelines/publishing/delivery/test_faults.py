"""Answers lost, refused and late: no double post, none lost, unclear ones wait for a person.

``scripts/bench faults`` does the same a thousand times over.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.posting import faults, resets
from benchmarks.posting.clips import make_long_clip
from benchmarks.posting.faults import Scenario
from benchmarks.posting.posting import Stand, stand
from pipelines.publishing.delivery.api.chunks import plan_chunks
from sandbox.testing import RunningSandbox
from services import ServiceAddresses

TIMES = 8
"""Posts for a fault: several in parallel, as it is the same each time."""
TIMES_BY_CHANCE = 15


@pytest.fixture
def bench(
    database_url: str, redis_url: str, sandbox: RunningSandbox, tmp_path: Path
) -> Iterator[Stand]:
    with stand(ServiceAddresses(database_url, redis_url), sandbox, tmp_path) as bench:
        yield bench


@pytest.mark.parametrize(
    "scenario", [*faults.PROMISED, *faults.FURTHER], ids=lambda scenario: scenario.name
)
def test_a_fault_doubles_nothing_and_loses_nothing(bench: Stand, scenario: Scenario) -> None:
    # When the fault hits each of several posts
    tally = faults.repeat(bench, [scenario] * TIMES)

    # Then each was hit, and each is there once or, if that is unclear, waits for a person
    assert tally.faults >= TIMES
    assert (tally.runs, tally.doubled, tally.lost, tally.set_aside) == (TIMES, 0, 0, 0)
    assert tally.parked == (TIMES if scenario.parks else 0)
    # And bytes that had arrived were not sent again
    assert tally.most_again == 0


def test_random_faults_double_nothing_and_lose_nothing(bench: Stand) -> None:
    dice = random.Random(1)  # noqa: S311  # chooses faults, keeps no secret
    tally = faults.repeat(bench, [faults.mixed(dice) for _ in range(TIMES_BY_CHANCE)])

    assert tally.faults > TIMES_BY_CHANCE
    assert (tally.doubled, tally.lost, tally.parked, tally.set_aside) == (0, 0, 0, 0)


def test_a_reset_in_a_long_upload_costs_at_most_the_chunk_that_broke(bench: Stand) -> None:
    # Given a video of several chunks
    clip = bench.folder / "long.mp4"
    make_long_clip(clip, at_least=resets.LEAST_BYTES)
    chunks = plan_chunks(clip.stat().st_size)
    assert chunks.count > 2

    places = {"after chunk 1", "at the last byte of chunk 2", "in the middle of chunk 3"}
    chosen = [reset for reset in resets.resets(chunks) if reset.scenario.name in places]
    assert len(chosen) == len(places)

    for reset in chosen:
        # When the connection breaks between two chunks or within one
        tally = resets.send(bench, clip, reset)

        # Then only bytes of that chunk were sent again, and the video is there once
        assert tally.faults == 1
        assert tally.again == reset.most_again <= chunks.chunk_size, reset.scenario.name
        assert (tally.doubled, tally.lost, tally.parked, tally.set_aside) == (0, 0, 0, 0)

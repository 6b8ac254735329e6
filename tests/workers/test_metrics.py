"""Each try at a stage is timed, under one of a few outcomes."""

from __future__ import annotations

import pytest
from dramatiq.middleware import Shutdown
from prometheus_client import REGISTRY

from core.errors import DiskFull, Parked, Permanent, Retryable, Wait
from models import JobState
from pipelines.ledger import InterruptedByShutdownError, LeaseLostError
from tests.waiting import until
from tests.workers.running import enqueued, job, running
from workers.middleware.metrics import outcome
from workers.stage_actor import claim


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (None, "done"),
        (Wait("later", after=1), "waits"),
        (DiskFull("a disk"), "waits"),
        (InterruptedByShutdownError("stop", after=0), "interrupted"),
        (Shutdown(), "interrupted"),
        (LeaseLostError("gone"), "lost"),
        (Retryable("again"), "retried"),
        (Parked("decide"), "parked"),
        (Permanent("never"), "failed"),
        (KeyError("canary"), "error"),
    ],
)
def test_an_error_counts_by_its_kind(error: BaseException | None, word: str) -> None:
    assert outcome(error) == word


@pytest.mark.usefixtures("record")
def test_tries_are_timed_in_every_thread(redis_url: str) -> None:
    # Given a stage that parks one story and finishes the others, in several threads
    def prepare(story_id: int) -> None:
        if story_id == 3:
            raise Parked("A person decides.")
        with claim().finish():
            pass

    before = count("done"), count("parked")

    # When it has worked on all
    with running(redis_url, prepare, threads=4):
        enqueued("prepare", *range(1, 9))
        until(lambda: all(job("prepare", story).state != JobState.WAITING for story in range(1, 9)))
        until(lambda: count("done") + count("parked") == sum(before) + 8)

    # Then each try is counted once
    assert (count("done"), count("parked")) == (before[0] + 7, before[1] + 1)


def count(word: str) -> float:
    labels = {"stage": "prepare", "outcome": word}
    return REGISTRY.get_sample_value("storymill_stage_seconds_count", labels) or 0.0

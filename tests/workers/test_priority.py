"""Which of the waiting jobs a worker takes first."""

from __future__ import annotations

import threading

import pytest
from dramatiq import Worker
from redis import Redis

from models import JobState
from tests.waiting import until
from tests.workers.running import enqueued, job, running
from workers.middleware.lease import GENERATION
from workers.stage_actor import claim

pytestmark = pytest.mark.usefixtures("record")


def test_what_was_begun_is_finished_before_more_is_begun(redis_url: str) -> None:
    # Given a worker whose two threads narrate parts, while another narration waits
    ran: list[tuple[str, int]] = []
    narrating, go_on = threading.Semaphore(0), {1: threading.Event(), 2: threading.Event()}

    def narrate(part_id: int) -> None:
        ran.append(("narrate", part_id))
        narrating.release()
        if part_id in go_on:
            go_on[part_id].wait(30)
        with claim().finish():
            pass

    def caption(part_id: int) -> None:
        ran.append(("caption", part_id))
        with claim().finish():
            pass

    with (
        running(redis_url, narrate, caption, threads=2) as worker,
        Redis.from_url(redis_url) as client,
    ):
        until(lambda: client.exists(GENERATION))
        enqueued("narrate", 1, 2)
        assert narrating.acquire(timeout=30)
        assert narrating.acquire(timeout=30)
        enqueued("narrate", 3)
        until(lambda: "narrate" in waiting(worker))

        # When captions of another part join it, and one thread is free again
        enqueued("caption", 4)
        until(lambda: "caption" in waiting(worker))
        go_on[1].set()
        until(lambda: job("narrate", 3).state == JobState.DONE)
        go_on[2].set()

    # Then the captions come before the next narration
    assert ran[2:] == [("caption", 4), ("narrate", 3)]


def waiting(worker: Worker) -> list[str]:
    """The stages of the messages that the worker holds and has not begun."""
    return [item.message.actor_name for item in list(worker.work_queue.queue)]

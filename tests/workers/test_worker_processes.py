"""A dead worker's jobs are freed at once; a live worker keeps its jobs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models import Job, JobState
from pipelines import ledger
from pipelines.stages import MOST_CRASHES
from tests.workers.running import enqueued, job
from workers import worker_processes

pytestmark = pytest.mark.usefixtures("record")

ROOT = Path(__file__).resolve().parent.parent.parent
VICTIM = """
import sys, time
from core import db
from pipelines import ledger
from workers import worker_processes
db.configure(sys.argv[1])
with db.session():
    assert ledger.claim("narrate", 1, worker_processes.of_this_process())
print("claimed", flush=True)
time.sleep(60)
"""


def claimed_by(worker: str, subject: int = 1) -> Job:
    enqueued("narrate", subject)
    assert ledger.claim("narrate", subject, worker) is not None
    return job("narrate", subject)


def test_the_job_of_a_killed_process_is_free_at_once(database_url: str) -> None:
    # Given a worker process with a job
    enqueued("narrate", 1)
    with subprocess.Popen(
        [sys.executable, "-c", VICTIM, database_url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "claimed\n"
        held = job("narrate")

        # While it lives, another worker that starts on its host does not touch its job
        worker_processes.recover(["cpu"])
        assert job("narrate").state == JobState.RUNNING
        assert job("narrate").fence == held.fence

        # When it is killed
        victim.kill()

    # Then the next worker gets the job, long before the lease expires
    worker_processes.recover(["cpu"])
    freed = job("narrate")
    assert (freed.state, freed.crashes, freed.error_code) == (JobState.WAITING, 1, "worker_lost")
    assert held.worker.split(":")[2] == str(victim.pid)
    assert ledger.claim("narrate", 1, worker_processes.of_this_process()) is not None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells processes apart")
def test_only_a_process_that_is_certainly_gone_counts_as_dead() -> None:
    place, pid, started = worker_processes.of_this_process().rsplit(":", 2)
    host, _, namespace = place.rpartition(":")
    ended = subprocess.run(["true"], check=True)
    assert ended.returncode == 0

    assert not worker_processes.is_dead(f"{place}:{pid}:{started}"), "it is this process"
    parent_started = worker_processes._started(os.getppid())  # noqa: SLF001
    assert not worker_processes.is_dead(f"{place}:{os.getppid()}:{parent_started}")
    assert worker_processes.is_dead(f"{place}:{pid}:{int(started) - 1}"), (
        "its number is another's now"
    )
    assert worker_processes.is_dead(f"{place}:4194305:{started}"), "no process has this number"
    for elsewhere in (f"other-{host}:{namespace}", f"{host}:{int(namespace) + 1}", host):
        assert not worker_processes.is_dead(f"{elsewhere}:4194305:{started}"), elsewhere
    assert not worker_processes.is_dead("")
    assert not worker_processes.is_dead("worker")


def test_the_jobs_of_other_hosts_and_containers_wait_for_their_leases() -> None:
    # Given the jobs of dead workers: here, on another host, in another container
    place, _, started = worker_processes.of_this_process().rsplit(":", 2)
    host, _, namespace = place.rpartition(":")
    here = claimed_by(f"{place}:4194305:{started}", 1)
    elsewhere = [
        claimed_by(f"other-{host}:{namespace}:4194305:{started}", 2),
        claimed_by(f"{host}:{int(namespace) + 1}:4194305:{started}", 3),
    ]

    worker_processes.recover(["cpu"])

    assert job("narrate", here.subject_id).state == JobState.WAITING
    assert {job("narrate", held.subject_id).state for held in elsewhere} == {JobState.RUNNING}


def test_a_job_that_kills_one_worker_after_another_fails() -> None:
    dead = worker_processes.of_this_process().rpartition(":")[0] + ":1"
    for _ in range(MOST_CRASHES):
        claimed_by(dead)
        worker_processes.recover(["cpu"])
    assert job("narrate").state == JobState.DEAD
    assert job("narrate").error_code == "poison"


def test_wakeups_that_a_dead_worker_had_taken_are_sent_again() -> None:
    # Given due jobs whose wake-ups were sent, in this worker's queue and in another's
    enqueued("narrate", 1)
    enqueued("render", 1)

    worker_processes.recover(["cpu"])

    # Then the next sweep sends the worker's own again
    assert job("narrate").sent_at is None
    assert job("render").sent_at is not None

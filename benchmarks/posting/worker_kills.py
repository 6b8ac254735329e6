"""Kill a real worker with kill -9 at random times while it posts a batch."""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psutil

from benchmarks.posting.posting import Stand
from benchmarks.posting.tally import Tally
from core.settings import ROOT
from models import Job, JobState, Post

THREADS = 8
SLOW_SECONDS = 0.15
"""Extra time for each platform call, so that a worker is busy most of the time."""
LIFE_SECONDS = 1.5
"""A worker dies at a random time within this many seconds after its first job."""
PATIENCE = 120.0
ALIVE = (JobState.WAITING, JobState.RUNNING)


def kill_workers(stand: Stand, *, posts: int, kills: int, dice: random.Random) -> Tally:
    """Let workers post a batch; kill one after the other, and let the last one finish."""
    stand.start_over()
    for call in ("init", "upload", "status"):
        stand.sandbox.fault("tiktok", call, "slow", seconds=SLOW_SECONDS, times=None)
    batch = stand.plan(posts)
    killed = 0
    for _ in range(kills):
        if not _jobs(batch, *ALIVE):
            break
        with worker(stand) as process:
            _wait(batch, JobState.RUNNING, process)
            time.sleep(dice.uniform(0, LIFE_SECONDS))
            killed += _kill(process)
    with worker(stand) as process:
        deadline = time.monotonic() + PATIENCE
        while _jobs(batch, *ALIVE) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.terminate()
        process.wait(PATIENCE)
    tally = stand.tally(batch)
    tally.faults = killed
    return tally


@contextmanager
def worker(stand: Stand, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process of the queue ``network``, with more ``settings`` in its environment."""
    around = stand.surroundings
    environment = {
        **os.environ,
        **around.services.environment(),
        "CRYPTOGRAPHY_KEY": around.cryptography_key,
        "SECRET_KEY": secrets.token_urlsafe(32),
        "MEDIA_DIR": str(around.media_dir),
        "TIKTOK_API_URL": around.tiktok_url,
        "TIKTOK_CLIENT_KEY": around.client_key,
        "TIKTOK_CLIENT_SECRET": around.client_secret,
        **settings,
    }
    with (around.media_dir / "worker.txt").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "workers", "network", "--threads", str(THREADS)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> bool:
    """Kill the worker with all its children; returns whether it was alive."""
    alive = process.poll() is None
    family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(True))]
    for pid in reversed(family):
        os.kill(pid, signal.SIGKILL)
    process.wait(PATIENCE)
    return alive


def _jobs(posts: Sequence[Post], *states: JobState) -> int:
    count: int = (
        Job.select().where(Job.subject_id.in_([p.id for p in posts]), Job.state.in_(states)).count()
    )
    return count


def _wait(posts: Sequence[Post], state: JobState, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _jobs(posts, state) and _jobs(posts, *ALIVE):
        if time.monotonic() > deadline or process.poll() is not None:
            raise RuntimeError("The worker did not start to work.")
        time.sleep(0.02)

"""All processes that a supervised process started, even those in other sessions.

A supervised process carries ``STORYMILL_SUPERVISED=<run directory>:<name>`` in its environment,
and passes it on to all processes it starts. So a family is found without pid files, which go
stale, and without process groups, which encoders and browsers leave.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

import psutil

MARK = "STORYMILL_SUPERVISED"
GRACE_SECONDS = 10.0
POLL_SECONDS = 0.05
LOOKS = 2
LAST_SECONDS = 5.0
"""How long a killed process may take to end; one that hangs in the kernel never does."""


def mark(run: Path, name: str) -> dict[str, str]:
    """The environment that makes a process a member of the family."""
    return {MARK: f"{run}:{name}"}


def family(run: Path, name: str | None = None) -> list[psutil.Process]:
    """The living processes of one supervised process, or of all of a run directory."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            owner, _, member = process.environ().get(MARK, "").rpartition(":")
            if owner == str(run) and name in {None, member} and process.pid != os.getpid():
                found.append(process)
    return found


def end_family(run: Path, name: str | None = None, *, grace: float = GRACE_SECONDS) -> None:
    """Ask a family to end, and kill what is left of it after ``grace`` seconds.

    A process is asked only if its parent is gone or outside the family: most processes end their
    own children, and a Dramatiq worker that is asked twice would drop its current work.
    """
    asked: set[psutil.Process] = set()
    deadline = time.monotonic() + grace
    # Look twice before deciding that nobody is left: during exec a process has no readable
    # environment for a moment.
    missed = 0
    while missed < LOOKS and time.monotonic() < deadline + LAST_SECONDS:
        members = family(run, name)
        missed = 0 if members else missed + 1
        pids = {member.pid for member in members}
        for member in members:
            with contextlib.suppress(psutil.NoSuchProcess):
                if time.monotonic() > deadline:
                    member.kill()
                elif member not in asked and member.ppid() not in pids:
                    member.terminate()
                    asked.add(member)
        time.sleep(POLL_SECONDS)


def guard(run: Path) -> None:
    """Wait until the supervisor is gone and its end of our stdin closes; then end its families."""
    sys.stdin.buffer.read()
    end_family(run)


if __name__ == "__main__":
    guard(Path(sys.argv[1]))

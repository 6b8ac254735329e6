"""Processes that do not stay up: the supervisor writes a file, the back office reads it.

A file still works when PostgreSQL and Redis are down, which is often the cause. It exists only
while a process is in trouble, and is rewritten every second. If it is older than ``STALE_SECONDS``,
its supervisor is dead and it is ignored.

The file holds only numbers: a process's output may contain secrets. The reader makes the sentences.
"""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

FILE = "troubles.json"
STALE_SECONDS = 15.0
MOST_BYTES = 64_000
"""About a hundred troubled processes; the supervisor writes no larger file."""
MINUTES_FROM = 100
"""From this many seconds, a time is shown in minutes."""

Moment = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
"""Seconds since 1970."""


class Trouble(BaseModel, frozen=True):
    """A process that keeps ending soon after its start.

    Attributes:
        name: as in the Procfile.
        ends: how many times in a row.
        exit_code: of the last run; minus the signal number if a signal ended it, None if it
            could not start.
        lived: seconds that the last run lasted.
        next_try_at: when it is restarted; None while a restart is under way.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    ends: Annotated[int, Field(ge=1, le=1_000_000_000)]
    exit_code: Annotated[int, Field(ge=-255, le=255)] | None
    lived: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
    next_try_at: Moment | None

    def sentence(self, now: float | None = None) -> str:
        """The message for a person; ``now`` is in seconds since 1970."""
        times = "once" if self.ends == 1 else f"{self.ends} times in a row"
        return (
            f"The {self.name} process has ended {times}. Last: {self._end()}. "
            f"{self._next(time.time() if now is None else now)} var/log/{self.name}.log says why."
        )

    def _end(self) -> str:
        after = f"after {self.lived:.1f} s"
        match self.exit_code:
            case None:
                return "it could not be started"
            case 126 | 127 as code:  # what a shell answers
                return f"its program could not be run (exit code {code})"
            case code if code < 0:
                return f"ended by {_signal_name(-code)} {after}"
            case code:
                return f"exit code {code} {after}"

    def _next(self, now: float) -> str:
        if self.next_try_at is None:
            return "It is being restarted."
        seconds = max(1, round(self.next_try_at - now))
        if seconds < MINUTES_FROM:
            return f"Next try in {seconds} s."
        return f"Next try in {round(seconds / 60)} min."


class _Report(BaseModel):
    """The file's content."""

    written_at: Moment
    troubles: Annotated[tuple[Trouble, ...], Field(max_length=100)]


_FILE = TypeAdapter(_Report)


def report(folder: Path, troubles: Iterable[Trouble]) -> None:
    """Write the processes that are in trouble now; removes the file when there are none.

    Raises:
        OSError: the file can't be written.
    """
    path = folder / FILE
    current = _Report(written_at=time.time(), troubles=tuple(troubles))
    if not current.troubles:
        path.unlink(missing_ok=True)
        return
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(_FILE.dump_json(current))
    unfinished.replace(path)


def troubles(folder: Path) -> tuple[Trouble, ...]:
    """The processes in trouble now.

    Never raises: a file that is missing, old, too large or damaged is ignored.
    """
    try:
        latest = _FILE.validate_json(_read(folder / FILE))
    except (OSError, ValidationError):
        return ()
    return latest.troubles if abs(time.time() - latest.written_at) < STALE_SECONDS else ()


def _read(path: Path) -> bytes:
    """The file's bytes, if it is a small plain file. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(handle, "rb") as file:  # noqa: PTH123  # by its handle: a path could change meanwhile
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("not a file")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError("too large")
    return content


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

"""Processes that do not stay up: the supervisor writes them down, the back office reads them.

A file, because it still works where PostgreSQL and Redis are away, which is often the cause. It is
there only while a process is in trouble, and written anew each second. One that is older than
``STALE_SECONDS`` was left by a supervisor that is gone, and says nothing.

Only numbers are handed over, no output of a process, which may hold secrets; the sentences are
made by who reads.
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
"""Some hundred troubled processes; whatever is larger was not written by the supervisor."""
MINUTES_FROM = 100
"""From so many seconds on, a time is told in minutes."""

Moment = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
"""Seconds since 1970."""


class Trouble(BaseModel, frozen=True):
    """A process that ended again and again, each time soon after its start.

    Attributes:
        name: as in the Procfile.
        ends: how often in a row.
        exit_code: of the last end; negative is the number of a signal, None a failed start.
        lived: seconds that the last run took.
        next_try_at: when it is started again; None while it is being tried.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    ends: Annotated[int, Field(ge=1, le=1_000_000_000)]
    exit_code: Annotated[int, Field(ge=-255, le=255)] | None
    lived: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
    next_try_at: Moment | None

    def sentence(self, now: float | None = None) -> str:
        """What a person is told; ``now`` is in seconds since 1970."""
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
            return "It is being tried again."
        seconds = max(1, round(self.next_try_at - now))
        if seconds < MINUTES_FROM:
            return f"Next try in {seconds} s."
        return f"Next try in {round(seconds / 60)} min."


class _Told(BaseModel):
    """The file."""

    told_at: Moment
    troubles: Annotated[tuple[Trouble, ...], Field(max_length=100)]


_FILE = TypeAdapter(_Told)


def tell(folder: Path, troubles: Iterable[Trouble]) -> None:
    """Write down which processes are in trouble now; without any, there is no file.

    Raises:
        OSError: the file can't be written.
    """
    path = folder / FILE
    told = _Told(told_at=time.time(), troubles=tuple(troubles))
    if not told.troubles:
        path.unlink(missing_ok=True)
        return
    half_made = path.with_suffix(".new")
    half_made.write_bytes(_FILE.dump_json(told))
    half_made.replace(path)


def troubles(folder: Path) -> tuple[Trouble, ...]:
    """The processes in trouble now; none where no supervisor says so.

    Never raises: a file that is missing, old, too large or damaged says nothing.
    """
    try:
        told = _FILE.validate_json(_read(folder / FILE))
    except (OSError, ValidationError):
        return ()
    return told.troubles if abs(time.time() - told.told_at) < STALE_SECONDS else ()


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

"""Keeps one process running: start, write down what it prints, start again."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from typing import IO, TYPE_CHECKING, Literal

import structlog

from supervisor.family import end_family, mark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 300.0
"""Seconds before a process is started again; doubling with each quick end in a row."""
STABLE_SECONDS = 30.0
"""A process that lives so long runs well. One that can't start may take 10 s to notice."""
LEFTOVER_GRACE = 5.0
LOG_BYTES, OLD_LOGS = 10_000_000, 3

State = Literal["running", "pausing", "stopped"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    name: str
    state: State
    pid: int | None
    restarts: int
    last_exit: int | None
    """Exit code of the last run; negative is the number of the signal that ended it, None is a
    run that is not over or could not be started."""
    quick_ends: int
    """How often in a row it ended soon after its start; 0 once it runs well."""
    lived: float
    """Seconds that the last run took."""
    next_try: float | None
    """Seconds until it is started again; None while it runs or is stopped."""


@dataclass
class Course:
    """What the keepers of one supervisor share."""

    root: Path
    environment: Mapping[str, str]
    changed: threading.Condition = field(default_factory=threading.Condition)
    """Held while a process is started or ``stopping`` changes, so that none slips through."""
    stopping: bool = False

    @property
    def run(self) -> Path:
        return self.root / "var" / "run"

    @property
    def logs(self) -> Path:
        return self.root / "var" / "log"


class Keeper(threading.Thread):
    def __init__(self, name: str, command: str, course: Course) -> None:
        super().__init__(name=f"keeper of {name}", daemon=True)
        self.process_name = name
        self._command = command
        self._course = course
        self._state: State = "stopped"
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0
        self._started_at = 0.0
        self._next_try_at = 0.0
        self._last_exit: int | None = None
        self._lived = 0.0
        self._quick_ends = 0

    @property
    def log_file(self) -> Path:
        return self._course.logs / f"{self.process_name}.log"

    def status(self) -> ProcessStatus:
        with self._course.changed:
            now = time.monotonic()
            runs_well = self._process is not None and now - self._started_at >= STABLE_SECONDS
            return ProcessStatus(
                name=self.process_name,
                state=self._state,
                pid=self._process.pid if self._process else None,
                restarts=max(0, self._starts - 1),
                last_exit=self._last_exit,
                quick_ends=0 if runs_well else self._quick_ends,
                lived=self._lived,
                next_try=max(0.0, self._next_try_at - now) if self._state == "pausing" else None,
            )

    def run(self) -> None:
        while self._starts_once():
            self._lives()
            if not self._pause(pause_after(self._quick_ends)):
                break
        self._enter("stopped")

    def _starts_once(self) -> bool:
        """Start the process; False when all are to stop."""
        course = self._course
        with course.changed:
            if course.stopping:
                return False
            self._starts += 1
            self._started_at = time.monotonic()
            try:
                self._process = self._start()
                self._pid_file.write_text(f"{self._process.pid}\n")
            except OSError:  # no memory for a process, no space for the file: it may pass
                log.exception("process_start_failed", supervised=self.process_name)
            self._enter("running")
        return True

    def _start(self) -> subprocess.Popen[bytes]:
        course = self._course
        return subprocess.Popen(
            # exec: the shell expands $PORT and is gone, so that signals reach the program.
            ["/bin/sh", "-c", f"exec {self._command}"],
            cwd=course.root,
            env={
                "PYTHONUNBUFFERED": "1",
                **course.environment,
                "RUN_DIR": f"{course.run}",  # TroubleReporter writes there
                **mark(course.run, self.process_name),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _lives(self) -> None:
        """Wait for the end of the process and of all that it leaves."""
        process = self._process
        if process is None or process.stdout is None:
            self._has_ended(None)
            return
        writer = threading.Thread(target=_write_down, args=(process.stdout, self.log_file))
        writer.daemon = True
        writer.start()
        exit_code = process.wait()
        self._pid_file.unlink(missing_ok=True)
        self._has_ended(exit_code)
        if not self._course.stopping:
            log.warning(
                "process_ended",
                supervised=self.process_name,
                exit_code=exit_code,
                seconds=round(self._lived, 1),
            )
            end_family(self._course.run, self.process_name, grace=LEFTOVER_GRACE)
        writer.join(LEFTOVER_GRACE)

    def _has_ended(self, exit_code: int | None) -> None:
        with self._course.changed:
            self._process, self._last_exit = None, exit_code
            self._lived = time.monotonic() - self._started_at
            self._quick_ends = 0 if self._lived >= STABLE_SECONDS else self._quick_ends + 1

    def _pause(self, seconds: float) -> bool:
        """Wait before the next start; False when all are to stop."""
        with self._course.changed:
            self._next_try_at = time.monotonic() + seconds
            self._enter("pausing")
            return not self._course.changed.wait_for(lambda: self._course.stopping, seconds)

    def _enter(self, state: State) -> None:
        with self._course.changed:
            self._state = state
            self._course.changed.notify_all()

    @property
    def _pid_file(self) -> Path:
        return self._course.run / f"{self.process_name}.pid"


def pause_after(quick_ends: int) -> float:
    """Seconds before the next start, after so many quick ends in a row."""
    doubled = min(max(0, quick_ends - 1), 30)  # a float ends at 2 ** 1024, which takes four days
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2**doubled))


def _write_down(output: IO[bytes], path: Path) -> None:
    """Append what comes to the log, line by line; the log's size is bounded."""
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=OLD_LOGS, encoding="utf-8")
    with output:
        for line in output:
            text = line.decode(errors="replace").rstrip("\n")
            handler.handle(logging.makeLogRecord({"msg": text}))
    handler.close()

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

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
STABLE_SECONDS = 10.0
"""A process that lived so long did not crash at its start."""
MOST_CRASHES = 10
"""After so many crashes at the start in a row, a process is given up."""
LEFTOVER_GRACE = 5.0
LOG_BYTES, OLD_LOGS = 10_000_000, 3

State = Literal["running", "pausing", "given up", "stopped"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    name: str
    state: State
    pid: int | None
    restarts: int
    last_exit: int | None
    """Exit code of the last run; negative is the number of the signal that ended it."""


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
        self._last_exit: int | None = None

    @property
    def log_file(self) -> Path:
        return self._course.logs / f"{self.process_name}.log"

    def status(self) -> ProcessStatus:
        with self._course.changed:
            pid = self._process.pid if self._process else None
            restarts = max(0, self._starts - 1)
            return ProcessStatus(self.process_name, self._state, pid, restarts, self._last_exit)

    def run(self) -> None:
        crashes = 0
        while self._starts_once():
            crashes = 0 if self._lives() >= STABLE_SECONDS else crashes + 1
            if crashes == MOST_CRASHES:
                self._enter("given up")
                return
            if not self._pause(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** max(0, crashes - 1))):
                break
        self._enter("stopped")

    def _starts_once(self) -> bool:
        """Start the process; False when all are to stop."""
        course = self._course
        with course.changed:
            if course.stopping:
                return False
            self._starts += 1
            try:
                self._process = self._start()
                self._pid_file.write_text(f"{self._process.pid}\n")
            except OSError:  # no memory for a process, no space for the file: it may pass
                log.exception("process_start_failed", process=self.process_name)
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
                **mark(course.run, self.process_name),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _lives(self) -> float:
        """Wait for the end of the process and of all that it leaves; gives the seconds it lived."""
        process = self._process
        if process is None or process.stdout is None:
            return 0.0
        started = time.monotonic()
        writer = threading.Thread(target=_write_down, args=(process.stdout, self.log_file))
        writer.daemon = True
        writer.start()
        exit_code = process.wait()
        lived = time.monotonic() - started
        self._pid_file.unlink(missing_ok=True)
        with self._course.changed:
            self._process, self._last_exit = None, exit_code
        if not self._course.stopping:
            log.warning(
                "process_ended",
                process=self.process_name,
                exit_code=exit_code,
                seconds=round(lived, 1),
            )
            end_family(self._course.run, self.process_name, grace=LEFTOVER_GRACE)
        writer.join(LEFTOVER_GRACE)
        return lived

    def _pause(self, seconds: float) -> bool:
        """Wait before the next start; False when all are to stop."""
        self._enter("pausing")
        with self._course.changed:
            return not self._course.changed.wait_for(lambda: self._course.stopping, seconds)

    def _enter(self, state: State) -> None:
        with self._course.changed:
            self._state = state
            self._course.changed.notify_all()

    @property
    def _pid_file(self) -> Path:
        return self._course.run / f"{self.process_name}.pid"


def _write_down(output: IO[bytes], path: Path) -> None:
    """Append what comes to the log, line by line; the log's size is bounded."""
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=OLD_LOGS, encoding="utf-8")
    with output:
        for line in output:
            text = line.decode(errors="replace").rstrip("\n")
            handler.handle(logging.makeLogRecord({"msg": text}))
    handler.close()

"""Keeps one process running: starts it, logs its output, restarts it."""

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
"""Seconds before a process is restarted; doubles with each quick end in a row."""
STABLE_SECONDS = 30.0
"""A process that lives this long is stable. One that can't start may take 10 s to notice."""
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
    """Exit code of the last run; minus the signal number if a signal ended it, None if it is still
    running or could not start."""
    quick_ends: int
    """How often in a row it ended soon after its start; 0 once it is stable."""
    lived: float
    """Seconds that the last run lasted."""
    next_try: float | None
    """Seconds until it is restarted; None while it runs or is stopped."""


@dataclass
class SharedState:
    """What the keepers of one supervisor share."""

    root: Path
    environment: Mapping[str, str]
    changed: threading.Condition = field(default_factory=threading.Condition)
    """Held while a process starts or ``stopping`` changes, so that none starts during a stop."""
    stopping: bool = False

    @property
    def run(self) -> Path:
        return self.root / "var" / "run"

    @property
    def logs(self) -> Path:
        return self.root / "var" / "log"


class Keeper(threading.Thread):
    def __init__(self, name: str, command: str, shared: SharedState) -> None:
        super().__init__(name=f"keeper of {name}", daemon=True)
        self.process_name = name
        self._command = command
        self._shared = shared
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
        return self._shared.logs / f"{self.process_name}.log"

    def status(self) -> ProcessStatus:
        with self._shared.changed:
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
        while self._start_once():
            self._wait_for_end()
            if not self._pause(pause_after(self._quick_ends)):
                break
        self._set_state("stopped")

    def _start_once(self) -> bool:
        """Start the process; False if the supervisor is stopping."""
        shared = self._shared
        with shared.changed:
            if shared.stopping:
                return False
            self._starts += 1
            self._started_at = time.monotonic()
            try:
                self._process = self._start()
                self._pid_file.write_text(f"{self._process.pid}\n")
            except OSError:  # out of memory or disk space: may work later
                log.exception("process_start_failed", supervised=self.process_name)
            self._set_state("running")
        return True

    def _start(self) -> subprocess.Popen[bytes]:
        shared = self._shared
        return subprocess.Popen(
            # exec: the shell expands $PORT and is gone, so that signals reach the program.
            ["/bin/sh", "-c", f"exec {self._command}"],
            cwd=shared.root,
            env={
                "PYTHONUNBUFFERED": "1",
                **shared.environment,
                "RUN_DIR": f"{shared.run}",  # TroubleReporter writes there
                **mark(shared.run, self.process_name),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _wait_for_end(self) -> None:
        """Wait until the process ends, then end its children."""
        process = self._process
        if process is None or process.stdout is None:
            self._ended(None)
            return
        writer = threading.Thread(target=_append_output, args=(process.stdout, self.log_file))
        writer.daemon = True
        writer.start()
        exit_code = process.wait()
        self._pid_file.unlink(missing_ok=True)
        self._ended(exit_code)
        if not self._shared.stopping:
            log.warning(
                "process_ended",
                supervised=self.process_name,
                exit_code=exit_code,
                seconds=round(self._lived, 1),
            )
            end_family(self._shared.run, self.process_name, grace=LEFTOVER_GRACE)
        writer.join(LEFTOVER_GRACE)

    def _ended(self, exit_code: int | None) -> None:
        with self._shared.changed:
            self._process, self._last_exit = None, exit_code
            self._lived = time.monotonic() - self._started_at
            self._quick_ends = 0 if self._lived >= STABLE_SECONDS else self._quick_ends + 1

    def _pause(self, seconds: float) -> bool:
        """Wait before the next start; False if the supervisor is stopping."""
        with self._shared.changed:
            self._next_try_at = time.monotonic() + seconds
            self._set_state("pausing")
            return not self._shared.changed.wait_for(lambda: self._shared.stopping, seconds)

    def _set_state(self, state: State) -> None:
        with self._shared.changed:
            self._state = state
            self._shared.changed.notify_all()

    @property
    def _pid_file(self) -> Path:
        return self._shared.run / f"{self.process_name}.pid"


def pause_after(quick_ends: int) -> float:
    """Seconds before the next start, after this many quick ends in a row."""
    doubled = min(max(0, quick_ends - 1), 30)  # a float overflows at 2 ** 1024, after four days
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2**doubled))


def _append_output(output: IO[bytes], path: Path) -> None:
    """Append output to the log, line by line; the log's size is limited."""
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=OLD_LOGS, encoding="utf-8")
    with output:
        for line in output:
            text = line.decode(errors="replace").rstrip("\n")
            handler.handle(logging.makeLogRecord({"msg": text}))
    handler.close()

"""The supervisor of one clone's processes."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Self, TextIO

import psutil
import structlog

from core.errors import ConfigurationError
from supervisor import family
from supervisor.family import GRACE_SECONDS, LAST_SECONDS, end_family
from supervisor.keeper import Keeper, ProcessStatus, SharedState
from supervisor.procfile import read_procfile
from supervisor.trouble_reporter import TroubleReporter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

log = structlog.get_logger(__name__)


class Supervisor:
    """Starts a Procfile's processes and keeps them running; a context manager that stops them.

    A command is one program with its arguments, expanded by the shell (``$PORT``). Each process
    has its own session; its output goes to ``var/log/<name>.log`` (10 MB, and three older files),
    its pid to ``var/run/<name>.pid``. A process that ends is restarted, after pauses that grow
    while it does not stay up.

    Args:
        procfile: the file to run.
        root: working directory of the processes; ``var`` in it takes logs and pids.
        environment: their whole environment.
        only: names to run; all when None.
        say: called with a sentence for a person when a process does not stay up, or runs again;
            from its own thread. The back office gets the same through ``core.supervision``.

    Raises:
        ConfigurationError: the Procfile can't be read, or lacks a name in ``only``.
    """

    def __init__(
        self,
        procfile: Path,
        *,
        root: Path,
        environment: Mapping[str, str],
        only: Iterable[str] | None = None,
        say: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        commands = read_procfile(procfile)
        names = list(commands if only is None else only)
        if unknown := set(names) - set(commands):
            raise ConfigurationError(f"{procfile.name} has no process named {min(unknown)!r}.")
        self._shared = SharedState(root.resolve(), environment)
        self._keepers = [Keeper(name, commands[name], self._shared) for name in names]
        self._reporter = TroubleReporter(self._shared, self.status, say)
        self._lock: TextIO | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start all processes; call it once. It returns immediately.

        Raises:
            ConfigurationError: another supervisor runs this clone's processes.
        """
        run = self._shared.run
        run.mkdir(parents=True, exist_ok=True)
        self._shared.logs.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(run / "supervisor.lock")
        end_family(run)  # left by a supervisor that was killed together with its guard
        self._guard = subprocess.Popen(
            [sys.executable, family.__file__, run],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is not meant for it
            pass_fds=[self._lock.fileno()],  # the next supervisor waits until it is done
        )
        for keeper in self._keepers:
            keeper.start()
        self._reporter.start()

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Ask all processes to end, and kill them after ``grace`` seconds."""
        if self._guard is None or self._lock is None:
            return
        with self._shared.changed:
            self._shared.stopping = True
            self._shared.changed.notify_all()
        deadline = time.monotonic() + grace
        alive = self._keepers
        while alive and time.monotonic() < deadline + LAST_SECONDS:
            end_family(self._shared.run, grace=max(0.0, deadline - time.monotonic()))
            for keeper in alive:
                keeper.join(family.POLL_SECONDS)
            alive = [keeper for keeper in alive if keeper.is_alive()]
        for keeper in alive:
            log.error("process_did_not_end", supervised=keeper.process_name)
        self._reporter.join(LAST_SECONDS)
        self._guard.communicate()  # closes its stdin: it finds nothing left and ends
        self._lock.close()
        self._guard = self._lock = None

    def status(self) -> list[ProcessStatus]:
        return [keeper.status() for keeper in self._keepers]

    def pids(self) -> dict[str, int]:
        """Pids of the running processes by name."""
        return {status.name: status.pid for status in self.status() if status.pid is not None}

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until another thread calls ``stop``; False when ``timeout`` seconds pass first."""
        shared = self._shared
        with shared.changed:
            return shared.changed.wait_for(lambda: shared.stopping, timeout)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _lock(path: Path) -> TextIO:
    """Take the supervisor's lock; waits while the guard of a killed supervisor holds it."""
    handle = path.open("a+")
    deadline = time.monotonic() + 2 * GRACE_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = int(handle.read() or 0)
            if (holder and _lives(holder)) or time.monotonic() > deadline:
                handle.close()
                raise ConfigurationError(
                    f"The processes are already running under process {holder}: stop it first."
                ) from None
            time.sleep(family.POLL_SECONDS)
        else:
            handle.truncate(0)
            handle.write(str(os.getpid()))
            handle.flush()
            return handle


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

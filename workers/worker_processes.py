"""Which worker process holds a lease, and which of this host's workers are dead."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from core.db import database, transaction
from pipelines import ledger


def _namespace() -> str:
    """Processes are only comparable within one process-id namespace of one host."""
    try:
        return f"{socket.gethostname()}:{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return socket.gethostname()


def _started(pid: int) -> str:
    """When the process started, in clock ticks: distinguishes a reused process id from the old one.

    Empty for a process that is gone or a zombie.
    """
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return ""
    return "" if state in {"Z", "X"} else fields[18]


def of_this_process() -> str:
    return f"{_namespace()}:{os.getpid()}:{_started(os.getpid())}"


def is_dead(worker: str) -> bool:
    """Whether ``worker`` was a process on this host that is certainly gone."""
    place, _, rest = worker.rpartition(":")
    place, _, pid = place.rpartition(":")
    if place != _namespace() or not pid.isdigit() or not Path("/proc/self/stat").exists():
        return False
    return _started(int(pid)) != rest


def recover(queues: list[str]) -> None:
    """At a worker's start: free at once the jobs of this host's dead workers.

    Without this, a killed worker's jobs would wait until their leases expire, and the wake-ups that
    it took from the queue until they are sent again.
    """
    with transaction():
        cursor = database.execute_sql("SELECT DISTINCT worker FROM job WHERE state = 'running'")
        dead = [worker for (worker,) in cursor.fetchall() if is_dead(worker)]
        if dead:
            ledger.free_leases("worker = ANY(%s)", (dead,))
        ledger.forget_wakeups(queues)

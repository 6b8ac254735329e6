"""Whether a process can work: PostgreSQL, the broker, the media folder's disk.

The answer comes within two seconds whatever hangs: each part is looked at in a thread of its own.
A part whose last look still hangs gets no second one, so there are never more than three threads.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLateError
from contextlib import closing
from pathlib import Path

import psycopg2
import structlog

from core import db, queue
from core.files.storage import LEAST_FREE_BYTES

log = structlog.get_logger(__name__)

ANSWER_WITHIN = 1.5
"""Seconds that a part has to answer."""
OK = "ok"


class Readiness:
    """Looks at all parts at once.

    Args:
        media_dir: the folder whose disk is looked at.
    """

    def __init__(self, media_dir: Path) -> None:
        self._parts = {
            "database": _Look("PostgreSQL", _database),
            "broker": _Look("The message broker", _broker),
            "disk": _Look("The disk of MEDIA_DIR", lambda: _disk(media_dir)),
        }

    def look(self) -> dict[str, str]:
        """The state of each part: "ok", or a sentence without any address."""
        deadline = time.monotonic() + ANSWER_WITHIN
        begun = {name: part.begin() for name, part in self._parts.items()}
        return {
            name: self._parts[name].result(look, deadline - time.monotonic())
            for name, look in begun.items()
        }


class _Look:
    def __init__(self, name: str, look: Callable[[], str]) -> None:
        self._name = name
        self._look = look
        self._lock = threading.Lock()
        self._current: Future[str] | None = None

    def begin(self) -> Future[str]:
        """A new look, or the one under way."""
        with self._lock:
            if self._current is None or self._current.done():
                self._current = Future()
                threading.Thread(
                    target=self._run, args=(self._current,), name="readiness", daemon=True
                ).start()
            return self._current

    def result(self, current: Future[str], seconds: float) -> str:
        try:
            return current.result(timeout=max(0.0, seconds))
        except TooLateError:
            return f"{self._name} has not answered for {ANSWER_WITHIN:g} seconds."

    def _run(self, current: Future[str]) -> None:
        try:
            state = self._look()
        except Exception as error:  # noqa: BLE001  # whatever it is, the part can't be used
            log.warning("not_ready", what=self._name, error=str(error).strip())
            state = f"{self._name} can't be reached; the log says why."
        current.set_result(state)


def _database() -> str:
    """On a connection of its own: the pool's may all be in use, or dead."""
    settled = {**db.database.connect_params, "connect_timeout": 2, "tcp_user_timeout": 2000}
    connection = psycopg2.connect(dbname=db.database.database, **settled)
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def _broker() -> str:
    queue.ping(ANSWER_WITHIN)
    return OK


def _disk(folder: Path) -> str:
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return "The media folder is missing or read-only."
    if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
        return "The disk is nearly full: free at least 200 MB."
    return OK

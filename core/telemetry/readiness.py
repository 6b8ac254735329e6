"""Whether a process can work: PostgreSQL, the broker, the media folder's disk.

The answer comes within two seconds whatever hangs: each part is looked at in a thread of its own.
A part whose last look still hangs gets no second one, so there are never more than three threads.
"""

from __future__ import annotations

import os
import shutil
import time
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import structlog

from core import db, queue
from core.files.storage import LEAST_FREE_BYTES
from core.telemetry.bounded import Bounded, TooLateError

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
            "database": ("PostgreSQL", Bounded(_database)),
            "broker": ("The message broker", Bounded(_broker)),
            "disk": ("The disk of MEDIA_DIR", Bounded(lambda: _disk(media_dir))),
        }

    def look(self) -> dict[str, str]:
        """The state of each part: "ok", or a sentence without any address."""
        deadline = time.monotonic() + ANSWER_WITHIN
        begun = [(part, name, look.begin()) for part, (name, look) in self._parts.items()]
        return {part: _state(name, answer, deadline) for part, name, answer in begun}


def _state(name: str, answer: Future[str], deadline: float) -> str:
    try:
        return answer.result(timeout=max(0.0, deadline - time.monotonic()))
    except TooLateError:
        return f"{name} has not answered for {ANSWER_WITHIN:g} seconds."
    except Exception as error:  # noqa: BLE001  # whatever it is, the part can't be used
        log.warning("not_ready", what=name, error=str(error).strip())
        return f"{name} can't be reached; the log says why."


def _database() -> str:
    """On a connection of its own: the pool's may all be in use, or dead."""
    connection = db.connect_beside(connect_timeout=2, tcp_user_timeout=2000)
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

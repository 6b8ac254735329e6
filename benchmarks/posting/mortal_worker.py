"""A worker process that does one post's jobs and kills itself with kill -9 at a chosen moment.

The moments are found from outside the tested code: one at the start, and one after each effect
outside the process. Effects are SQL statements (including commits), each block of a request, the
arrival of its answer, and commands to Redis (limits taken, wake-ups sent). Between two neighbouring
moments nothing happens that is visible to others.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2.extensions
import redis
import requests

from benchmarks.posting.posting import Surroundings, make_due, try_once, waiting
from core import db, log
from core.errors import Wait
from models import Post

PAUSE_SECONDS = 0.5
"""Longer than the platform's processing of a video, so that the second status query is the last."""
MOST_TRIES = 30
BLOCK_SENT = "block sent"


@dataclass(frozen=True, slots=True)
class Orders:
    """What a process does, and when it dies.

    Attributes:
        dies_at: number of the moment, from 1; None means never.
        report: file in which a surviving process writes its moments' names, in order, as JSON.
    """

    surroundings: Surroundings
    post_id: int
    dies_at: int | None = None
    report: Path | None = None


class KillSwitch:
    """Counts the moments, and kills the process at the chosen one."""

    def __init__(self, dies_at: int | None) -> None:
        self.moments: list[str] = []
        self._dies_at = dies_at
        self._looks_away = False

    def moment(self, name: str) -> None:
        if self._looks_away:
            return
        self.moments.append(name)
        if len(self.moments) == self._dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def after(self, function: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        """Wrap ``function`` with a moment after each call; ``name`` gets the same arguments."""

        @wraps(function)
        def watched(*args: Any, **more: Any) -> Any:
            answer = function(*args, **more)
            self.moment(name(*args, **more))
            return answer

        return watched

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Don't count what is not part of the work: moving the time, finding the next job."""
        self._looks_away = True
        yield
        self._looks_away = False


def live(orders: Orders) -> None:
    """Do the post's jobs until none is left; the process's main function."""
    log.configure("bench", "ERROR")
    orders.surroundings.enter()
    kill_switch = KillSwitch(orders.dies_at)
    watch(kill_switch)
    around = orders.surroundings.around()
    with db.session():
        kill_switch.moment("start")
        for _ in range(MOST_TRIES):
            with kill_switch.paused():
                job = waiting(Post(id=orders.post_id))
                if job is None:
                    break
                make_due(job)
            if isinstance(try_once(job, around), Wait):
                time.sleep(PAUSE_SECONDS)
    if orders.report is not None:
        orders.report.write_text(json.dumps(kill_switch.moments))


def watch(kill_switch: KillSwitch) -> None:
    """Add a moment after every effect of this process, permanently."""

    class Cursor(psycopg2.extensions.cursor):
        execute = kill_switch.after(psycopg2.extensions.cursor.execute, _statement)

    db.database.connect_params["cursor_factory"] = Cursor
    connection: Any = http.client.HTTPConnection
    connection.send = kill_switch.after(connection.send, lambda *_: BLOCK_SENT)
    session: Any = requests.Session
    session.send = kill_switch.after(session.send, _answer)
    client: Any = redis.Redis
    client.execute_command = kill_switch.after(
        client.execute_command, lambda *_, **__: "command to Redis"
    )


def _statement(_cursor: object, statement: object, *_: object) -> str:
    text = statement.decode() if isinstance(statement, bytes) else str(statement)
    return " ".join(text.replace('"', "").split()[:3])


def _answer(_session: object, request: requests.PreparedRequest, **_: object) -> str:
    return f"answer to {request.method} {urlsplit(str(request.url)).path}"

"""A connection for each message; while PostgreSQL is down, work pauses."""

from __future__ import annotations

import threading
from typing import Any

import structlog
from dramatiq import Broker, MessageProxy, Middleware, Worker
from dramatiq.middleware import SkipMessage

from core import db
from core.db import errors as db_errors

log = structlog.get_logger(__name__)


class DatabaseConnection(Middleware):
    """Opens the thread's connection before a message and returns it afterwards.

    While PostgreSQL is down the thread waits: no stage works without it, and a skipped wake-up
    would only have to be sent again.

    Parameters:
      longest_pause: most seconds between two tries to connect.
    """

    def __init__(self, *, longest_pause: float = 2.0) -> None:
        self.longest_pause = longest_pause
        self.stopping = threading.Event()

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        pause = 0.1
        while not self.stopping.is_set():
            try:
                db.database.connect(reuse_if_open=True)
                db.database.execute_sql("SELECT 1")  # a pooled one may have died meanwhile
            except db.Unavailable as error:
                db.discard()
                if not db_errors.holds_up(error):
                    # Anything but a MiddlewareError would be logged and the actor run.
                    log.exception("no_connection")
                    raise SkipMessage("a connection could not be opened") from error
                log.warning("database_away", error=str(error).strip(), retry_in=pause)
                self.stopping.wait(pause)
                pause = min(self.longest_pause, pause * 2)
            else:
                return
        raise SkipMessage("the worker stops while PostgreSQL is down")

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        db.release()

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        db.release()

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        self.stopping.set()

"""Reports processes that do not stay up: in a file for the back office, and by a callback."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from core import supervision
from core.supervision import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from supervisor.keeper import ProcessStatus, SharedState

WORTH_REPORTING = 3
"""Quick ends in a row; fewer are an ordinary restart."""
EVERY_SECONDS = 1.0

log = structlog.get_logger(__name__)


class TroubleReporter(threading.Thread):
    """Reports until the supervisor stops, then removes its file.

    Args:
        shared: what the keepers share.
        statuses: returns the state of the processes.
        say: called with a sentence for a person: at each further end, and once it is stable.
    """

    def __init__(
        self,
        shared: SharedState,
        statuses: Callable[[], Sequence[ProcessStatus]],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(name="trouble-reporter", daemon=True)
        self._shared, self._statuses, self._say = shared, statuses, say
        self._said_ends: dict[str, int] = {}
        """How many ends were reported, by process."""

    def run(self) -> None:
        while not self._shared.stopping:
            troubles = [trouble for status in self._statuses() if (trouble := trouble_of(status))]
            self._write(troubles)
            self._say_news(troubles)
            with self._shared.changed:
                if not self._shared.stopping:
                    self._shared.changed.wait(EVERY_SECONDS)
        self._write([])

    def _write(self, troubles: Sequence[Trouble]) -> None:
        try:
            supervision.report(self._shared.run, troubles)
        except OSError as error:  # a full disk: the terminal still shows it
            log.warning("troubles_not_written", error=error.strerror)

    def _say_news(self, troubles: Sequence[Trouble]) -> None:
        for trouble in troubles:
            waits = trouble.next_try_at is not None
            if waits and trouble.ends > self._said_ends.get(trouble.name, 0):
                self._said_ends[trouble.name] = trouble.ends
                self._say_safely(trouble.sentence())
        for name in self._said_ends.keys() - {trouble.name for trouble in troubles}:
            del self._said_ends[name]
            self._say_safely(f"The {name} process is running again.")

    def _say_safely(self, sentence: str) -> None:
        try:
            self._say(sentence)
        except OSError:  # the terminal is gone: the file is still written
            log.warning("trouble_not_said", sentence=sentence)


def trouble_of(status: ProcessStatus) -> Trouble | None:
    """The trouble of a process; None while it is fine."""
    if status.quick_ends < WORTH_REPORTING or status.state == "stopped":
        return None
    return Trouble(
        name=status.name,
        ends=status.quick_ends,
        exit_code=status.last_exit,
        lived=status.lived,
        next_try_at=None if status.next_try is None else time.time() + status.next_try,
    )

"""Says which processes do not stay up: in a file for the back office, and by a callback."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from core import supervision
from core.supervision import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from supervisor.keeper import Course, ProcessStatus

WORTH_TELLING = 3
"""Quick ends in a row; fewer are a restart that nobody needs to know of."""
EVERY_SECONDS = 1.0

log = structlog.get_logger(__name__)


class TroubleReporter(threading.Thread):
    """Tells until all processes are to stop; then it takes its file away.

    Args:
        course: what the keepers share.
        statuses: asks them how their processes are.
        say: takes a sentence for a person: at each further end, and once it runs well again.
    """

    def __init__(
        self,
        course: Course,
        statuses: Callable[[], Sequence[ProcessStatus]],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(name="trouble-reporter", daemon=True)
        self._course, self._statuses, self._say = course, statuses, say
        self._said: dict[str, int] = {}
        """How many ends were told of, by process."""

    def run(self) -> None:
        while not self._course.stopping:
            troubles = [trouble for status in self._statuses() if (trouble := trouble_of(status))]
            self._write(troubles)
            self._speak(troubles)
            with self._course.changed:
                if not self._course.stopping:
                    self._course.changed.wait(EVERY_SECONDS)
        self._write([])

    def _write(self, troubles: Sequence[Trouble]) -> None:
        try:
            supervision.tell(self._course.run, troubles)
        except OSError as error:  # a full disk: the terminal still says it
            log.warning("troubles_not_written", error=error.strerror)

    def _speak(self, troubles: Sequence[Trouble]) -> None:
        for trouble in troubles:
            waits = trouble.next_try_at is not None
            if waits and trouble.ends > self._said.get(trouble.name, 0):
                self._said[trouble.name] = trouble.ends
                self._utter(trouble.sentence())
        for name in self._said.keys() - {trouble.name for trouble in troubles}:
            del self._said[name]
            self._utter(f"The {name} process runs again.")

    def _utter(self, sentence: str) -> None:
        try:
            self._say(sentence)
        except OSError:  # the terminal is gone: the file goes on
            log.warning("trouble_not_said", sentence=sentence)


def trouble_of(status: ProcessStatus) -> Trouble | None:
    """What there is to tell of a process; None while it is well."""
    if status.quick_ends < WORTH_TELLING or status.state == "stopped":
        return None
    return Trouble(
        name=status.name,
        ends=status.quick_ends,
        exit_code=status.last_exit,
        lived=status.lived,
        next_try_at=None if status.next_try is None else time.time() + status.next_try,
    )

"""A question that may hang, asked in a thread of its own: whoever asks waits a bounded time.

While one thread still hangs no second one is started: the next who asks waits for the same answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLateError
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

__all__ = ["Bounded", "TooLateError"]


class Bounded(Generic[Answer]):
    """One question.

    Args:
        question: may hang, and may raise.
    """

    def __init__(self, question: Callable[[], Answer]) -> None:
        self._question = question
        self._lock = threading.Lock()
        self._asked: Future[Answer] | None = None

    def begin(self) -> Future[Answer]:
        """The answer to come; its ``result(timeout)`` raises TooLateError, or what was raised."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                threading.Thread(
                    target=self._ask, args=(self._asked,), name="bounded", daemon=True
                ).start()
            return self._asked

    def ask(self, seconds: float) -> Answer:
        """The answer, if it comes within ``seconds``; otherwise raises TooLateError."""
        return self.begin().result(timeout=max(0.0, seconds))

    def _ask(self, asked: Future[Answer]) -> None:
        try:
            asked.set_result(self._question())
        except BaseException as error:  # noqa: BLE001  # whoever asked raises it again
            asked.set_exception(error)

"""Waiting for what happens in other processes and threads.

The limits are far above what a quick machine needs, so that a busy one does not fail a test.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 120.0
"""Seconds after which a wait fails."""
PAUSE = 0.05
"""Seconds between two looks."""

Answer = TypeVar("Answer")


def until(happened: Callable[[], Answer], what: str = "it", *, seconds: float = PATIENCE) -> Answer:
    """The first true answer; fails if none came within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (answer := happened()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(PAUSE)
    return answer

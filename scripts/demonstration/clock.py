"""Seconds since ``scripts/demo`` started, including the installation of its packages."""

from __future__ import annotations

import os
import time

BEGAN = "DEMO_BEGAN"
"""When the shell script started, in seconds since 1970; ``scripts/demo`` sets it."""
LONGEST_SET_UP = 3600.0


class Clock:
    def __init__(self) -> None:
        self._began = time.monotonic() - _already()

    def seconds(self) -> float:
        return time.monotonic() - self._began


def _already() -> float:
    """How long the shell script ran before this process; 0 if not known."""
    try:
        spent = time.time() - float(os.environ[BEGAN].replace(",", "."))  # some locales use a comma
    except (KeyError, ValueError):
        return 0.0
    return spent if 0 < spent < LONGEST_SET_UP else 0.0

"""Sliding windows: how many calls a token made in the last seconds.

Only in memory: a restart forgets the last minute's calls, which only matters for load tests.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque


class Windows:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def take(self, key: tuple[str, str], limit: int, now: float, seconds: float = 60.0) -> bool:
        """Count one call and return True; above the limit return False and count nothing."""
        with self._lock:
            calls = self._calls[key]
            while calls and calls[0] <= now - seconds:
                calls.popleft()
            if len(calls) >= limit:
                return False
            calls.append(now)
            return True

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
